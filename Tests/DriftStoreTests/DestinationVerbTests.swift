import Postgres
import TestSupport
import Testing

/// Which alerts go to which destination, and what people do with destinations.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct DestinationVerbTests {
    private static func undoing(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws
    {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                "set local search_path = driftwatch; set local timezone = 'UTC'; \(steps)")
            try body(transaction)
        }
    }

    private static let fresh = """
        delete from outbox;
        update alerts set status = 'resolved', resolved_at = clock(), resolution = 'manual' where status <> 'resolved';
        alter table alerts alter alert_id restart 6;
        update servers set labels = '{"team": "web", "site": "north"}' where server_id = 'web-1';
        """

    private static func pager(_ change: String) -> String {
        "update destinations set \(change) where destination = 'pager';"
    }

    private static func open(_ server: String = "web-1", _ pack: String = "base") -> String {
        "select open_alert('\(server)', '\(pack)', 2, 1, '[]');"
    }

    /// What happens, and the messages: the event of the alert, and where it goes.
    private static let routes: [(String, [String])] = [
        (open(), ["1 default", "1 pager"]),
        (pager("packs = '{base}'") + open(), ["1 default", "1 pager"]),
        (pager("packs = '{more,base}'") + open(), ["1 default", "1 pager"]),
        (pager("packs = '{more}'") + open(), ["1 default"]),
        (pager(#"labels = '{"team": "web"}'"#) + open(), ["1 default", "1 pager"]),
        (pager(#"labels = '{"team": "web", "site": "north"}'"#) + open(), ["1 default", "1 pager"]),
        (pager(#"labels = '{"team": "web", "site": "south"}'"#) + open(), ["1 default"]),
        (pager(#"labels = '{"team": "web"}'"#) + open("web-2"), ["1 default"]),
        (pager("severities = '{warning}'") + open(), ["1 default", "1 pager"]),
        (pager("severities = '{critical}'") + open(), ["1 default"]),
        (pager(#"packs = '{base}', labels = '{"team": "db"}'"#) + open(), ["1 default"]),
        // Where its opening went, there goes what follows.
        (
            open() + pager("packs = '{more}'") + "select update_alert(6, 2, 2, '[]'), close_alert(6, 'manual', 'x');",
            ["1 default", "1 pager", "2 default", "2 pager", "3 default", "3 pager"]
        ),
        // Who takes it only now hears of what is new, and not of an end without a beginning.
        (
            pager("packs = '{more}'") + open() + pager("packs = '{}'") + "select update_alert(6, 2, 2, '[]');",
            ["1 default", "2 default", "2 pager"]
        ),
        (
            pager("packs = '{more}'") + open() + pager("packs = '{}'") + "select close_alert(6, 'manual', 'x');",
            ["1 default", "2 default"]
        ),
    ]

    @Test(arguments: routes)
    func anAlertGoesWhereItIsTaken(happening: String, messages: [String]) async throws {
        try await Self.undoing(Self.fresh + happening) { transaction in
            let found = try transaction.rows(
                "select seq || ' ' || destination from outbox order by outbox_id", as: String.self)
            #expect(found == messages)
        }
    }

    /// It belongs to all packs of its server.
    @Test(arguments: [("{}", true), ("{base}", true), ("{other,more}", true), ("{other}", false)])
    func anAlertWithoutAPackGoesByThePacksOfItsServer(packs: String, isTaken: Bool) async throws {
        let given = """
            update alerts set pack_name = null, alert_type = 'check_failing' where alert_id = 2;
            delete from outbox;
            insert into assignments (server_id, pack_name, assigned_at) values ('web-2', 'other', clock());
            """
        try await Self.undoing(
            "insert into packs (pack_name, display_name, digest, updated_at) values ('other', 'x', 'd', clock());"
                + given
                + Self.pager("packs = '\(packs)'")
        ) { transaction in
            let found = try transaction.one(
                "select takes_alert(d, 2) from destinations d where d.destination = 'pager'", as: Bool.self)
            #expect(found == isTaken)
        }
    }

    private static let leased = """
        update destinations set lease_token = gen_random_uuid(), notifier_id = 'n', lease_expires_at = clock() + interval '9 s';
        """
    private static func list(_ what: String) -> String { "driftwatch \(what) shows them all" }
    private static let deadPager =
        "redrive_outbox((select min(outbox_id) from outbox where alert_id = 2 and destination = 'pager'))"

    /// What happened, the call, and the words: null where it is done.
    private static let requests: [(String, String, String?, String?)] = [
        ("", "add_destination('a', 'console', '{}')", nil, nil),
        (
            "",
            #"add_destination('a.b_c-1', 'slack', '{"url_file": "/x"}', '{base,more}', '{"team": "web"}', '{warning}')"#,
            nil, nil
        ),
        (
            "", "add_destination('A', 'console', '{}')", "'A' is not a name for a destination",
            "use up to 63 small letters, digits, dots, dashes and underscores"
        ),
        (
            "", "add_destination(repeat('a', 64), 'console', '{}')",
            "'\(String(repeating: "a", count: 64))' is not a name for a destination",
            "use up to 63 small letters, digits, dots, dashes and underscores"
        ),
        (
            "", "add_destination('default', 'console', '{}')",
            "default is the destination of the notifier's own settings", "choose another name"
        ),
        (
            "", "add_destination('a', 'fax', '{}')", "there is no kind of destination 'fax'",
            "the kinds are slack, webhook, email and console"
        ),
        (
            "", "add_destination('a', 'console', '{}', '{base,nosuch}')", "there is no pack nosuch",
            "driftwatch status shows the assigned packs"
        ),
        (
            "", "add_destination('a', 'console', '{}', '{}', '{}', '{warning,critical}')",
            "there is no severity 'critical'", "the severities are: warning"
        ),
        (
            "", "add_destination('pager', 'console', '{}')", "there is a destination pager already",
            "driftwatch destination remove pager removes it"
        ),
        ("", "pause_destination('pager', 'they move')", nil, nil),
        (
            "", "pause_destination('pager', ' ')", "a pause needs a reason",
            "give a reason, for the next person who wonders"
        ),
        (
            "", "pause_destination('pager', null)", "a pause needs a reason",
            "give a reason, for the next person who wonders"
        ),
        ("", "pause_destination('sms', 'x')", "there is no destination sms", list("destination list")),
        ("", "remove_destination('sms')", "there is no destination sms", list("destination list")),
        (
            "", "remove_destination('pager')", "4 messages to pager have not been sent",
            "driftwatch destination remove pager --yes gives up what is unsent"
        ),
        (
            "delete from outbox where alert_id > 2;", "remove_destination('pager')",
            "1 message to pager has not been sent",
            "driftwatch destination remove pager --yes gives up what is unsent"
        ),
        (
            "select claim_outbox('pager', 'n', null, '9 s'); update outbox set state = 'dead' where state = 'pending';",
            "remove_destination('pager')", "1 message to pager has not been sent",
            "driftwatch destination remove pager --yes gives up what is unsent"
        ),
        ("", "remove_destination('pager', true)", nil, nil),
        ("update outbox set state = 'dead' where state = 'pending';", "remove_destination('pager')", nil, nil),
        ("", "remove_destination('default', true)", nil, nil),
        (leased, "remove_destination('pager', true)", nil, nil),
        (
            leased, "remove_destination('default', true)", "n sends to default",
            "take the settings of default away from it (DRIFTWATCH_NOTIFY, DRIFTWATCH_SLACK_…) and restart it"
        ),
        (
            leased + "update destinations set lease_expires_at = clock();", "remove_destination('default', true)", nil,
            nil
        ),
        (
            "select remove_destination('pager', true);", deadPager,
            "the destination of message *, pager, was removed", nil
        ),
        // Said of what is dead; what is sent is no dead message.
        (
            "update outbox set state = 'sent', sent_at = clock(); select remove_destination('pager', true);", deadPager,
            "there is no dead message *", list("outbox list --dead")
        ),
    ]

    @Test(arguments: requests)
    func whatCannotBeDoneIsRefusedWithItsReason(given: String, call: String, refusal: String?, hint: String?)
        async throws
    {
        try await Self.undoing(given) { transaction in
            do {
                try transaction.executeScript("select \(call)")
                #expect(refusal == nil)
            } catch let error as DatabaseError {
                #expect(error.sqlState == "DW001", "\(error)")
                let message = (error.serverMessage ?? "").replacing(/message \d+/, with: "message *")
                #expect(message == refusal)
                #expect(error.serverHint == hint)
            }
        }
    }

    @Test
    func whatIsAddedIsThereAsItWasGiven() async throws {
        let add = """
            select add_destination('a', 'slack', '{"url_file": "/x"}', '{base}', '{"team": "web"}', '{warning}', session_user);
            """
        try await Self.undoing(add) { transaction in
            let found = try transaction.rows(
                """
                select concat_ws(' ', kind, settings, packs, labels, severities, next_send_at = clock())
                from all_destinations where destination = 'a'
                """, as: String.self)
            #expect(found == [#"slack {"url_file": "/x"} {base} {"team": "web"} {warning} t"#])
            let known = try transaction.rows(
                "select concat_ws(' ', destination, kind, settings) from destinations_to_serve()", as: String.self)
            #expect(known == [#"a slack {"url_file": "/x"}"#, "default slack {}", "pager slack {}"])
            let audit = try transaction.one(
                "select detail ->> 'kind' from audit_trail where action = 'add_destination'", as: String.self)
            #expect(audit == "slack")
        }
    }

    /// Nothing that could be a secret.
    @Test
    func onlyKnownSettingsAreStored() async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await Self.undoing(
                #"select add_destination('a', 'slack', '{"url_file": "/x", "url": "https://x/secret"}')"#
            ) { _ in }
        }
        #expect(error?.description.contains("only_known_settings") == true)
    }

    /// In a database of its own: the views name who holds a row, and in a transaction that would be this test.
    private static func committing(
        _ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void
    ) async throws {
        try await withTestDatabase(from: .twoServers) { lent in
            try await lent.database.executeScript("set search_path = driftwatch; \(steps)")
            try await lent.database.withTransaction { transaction in
                try transaction.execute("set local search_path = driftwatch")
                try body(transaction)
            }
        }
    }

    @Test
    func aPauseByAPersonHoldsWhatAnAnswerOrANewSecretDoesNotEnd() async throws {
        let pause = """
            select claim_outbox('pager', 'n', null, '9 s');
            select pause_destination('pager', 'they move', session_user);
            select settle_outbox(array[outbox_id], lease_token, 'sent') from outbox where state = 'sending';
            select announce_destination('pager', 'slack', 'new'), report_unserved('pager', 'x');
            """
        let shown: SQL = """
            select concat_ws(' ', destination, held_by = session_user, held_reason, held_at = clock()) from all_destinations
            where held_at is not null
            """
        try await Self.committing(pause) { transaction in
            #expect(try transaction.rows(shown, as: String.self) == ["pager t they move t"])
            let why = try transaction.rows(
                "select distinct why from outbox_backlog where destination = 'pager'", as: String.self)
            #expect(
                why.count == 1 && why[0].hasPrefix("the destination is paused by ") && why[0].hasSuffix(": they move"))
            let problem = try transaction.one(
                "select problem from delivery_health where destination = 'pager'", as: String.self)
            #expect(problem.hasPrefix("paused by ") && problem.contains(": they move"))
            let listed = try transaction.rows(
                "select concat_ws(' ', name, paused_by = session_user, paused_reason) from paused", as: String.self)
            #expect(listed == ["pager t they move"])
            let measured = try transaction.rows(
                """
                select labels ->> 'destination' from metrics where metric = 'driftwatch_destination_paused' and value = 1
                """, as: String.self)
            #expect(measured == ["pager"])
            let claimed = try transaction.rows(
                "select outbox_id from claim_outbox('pager', 'n', 'new', '9 s')", as: Int64?.self)
            #expect(claimed.isEmpty)
            try transaction.execute("update test_clock set shift = interval '1 hour'")
            try transaction.execute("select pause_destination('pager', 'longer')")
            let since = try transaction.one(
                "select held_at = clock() - interval '1 hour' from destinations where destination = 'pager'",
                as: Bool.self)
            #expect(since, "it is paused since the first time")
            try transaction.execute("select resume_destination('pager')")
            #expect(try transaction.rows(shown, as: String.self) == [])
            let next = try transaction.rows(
                "select outbox_id from claim_outbox('pager', 'n', 'new', '9 s')", as: Int64?.self)
            #expect(next.compactMap(\.self).count == 1)
        }
    }

    @Test
    func whatIsUnsentIsGivenUpWithItsDestinationAndNothingElse() async throws {
        let given = """
            update outbox set state = 'dead', last_error = 'no' where alert_id = 2 and destination = 'pager';
            select claim_outbox('pager', 'n', null, '9 s'), claim_outbox('default', 'n', null, '9 s');
            """
        try await Self.undoing(given) { transaction in
            #expect(try transaction.one("select remove_destination('pager', true, session_user)", as: Int.self) == 3)
            let rows = try transaction.rows(
                """
                select destination || ' ' || alert_id || ' ' || state
                       || coalesce(' ' || replace(last_error, session_user, 'me'), '')
                from outbox where alert_id > 1 order by destination, alert_id
                """, as: String.self)
            #expect(
                rows == [
                    "default 2 dead", "default 3 sending", "default 4 pending", "default 5 pending", "pager 2 dead no",
                    "pager 3 dead its destination was removed by me; it may have been delivered",
                    "pager 4 dead its destination was removed by me", "pager 5 dead its destination was removed by me",
                ])
            #expect(try transaction.rows("select destination from destinations", as: String.self) == ["default"])
            let settle =
                "select settle_outbox(array[outbox_id], lease_token, 'sent') from outbox where alert_id = 3 and destination = 'pager'"
            do {
                try transaction.executeScript(settle)
                Issue.record("the message in hand is nobody's any more")
            } catch let error as DatabaseError { #expect(error.sqlState == "JQ001") }
        }
    }

    /// A worker has just queued a message for it, and has not committed yet.
    @Test
    func aRemovalWaitsForWhatIsJustBeingQueued() async throws {
        try await withTestDatabase(from: .twoServers) { lent in
            let database = lent.database
            let (begun, begin) = AsyncStream<Void>.makeStream()
            async let removal: Void = {
                for await _ in begun { break }
                _ = try await database.execute("select driftwatch.remove_destination('pager', true)")
            }()
            try await database.withTransaction { transaction in
                try transaction.execute("select driftwatch.update_alert(2, 2, 3, '[]')")
                begin.yield()
                try transaction.waitUntilSomebodyWaits()
            }
            try await removal
            let left = try await database.rows(
                "select count(*)::int from driftwatch.outbox where destination = 'pager' and state = 'pending'",
                as: Int.self)
            #expect(left == [0])
        }
    }

    /// A key, the name, and what came of it.
    @Test(arguments: [
        ("pager", "pager", true), ("default", "pager", false), ("pager", "sms", false),
    ])
    func onlyTheDestinationThatIsMeantIsAnnounced(key: String, name: String, isThere: Bool) async throws {
        try await Self.undoing("") { transaction in
            let found = try transaction.one(
                """
                select announce_added_destination(\(name), d.fingerprint_key, 'f') from destinations d
                where d.destination = \(key)
                """, as: Bool.self)
            #expect(found == isThere)
            let announced = try transaction.rows(
                "select concat_ws(' ', destination, kind) from destinations where secret_fingerprint = 'f'",
                as: String.self)
            #expect(announced == (isThere ? ["pager slack"] : []))
        }
    }

    private static let said =
        "pager | no file | no notifier can send to it: no file | no notifier can send to the destination: no file"

    /// What happens after a report, and whether it is still shown.
    @Test(arguments: [
        ("", true),
        // Another notifier sends; nobody else has a say meanwhile.
        ("select claim_outbox('pager', 'n', null, interval '9 s');", false),
        (
            """
            select claim_outbox('pager', 'n', null, interval '9 s'), report_unserved('pager', 'gone');
            update test_clock set shift = interval '9 s';
            """, true
        ),
        ("select announce_destination('pager', 'slack', null);", false),
    ])
    func whyNobodySendsIsShownUntilSomebodyDoes(after: String, isShown: Bool) async throws {
        try await Self.committing("select report_unserved('pager', 'no file'); \(after)") { transaction in
            let shown = try transaction.rows(
                """
                select concat_ws(' | ', d.destination, d.unserved_reason, h.problem,
                    (select min(b.why) from outbox_backlog b where b.destination = d.destination and b.state = 'pending'))
                from all_destinations d join delivery_health h using (destination)
                where d.unserved_reason is not null or h.problem like 'no notifier can%' order by 1
                """, as: String.self)
            #expect(shown == (isShown ? [Self.said] : []))
            let measured = try transaction.rows(
                """
                select labels ->> 'destination' from metrics where metric = 'driftwatch_destination_unserved' and value = 1
                """, as: String.self)
            #expect(measured == (isShown ? ["pager"] : []))
        }
    }
}
