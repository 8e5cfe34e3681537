import Postgres
import TestSupport
import Testing

/// Holds and silences: whose messages wait, until when, and what happens at the end.
///
/// Messages 2 to 5 are those of web-1 and web-2, base and more; web-1 has the label role=web.
///
/// One case at a time: `claim_outbox` passes over what another one holds.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct MuteTests {
    static func undoing(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                set local timezone = 'UTC';
                alter table mutes alter mute_id restart;
                update test_clock set stopped_at = '2026-11-23 06:00Z', shift = '0';
                update drift_states set look_wanted_at = null;
                update servers set labels = '{"role": "web", "site": "north"}' where server_id = 'web-1';
                update servers set labels = '{"role": "db"}' where server_id = 'web-2';
                update outbox set state = 'pending' where state = 'dead';
                update outbox set created_at = clock(), not_before = clock();
                insert into schedules (schedule_name, cron, time_zone, updated_at)
                values ('default', '0 6 * * *', 'Europe/Berlin', clock());
                \(steps)
                """)
            try body(transaction)
        }
    }

    static func advance(_ minutes: Int) -> String {
        "update test_clock set shift = shift + interval '\(minutes) minutes';"
    }

    static func hold(_ selector: String, minutes: Int = 30) -> String {
        "select hold_alerts(clock() + interval '\(minutes) minutes', 'deploy 42', \(selector), actor => 'alice');"
    }

    static let close = "select close_windows();"
    static let looked = "update drift_states set look_wanted_at = null;"
    private static let lookedNow = "update drift_states set look_wanted_at = null, last_started_at = clock();"
    static let web = #"labels => '{"role": "web"}'"#
    static let weekly =
        #"select silence_alerts_again('0 2 * * sun', '4 hours', 'weekly', labels => '{"role": "db"}');"#

    static func window(_ start: Int, _ end: Int) -> String {
        """
        select plan_silence(1, '2026-11-23 06:00Z'::timestamptz + interval '\(start) minutes',
            '2026-11-23 06:00Z'::timestamptz + interval '\(end) minutes', 'Europe/Berlin');
        """
    }

    private static let whole = ["web-1 base", "web-1 more"]

    /// What happens, and which servers and packs are muted then.
    private static let coverings: [(String, [String])] = [
        ("", []),
        (hold(web), whole),
        // Another look than that after the window holds nothing back.
        (hold(web) + "select end_mute('hold', 1);" + advance(1) + lookedNow + "select want_look('web-1');", []),
        (hold(web) + "select end_mute('hold', 1); select want_look('web-1');", whole),
        (
            hold("pack_name => 'base', server_id => 'web-1'") + "select end_mute('hold', 1);" + lookedNow
                + "update drift_states set look_wanted_at = clock(), last_started_at = '-infinity' where pack_name = 'more';",
            []
        ),
        (hold(#"'{"role": "web", "site": "north"}'"#), whole),
        (hold("server_id => 'web-1'"), whole),
        (hold("server_id => 'web-1', pack_name => 'base'"), ["web-1 base"]),
        (hold("pack_name => 'base'"), ["web-1 base", "web-2 base", "web-3 base"]),
        (hold(web + ", pack_name => 'more'"), ["web-1 more"]),
        // A server that gets the label later is covered too.
        (
            hold(web) + #"update servers set labels = '{"role": "web"}' where server_id = 'web-2';"#,
            whole + ["web-2 base", "web-2 more"]
        ),
        // Until its end, and until somebody notices that, but 15 minutes at most.
        (hold(web) + advance(29), whole),
        (hold(web) + advance(30), whole),
        (hold(web) + advance(44), whole),
        (hold(web) + advance(45), []),
        // Then until the server was looked at, but 15 minutes at most.
        (hold(web) + advance(30) + close, whole),
        (hold(web) + advance(30) + close + looked, []),
        (
            hold(web) + advance(30) + close
                + "update drift_states set look_wanted_at = null where server_id = 'web-1';", []
        ),
        (
            hold(web) + advance(30) + close
                + "update drift_states set look_wanted_at = null where pack_name = 'more';", whole
        ),
        (hold(web) + advance(30) + close + advance(14), whole),
        (hold(web) + advance(30) + close + advance(15), []),
        // Somebody ends it before its time.
        (hold(web) + advance(10) + "select end_mute('hold', 1, 'bob');", whole),
        (hold(web) + advance(10) + "select end_mute('hold', 1, 'bob');" + looked, []),
        // A server that cannot be looked at is not waited for.
        (hold(web) + "select disable_drift_detection('web-1', 'x');" + advance(30) + close, []),
        // A window that lies ahead.
        (
            "select silence_alerts('2026-11-23 08:00Z', 'disks', server_id => 'web-1', starts => '2026-11-23 07:00Z');",
            []
        ),
        (
            "select silence_alerts('2026-11-23 08:00Z', 'disks', server_id => 'web-1', starts => '2026-11-23 07:00Z');"
                + advance(60), whole
        ),
        ("select silence_alerts('2026-11-23 08:00Z', 'disks', server_id => 'web-1');", whole),
        // A recurring silence mutes nothing before its first window is known, and in each window.
        (weekly, []),
        (weekly + window(0, 60), ["web-2 base", "web-2 more"]),
        (weekly + window(10, 60), []),
        (weekly + window(-60, 0), ["web-2 base", "web-2 more"]),
        (weekly + window(-60, 0) + close + looked, []),
        (weekly + window(-60, 0) + close + looked + window(100, 200), []),
        (weekly + window(-60, 0) + close + looked + window(100, 200) + advance(100), ["web-2 base", "web-2 more"]),
        // Messages still wait for the look after the last window when the next one is known.
        (weekly + window(-60, 0) + close + window(100, 200), ["web-2 base", "web-2 more"]),
        (weekly + window(0, 60) + "select end_mute('silence', 1);" + looked, []),
    ]

    @Test(arguments: coverings)
    func messagesAboutWhatAMuteCoversWait(given: String, muted: [String]) async throws {
        try await Self.undoing(given) { transaction in
            let shown = try transaction.rows(
                "select server_id || ' ' || pack_name from driftwatch.fleet_status where muted_by is not null order by 1",
                as: String.self)
            #expect(shown == muted)
            let decided = try transaction.rows(
                """
                select server_id || ' ' || pack_name from driftwatch.drift_states
                where driftwatch.muted_by(server_id, pack_name) is not null order by 1
                """, as: String.self)
            #expect(decided == muted)
            let held = try transaction.rows(
                """
                select o.payload ->> 'server_id' || ' ' || (o.payload ->> 'pack_name')
                from driftwatch.outbox_backlog b join driftwatch.outbox o on o.outbox_id = b.outbox_id
                where b.destination = 'pager' and (b.why like 'held%' or b.why like 'silenced%') and o.seq = 1 order by 1
                """, as: String.self)
            #expect(held == muted.filter { !$0.hasPrefix("web-3") })
            let alerts = try transaction.rows(
                """
                select server_id || ' ' || pack_name from driftwatch.all_alerts where muted_by is not null
                intersect select server_id || ' ' || pack_name from driftwatch.open_alerts where muted_by is not null
                order by 1
                """, as: String.self)
            #expect(alerts == muted.filter { !$0.hasPrefix("web-3") && !given.contains("disable") })
        }
    }

    @Test
    func aServerAsAWholeIsMutedByAMuteOfAllItsPacksOnly() async throws {
        let given = Self.hold("server_id => 'web-1'") + Self.hold("server_id => 'web-2', pack_name => 'base'")
        try await Self.undoing(given) { transaction in
            let muted = try transaction.rows(
                "select s from unnest(array['web-1', 'web-2', 'web-3']) s where driftwatch.muted_by(s, null) is not null",
                as: String.self)
            #expect(muted == ["web-1"])
        }
    }

    private static let marks: [(String, String)] = [
        (hold(web), "held until 2026-11-23T06:30:00Z (deploy 42, by alice)"),
        (hold(web) + advance(30), "held until the server has been looked at (deploy 42, by alice)"),
        (hold(web) + "select end_mute('hold', 1);", "held until the server has been looked at (deploy 42, by alice)"),
        (
            "select silence_alerts('2026-11-23 08:00Z', 'disks', server_id => 'web-1', actor => 'bob');",
            "silenced until 2026-11-23T08:00:00Z (disks, by bob)"
        ),
        // The one that lasts longest, and then one whose window is over.
        (
            hold(web, minutes: 60) + hold("pack_name => 'base'"),
            "held until 2026-11-23T07:00:00Z (deploy 42, by alice)"
        ),
        (
            hold(web) + hold("pack_name => 'base'", minutes: 60),
            "held until 2026-11-23T07:00:00Z (deploy 42, by alice)"
        ),
        (
            hold(web, minutes: 60) + hold("pack_name => 'base'") + "select end_mute('hold', 1);",
            "held until 2026-11-23T06:30:00Z (deploy 42, by alice)"
        ),
    ]

    @Test(arguments: marks)
    func whatIsShownSaysUntilWhenAndWhyAndByWhom(given: String, words: String) async throws {
        try await Self.undoing(given) { transaction in
            let shown = try transaction.rows("select driftwatch.muted_by('web-1', 'base')", as: String?.self)
            #expect(shown == [words])
        }
    }

    private static func sent(_ alerts: String) -> String {
        "update outbox set state = 'sent', sent_at = clock() where alert_id in (\(alerts));"
    }

    private static let claims: [(String, String)] = [
        ("", "2"),
        (hold(web), "4"),
        (hold(web) + advance(30) + close, "4"),
        (hold(web) + advance(30) + close + looked, "2"),
        (hold("pack_name => 'base'"), "3"),
        (hold(web) + sent("4, 5"), "nothing"),
        // What was resolved meanwhile waits too.
        (sent("2, 3, 4, 5") + hold(web) + "select close_alert(2, 'manual', 'x');", "nothing"),
    ]

    @Test(arguments: claims)
    func aMutedMessageIsNotClaimed(given: String, claimed: String) async throws {
        try await Self.undoing(given) { transaction in
            let found = try transaction.rows(
                """
                select coalesce(o.alert_id::text, 'nothing') from driftwatch.claim_outbox('pager', 'n', null, '1 minute') c
                left join driftwatch.outbox o on o.outbox_id = c.outbox_id
                """, as: String.self)
            #expect(found == [claimed])
        }
    }

    /// How many messages wait for `pager`, how many for the end of a mute, and what is wrong.
    private static func health(_ transaction: borrowing Transaction) throws -> (Int, Int, String?) {
        try transaction.one(
            "select waiting, muted, problem from driftwatch.delivery_health where destination = 'pager'",
            as: (Int, Int, String?).self)
    }

    @Test
    func messagesThatWaitForAMuteAreNoFaultOfTheirDestination() async throws {
        let beat = "select register_worker('n', 'notifier', 'h', 1, '1', null, '{}');"
        let given = Self.hold(Self.web, minutes: 24 * 60) + Self.sent("4, 5") + Self.advance(60) + beat
        try await Self.undoing(given) { transaction in
            #expect(try Self.health(transaction) == (0, 2, nil))
            try transaction.executeScript(
                Self.advance(24 * 60) + Self.close + Self.looked + beat)
            #expect(
                try Self.health(transaction) == (2, 0, nil), "they have waited for the destination since the end only")
            try transaction.executeScript(Self.advance(16) + beat)
            #expect(try Self.health(transaction).2?.contains("has waited since") == true)
        }
    }

    /// What happens, and of which servers a look is wanted then.
    private static let looks: [(String, [String])] = [
        (hold(web) + advance(29) + close, []),
        (hold(web) + advance(30) + close, ["web-1"]),
        (hold("pack_name => 'base'") + advance(30) + close, ["web-1", "web-2", "web-3"]),
        (hold(web) + sent("2, 3") + advance(30) + close, ["web-1"]),
        (hold(web) + "select end_mute('hold', 1);", ["web-1"]),
        (hold(web) + advance(30) + close + looked + close, []),
        // After a silence only where messages wait.
        (weekly + window(-60, 0) + close, ["web-2"]),
        (weekly + window(-60, 0) + sent("4, 5") + close, []),
        (weekly + window(-60, 0) + close + looked + close, []),
        (
            "select silence_alerts(clock() + interval '1 hour', 'x', '{}', null, 'base');" + sent("4") + advance(60)
                + close,
            ["web-1"]
        ),
        (weekly + window(-60, 0) + close + looked + window(60, 120) + advance(120) + close, ["web-2"]),
        (weekly + window(60, 120) + "select end_mute('silence', 1);", []),
        (
            "select silence_alerts('2026-11-23 08:00Z', 'x', server_id => 'web-1', pack_name => 'base');"
                + sent("2") + advance(120) + close, []
        ),
        ("select disable_drift_detection('web-1', 'x');" + hold(web) + advance(30) + close, []),
    ]

    @Test(arguments: looks)
    func atTheEndServersAreLookedAtOnceMore(given: String, looks: [String]) async throws {
        try await Self.undoing(given) { transaction in
            let wanted = try transaction.rows(
                "select distinct server_id from driftwatch.drift_states where look_wanted_at is not null order by 1",
                as: String.self)
            #expect(wanted == looks)
        }
    }

    /// What happens, and the alerts whose messages are noted to have waited until 06:30.
    private static let waits: [(String, [Int64])] = [
        (hold(web) + advance(30) + close, [2, 3]),
        (hold("server_id => 'web-2'") + advance(30) + close, [4, 5]),
        (hold("server_id => 'web-2', pack_name => 'more'") + advance(30) + close, [5]),
        (hold("pack_name => 'base'") + advance(30) + close, [2, 4]),
        (hold(web) + sent("2") + advance(30) + close, [3]),
        (hold(web) + advance(29) + close, []),
        (hold(web) + advance(30) + "select end_mute('hold', 1);", [2, 3]),
        // One that is closed already is not closed again.
        (weekly + window(-30, 0) + close + looked + advance(30) + "select end_mute('silence', 1);", []),
    ]

    @Test(arguments: waits)
    func itsMessagesAndNoOthersHaveWaitedForIt(given: String, alerts: [Int64]) async throws {
        try await Self.undoing(given) { transaction in
            let found = try transaction.rows(
                """
                select distinct alert_id from driftwatch.outbox
                where muted_until between '2026-11-23 06:30Z' and '2026-11-23 06:30Z' order by 1
                """, as: Int64.self)
            #expect(found == alerts)
        }
    }

    /// What happens, and the silences that need a window.
    private static let plans: [(String, [String])] = [
        (weekly, ["1"]),
        (weekly + window(0, 20), []),
        (weekly + window(-20, 0), []),
        (weekly + window(-20, 0) + close, ["1"]),
        (weekly + "select plan_silence(1, null, null, 'UTC', 'nonsense');", []),
        (weekly + "select end_mute('silence', 1);", []),
        (hold(web), []),
        ("select silence_alerts('2026-11-23 08:00Z', 'x', server_id => 'web-1', starts => '2026-11-23 07:00Z');", []),
        (hold(web) + advance(30) + close, []),
        (weekly + window(10, 20), []),
        (
            weekly
                + "insert into schedules (schedule_name, cron, time_zone, updated_at) values ('other', '0 7 * * *', 'UTC', clock());",
            ["1"]
        ),
        // In another zone it comes at another time, but a window that has begun stays.
        (weekly + window(10, 20) + "update schedules set time_zone = 'UTC';", ["1"]),
        (weekly + window(0, 20) + "update schedules set time_zone = 'UTC';", []),
    ]

    @Test(arguments: plans)
    func aRecurringSilenceNeedsAWindowAfterTheLast(given: String, unplanned: [String]) async throws {
        try await Self.undoing(given) { transaction in
            let found = try transaction.rows(
                "select mute_id::text from driftwatch.lock_unplanned_silences()", as: String.self)
            #expect(found == unplanned)
        }
    }

    @Test
    func whatAnotherSessionPlansOrEndsIsPassedOver() async throws {
        try await withTestDatabase(from: .twoServers) { lent in
            try await lent.database.executeScript(
                """
                set search_path = driftwatch;
                insert into schedules (schedule_name, cron, time_zone, updated_at) values ('default', '0 6 * * *', 'UTC', clock());
                select silence_alerts_again('0 2 * * sun', '4 hours', 'weekly', pack_name => 'base');
                select hold_alerts(clock() + interval '1 minute', 'deploy', pack_name => 'base');
                update test_clock set shift = shift + interval '2 minutes';
                """)
            try await lent.database.holding("select from driftwatch.mutes for update") {
                try await lent.database.undoing { transaction in
                    try transaction.execute("set local lock_timeout = '2 s'")
                    let unplanned = try transaction.rows(
                        "select mute_id from driftwatch.lock_unplanned_silences()", as: Int64.self)
                    #expect(unplanned == [])
                    #expect(try transaction.one("select driftwatch.close_windows()", as: Int.self) == 0)
                }
            }
        }
    }

    @Test
    func whoMadeAndEndedItIsWrittenDown() async throws {
        let given =
            Self.hold(Self.web) + "select end_mute('hold', 1, 'bob');" + Self.hold(Self.web) + Self.advance(30)
            + Self.close + Self.weekly
        try await Self.undoing("truncate audit_log;" + given) { transaction in
            let written = try transaction.rows(
                """
                select concat_ws(' ', actor = session_user, actor, action, subject) from driftwatch.audit_log
                where action ~ 'hold|silence' order by audit_id
                """, as: String.self)
            #expect(
                written.map { $0.replacing(#/^t \S+/#, with: "the role") } == [
                    "f alice add_hold hold 1", "f bob end_hold hold 1", "f alice add_hold hold 2",
                    "the role end_hold hold 2", "the role add_silence silence 3",
                ])
        }
    }
}
