import Postgres
import TestSupport
import Testing

/// What `claim_outbox` gives a notifier, and what becomes of a message and its destination when it is settled.
///
/// Of `default`, the message of alert 2 is dead, and those of 3, 4 and 5 wait; `pager` has all four.
///
/// One case at a time: `claim_outbox` passes over what another one holds.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct OutboxVerbTests {
    private static func undoing(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws
    {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript("set local search_path = driftwatch; \(steps)")
            try body(transaction)
        }
    }

    private static func claim(_ notifier: String, for seconds: Int = 60) -> String {
        "select claim_outbox('default', '\(notifier)', null, '\(seconds) s');"
    }

    /// Lets a message of `default` wait.
    private static func wait(_ alert: Int, seq: Int = 1, _ seconds: Int) -> String {
        """
        update outbox set not_before = clock() + interval '\(seconds) s'
        where alert_id = \(alert) and seq = \(seq) and destination = 'default';
        """
    }

    /// Puts a message into a state.
    private static func put(_ alert: Int, seq: Int = 1, _ state: String, to destination: String = "default") -> String {
        """
        update outbox set state = '\(state)', sent_at = case '\(state)' when 'sent' then clock() end
        where alert_id = \(alert) and seq = \(seq) and destination = '\(destination)';
        """
    }

    private static func rest(_ send: Int, probe: Int?) -> String {
        """
        update destinations set next_send_at = clock() + interval '\(send) s',
            paused_at = \(probe == nil ? "null" : "clock()"),
            next_probe_at = clock() + interval '\(probe.map(String.init) ?? "0") s' \(probe == nil ? "* null" : "")
        where destination = 'default';
        """
    }

    private static func change(_ alert: Int) -> String { "select update_alert(\(alert), 2, 3, '[]');" }
    private static func close(_ alert: Int) -> String { "select close_alert(\(alert), 'manual', 'x');" }
    private static let sent = "update outbox set state = 'sent', sent_at = clock() where state = 'pending';"

    /// What happened, and the message that is claimed, the wait in seconds, and whether its opening was never delivered.
    private static let claims: [(String, [String])] = [
        ("", ["3.1 0 f"]),
        // One notifier at a time, until its lease ends. What it had in hand waits a little.
        (claim("other"), []),
        (claim("other", for: 0), ["4.1 0 f"]),
        (claim("n"), ["4.1 0 f"]),
        (claim("other") + "select release_destination('default', 'other');", ["4.1 0 f"]),
        // A person has paused it, or another one.
        ("select pause_destination('default', 'x');", []),
        ("select pause_destination('pager', 'x');", ["3.1 0 f"]),
        (rest(5, probe: nil), ["nothing 5"]),
        (rest(0, probe: nil), ["3.1 0 f"]),
        (rest(5, probe: 60), ["nothing 60"]),
        (rest(5, probe: 3), ["nothing 5"]),
        (rest(0, probe: 0), ["3.1 0 f"]),
        // Each alert's messages go in order, and an alert that waits holds up no other.
        (change(3) + wait(3, 30), ["4.1 0 f"]),
        (change(3) + put(3, "dead") + put(4, "sent") + put(5, "sent"), ["3.2 0 f"]),
        (wait(3, 30) + put(4, "sent") + change(4), ["5.1 0 f"]),
        (wait(3, 30) + put(4, "sent") + put(5, "sent") + change(4), ["4.2 0 f"]),
        // The wait is that of the next one which is due.
        (change(3) + wait(3, 30) + wait(4, 40) + wait(5, 50), ["nothing 30"]),
        (sent + wait(2, 20), ["nothing"]),
        (
            wait(3, 30) + wait(4, 40) + wait(5, 50)
                + "update outbox set not_before = clock() + interval '5 s' where destination = 'pager';", ["nothing 30"]
        ),
        // A resolution says whether people ever heard of the alert.
        (sent + close(2), ["2.2 0 t"]),
        (sent + change(2), ["2.2 0 f"]),
        (sent + close(3), ["3.2 0 f"]),
        (sent + put(3, "dead", to: "pager") + close(3), ["3.2 0 f"]),
        (change(3) + sent + put(3, seq: 2, "dead") + close(3), ["3.3 0 f"]),
        // The longest due goes first.
        (wait(5, -5), ["5.1 0 f"]),
        // What is about the same thing goes together, also what still waits, if it is of one kind and the next of its alert.
        (alike([3, 4, 5]), ["3.1 0 f", "4.1 0 f", "5.1 0 f"]),
        (alike([3, 5]), ["3.1 0 f", "5.1 0 f"]),
        (alike([4, 5]), ["3.1 0 f"]),
        (alike([3, 4, 5]) + wait(4, 5), ["3.1 0 f", "4.1 0 f", "5.1 0 f"]),
        (alike([3, 4, 5]) + put(4, "sent"), ["3.1 0 f", "5.1 0 f"]),
        (alike([3, 4, 5]) + put(4, "dead"), ["3.1 0 f", "5.1 0 f"]),
        (put(4, "sent") + change(4) + alike([3, 4]), ["3.1 0 f"]),
        (put(4, "sent") + change(4) + alike([3, 4]) + ofKind("drift_detected"), ["3.1 0 f", "4.2 0 f"]),
        (wait(4, 9) + change(4) + alike([3, 4]) + ofKind("drift_detected"), ["3.1 0 f", "4.1 0 f"]),
        (change(3) + alike([3, 4]) + ofKind("drift_detected"), ["3.1 0 f", "4.1 0 f"]),
        (close(3) + close(4) + sent + alike([3, 4]) + resolving([3, 4]), ["3.2 0 f", "4.2 0 t"]),
        // What was tried goes with what it was tried with, and with nothing else.
        (tried([3, 4]) + alike([3, 4, 5]), ["3.1 0 f", "4.1 0 f"]),
        (tried([4, 5]) + alike([3, 4, 5]), ["3.1 0 f"]),
        (tried([3, 4]), ["3.1 0 f", "4.1 0 f"]),
        (tried([3, 4]) + wait(4, 5), ["3.1 0 f"]),
        (tried([3, 4]) + put(4, "sent"), ["3.1 0 f"]),
        (change(4) + tried([3, 4]), ["3.1 0 f", "4.1 0 f"]),
    ]

    /// Says that the notifications of some alerts are about the same thing, everywhere.
    private static func alike(_ alerts: [Int]) -> String {
        "update outbox set group_key = 'k' where alert_id in (\(list(alerts)));"
    }

    /// Says that some alerts' notifications went out in one message, everywhere, and may have arrived.
    private static func tried(_ alerts: [Int]) -> String {
        """
        update outbox set doubtful_attempts = 1, message_id = 'b5b0a7ee-0000-4000-8000-000000000000'
        where alert_id in (\(list(alerts)));
        """
    }

    private static func ofKind(_ kind: String) -> String { "update outbox set kind = '\(kind)' where seq = 2;" }

    /// Resolutions, of which only the last one's opening is dead.
    private static func resolving(_ alerts: [Int]) -> String {
        "update outbox set state = 'pending', sent_at = null where alert_id in (\(list(alerts))) and seq = 2;"
            + put(alerts.last ?? 0, "dead")
    }

    private static func list(_ alerts: [Int]) -> String { alerts.map(String.init).joined(separator: ", ") }

    @Test(arguments: claims)
    func aClaimGivesTheNextMessageOrTheWait(given: String, claimed: [String]) async throws {
        try await Self.undoing(given) { transaction in
            let found = try transaction.rows(
                """
                select concat_ws(' ', coalesce(o.alert_id || '.' || o.seq, 'nothing'),
                    extract(epoch from c.wait)::integer, c.opening_undelivered)
                from driftwatch.claim_outbox('default', 'n', null, '1 minute') c
                left join driftwatch.outbox o on o.outbox_id = c.outbox_id
                """, as: String.self)
            #expect(found == claimed)
        }
    }

    private static func claimed(in transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            """
            select format('%s %s %s %s', count(*), min(c.attempt), max(c.doubtful_attempts), count(distinct c.lease_token))
            from driftwatch.claim_outbox('default', 'n', null, '1 minute') c
            """, as: String.self)
    }

    private static func messages(in transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            "select distinct message_id::text from driftwatch.outbox where state = 'sending'", as: String.self)
    }

    private static func settle(_ alerts: [Int], as outcome: String, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            select driftwatch.settle_outbox(array_agg(outbox_id), max(lease_token::text)::uuid, \(outcome))
            from driftwatch.outbox where alert_id = any(\(alerts)) and destination = 'default'
            """)
    }

    private static func states(in transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            "select state from driftwatch.outbox where alert_id > 2 and destination = 'default' order by alert_id",
            as: String.self)
    }

    @Test
    func aMessageHasItsIDUntilItIsGoneAndHoldsThousandNotificationsAtMost() async throws {
        let given = """
            delete from outbox where destination = 'default';
            insert into outbox (alert_id, seq, destination, kind, payload, not_before, group_key, created_at)
            select 100 + n, 1, 'default', 'drift_detected', '{}', clock() - interval '1 minute', 'k', clock()
            from generate_series(1, 1200) n;
            """
        try await Self.undoing(given) { transaction in
            let before = try transaction.rows("select message_id::text from driftwatch.outbox", as: String.self)
            #expect(try Self.claimed(in: transaction) == ["1000 1 1 1"])
            let id = try Self.messages(in: transaction)
            #expect(id.count == 1 && !before.contains(id[0]))
            try transaction.execute(
                "update driftwatch.outbox set not_before = 'infinity' where alert_id > 100 and state = 'pending'")
            // Its result is not known: all of it waits, and is sent again as it was.
            #expect(try Self.claimed(in: transaction) == ["1   1"])
            try transaction.execute(
                "update driftwatch.outbox set not_before = '-infinity' where alert_id > 100 and state = 'pending'")
            #expect(try Self.claimed(in: transaction) == ["1000 2 2 1"])
            #expect(try Self.messages(in: transaction) == id)
            // What was too fast was not taken: it may go with others.
            try transaction.executeScript(
                """
                update driftwatch.outbox set doubtful_attempts = 1, attempt = 1 where state = 'sending';
                select driftwatch.settle_outbox(array_agg(outbox_id), max(lease_token::text)::uuid, 'paced')
                from driftwatch.outbox where state = 'sending';
                update driftwatch.destinations set next_send_at = '-infinity';
                """)
            #expect(try Self.claimed(in: transaction) == ["1000 1 1 1"])
            #expect(try Self.messages(in: transaction) != id)
        }
    }

    @Test
    func anOutcomeIsThatOfAllWhoAreNamedAndOfNoOthers() async throws {
        try await Self.undoing(Self.alike([3, 4, 5]) + Self.claim("n")) { transaction in
            try Self.settle([4], as: "dropped", in: transaction)
            #expect(try Self.states(in: transaction) == ["sending", "dead", "sending"])
            try Self.settle([3, 5], as: "sent", in: transaction)
            #expect(try Self.states(in: transaction) == ["sent", "dead", "sent"])
            try Self.settle([3, 4, 5], as: "later", in: transaction)
            #expect(try Self.states(in: transaction) == ["sent", "dead", "sent"], "done before")
        }
    }

    @Test
    func aDestinationThatAnotherSessionHoldsIsPassedOver() async throws {
        let database = TestDatabase.current.database
        try await database.holding("select from driftwatch.destinations for update") {
            try await database.undoing { transaction in
                try transaction.execute("set local lock_timeout = '2 s'")
                let claims = try transaction.rows(
                    "select 1 from driftwatch.claim_outbox('default', 'n', null, '1 minute')", as: Int.self)
                #expect(claims == [])
            }
        }
    }

    struct Settling: Sendable, CustomTestStringConvertible {
        let outcome: String
        let inDoubt: Bool
        /// Seconds.
        let reply: Int?
        let isPaused: Bool
        /// State, attempts, attempts in doubt, plain, seconds to wait, error, remote id.
        let message: String
        /// Seconds until the next message, failures, replies, whether it was tried now; of the pause its reason, its age, and
        /// how long until a message is tried.
        let destination: String

        init(
            _ outcome: String, inDoubt: Bool = false, reply: Int? = 1, paused: Bool = false, message: String,
            destination: String
        ) {
            self.outcome = outcome
            self.inDoubt = inDoubt
            self.reply = reply
            self.isPaused = paused
            self.message = message
            self.destination = destination
        }

        var testDescription: String { "\(outcome) \(inDoubt) \(reply ?? 0) \(isPaused)" }
    }

    static let settlings = [
        Settling("sent", message: "sent 1 0 f 0  r", destination: "3 0 1,9 t   "),
        Settling("sent", paused: true, message: "sent 1 0 f 0  r", destination: "3 0 1,9 t   "),
        Settling("plain", message: "pending 1 0 t 0 e r", destination: "3 0 1,9 t   "),
        Settling("plain", paused: true, message: "pending 1 0 t 0 e r", destination: "3 0 1,9 t   "),
        Settling("dead", message: "dead 1 0 f 0 e r", destination: "3 0 1,9 t   "),
        Settling("dead", paused: true, message: "dead 1 0 f 0 e r", destination: "3 0 1,9 t   "),
        Settling("dropped", paused: true, message: "dead 0 0 f 0 e r", destination: "0 2 9 f before 3600 60"),
        Settling("folded", paused: true, message: "folded 0 0 f 0 e r", destination: "0 2 9 f before 3600 60"),
        Settling("aside", paused: true, message: "pending 0 0 f 1000 e r", destination: "0 2 9 f before 3600 60"),
        Settling("later", message: "pending 1 0 f 1000 e r", destination: "3 0 1,9 t   "),
        Settling("later", paused: true, message: "pending 1 0 f 1000 e r", destination: "3 0 1,9 t before 3600 900"),
        Settling("paced", message: "pending 0 0 f 0 e r", destination: "1000 0 1,9 t   "),
        Settling("paced", paused: true, message: "pending 0 0 f 0 e r", destination: "1000 0 1,9 t before 3600 900"),
        Settling("away", reply: nil, message: "pending 0 0 f 0 e r", destination: "1000 3 9 f   "),
        Settling("away", paused: true, message: "pending 0 0 f 0 e r", destination: "1000 3 1,9 t before 3600 900"),
        Settling("paused", message: "pending 0 0 f 0 e r", destination: "3 0 1,9 t e 0 1000"),
        Settling("paused", paused: true, message: "pending 0 0 f 0 e r", destination: "3 0 1,9 t e 3600 1000"),
        // No reply: the destination rests, and nothing ends its pause. An answer that is not understood is a reply.
        Settling("later", inDoubt: true, reply: nil, message: "pending 1 1 f 1000 e r", destination: "3 3 -,9 t   "),
        Settling(
            "dead", inDoubt: true, reply: nil, paused: true, message: "dead 1 1 f 0 e r",
            destination: "3 3 -,9 t before 3600 900"),
        Settling(
            "dead", inDoubt: true, paused: true, message: "dead 1 1 f 0 e r", destination: "3 0 1,9 t before 3600 900"),
        Settling("later", inDoubt: true, message: "pending 1 1 f 1000 e r", destination: "3 0 1,9 t   "),
        Settling("later", reply: nil, message: "pending 1 0 f 1000 e r", destination: "3 0 9 f   "),
    ]

    @Test(arguments: settlings)
    func aMessageAndItsDestinationFollowTheOutcome(example: Settling) async throws {
        let given = """
            update destinations set failures = 2, recent_replies = '{9 s}';
            update destinations set paused_at = clock() - interval '1 hour', paused_reason = 'before', next_probe_at = clock() where \(example.isPaused);
            select claim_outbox('default', 'n', null, '1 minute');
            update destinations set next_probe_at = clock() + interval '1 minute' where paused_at is not null;
            """
        try await Self.undoing(given) { transaction in
            // The second time it is done already: only its reply was lost.
            for _ in 1...2 {
                try transaction.execute(
                    """
                    select driftwatch.settle_outbox(array[outbox_id], lease_token, \(example.outcome), '1000 s', 'r', 'e', '3 s',
                        \(example.inDoubt), make_interval(secs => \(example.reply)::integer))
                    from driftwatch.outbox where lease_token is not null
                    """)
            }
            let message = try transaction.one(
                """
                select format('%s %s %s %s %s %s %s', state, attempt, doubtful_attempts, plain,
                    greatest(0, extract(epoch from not_before - driftwatch.clock()))::integer, last_error, remote_id)
                from driftwatch.outbox where alert_id = 3 and seq = 1 and destination = 'default'
                """, as: String.self)
            #expect(message == example.message)
            let destination = try transaction.one(
                """
                select format('%s %s %s %s %s %s %s', greatest(0, extract(epoch from next_send_at - driftwatch.clock()))::integer,
                    failures, (select string_agg(coalesce(extract(epoch from r)::integer::text, '-'), ',')
                               from unnest(recent_replies) r),
                    last_attempt_at is not null, paused_reason,
                    extract(epoch from driftwatch.clock() - paused_at)::integer,
                    extract(epoch from next_probe_at - driftwatch.clock())::integer)
                from driftwatch.destinations where destination = 'default'
                """, as: String.self)
            #expect(destination == example.destination)
            let others = try transaction.one(
                "select count(*) from driftwatch.outbox where state in ('sent', 'dead') and alert_id > 3", as: Int.self)
            #expect(others == 0)
        }
    }

    @Test
    func aMessageThatGoesAsPlainTextStaysPlain() async throws {
        let given = "update outbox set plain = true;" + Self.claim("n")
        try await Self.undoing(given) { transaction in
            try transaction.executeScript(
                "select settle_outbox(array[outbox_id], lease_token, 'later') from outbox where state = 'sending'")
            let isPlain = try transaction.one("select bool_and(plain) from driftwatch.outbox", as: Bool.self)
            #expect(isPlain)
        }
    }

    @Test(arguments: [
        // The token of another message, of an earlier claim, and of a turn that is over.
        "select settle_outbox(array[min(outbox_id)], max(lease_token::text)::uuid, 'sent') from outbox where alert_id in (3, 4) and destination = 'default'",
        "select settle_outbox(array_agg(outbox_id), max(lease_token::text)::uuid, 'sent') from outbox where alert_id in (3, 4) and destination = 'default'",
        "select settle_outbox('{}', lease_token, 'sent') from outbox where state = 'sending'",
        "select settle_outbox(array[outbox_id], gen_random_uuid(), 'sent') from outbox where state = 'sending'",
        """
        select announce_destination('default', 'slack', 'another');
        update outbox set state = 'sending', lease_token = gen_random_uuid() where alert_id = 4 and destination = 'default';
        select settle_outbox(array[outbox_id], lease_token, 'sent') from outbox where state = 'sending' and alert_id = 4
        """,
    ])
    func onlyWhoHasTheMessageInHandSettlesIt(settle: String) async throws {
        let given = Self.claim("n") + Self.claim("n")
        try await Self.undoing(given) { transaction in
            let error = #expect(throws: DatabaseError.self) { try transaction.executeScript(settle) }
            #expect(error?.sqlState == .leaseLost)
        }
    }

    @Test
    func anOutcomeThatIsNoneIsRefused() async throws {
        try await Self.undoing(Self.claim("n")) { transaction in
            let error = #expect(throws: DatabaseError.self) {
                try transaction.execute(
                    """
                    select driftwatch.settle_outbox(array[outbox_id], lease_token, 'lost') from driftwatch.outbox
                    where state = 'sending'
                    """)
            }
            #expect(error?.sqlState == "22023")
        }
    }
}
