import Foundation
import Postgres
import TestSupport
import Testing

/// What `remember`, `stop_watching`, `begin_effects` and `write_failed_checks` write, column by column.
@Suite(.timeLimit(.minutes(2)))
struct RememberTests {
    private static let wrong = """
        [{"key": "file:/a", "type": "missing_file", "item": "/a", "expected": {"x": "1"}, "actual": {"x": "2"}}]
        """
    private static let unread = """
        [{"key": "file:/b", "item": "/b", "reason": "permission_denied", "was_readable": false}]
        """

    /// Stores a check of web-1's pack base and what is remembered after it; the check's id.
    @discardableResult
    private static func judge(
        _ database: Database, state: String = "drifted", digest: String = "sha256:d1",
        wrong: String = wrong, unread: String = unread, never: String = "{}", unverified: [String] = [],
        contents: [String] = []
    ) async throws -> Int64 {
        let job = try await database.rows(
            """
            insert into driftwatch.jobs (queue, kind, server_id, priority, state, run_at, created_at, finished_at)
            values ('default', 'drift_check', 'web-1', 10, 'cancelled', now(), now(), now()) returning job_id
            """, as: Int64.self)[0]
        let check = try await database.rows(
            """
            select driftwatch.record_check(
                \(job), 'web-1', 'base', \(digest), 'drifted', null, 1, 1, 1, 'f', '[]', '2026-01-01Z', 5)
            """, as: Int64.self)[0]
        try await database.execute(
            """
            select driftwatch.remember(
                'web-1', 'base', \(check), \(state), \(unverified), \(contents), \(wrong)::text::jsonb,
                \(never)::text::jsonb, \(unread)::text::jsonb, '2026-01-01Z')
            """)
        return check
    }

    /// The rows of a table as text, without the columns named in `leaving`, one row a line.
    private static func rows(_ table: SQL, leaving: [String] = [], _ database: Database) async throws -> [String] {
        try await database.rows(
            """
            select (to_jsonb(t) - \(leaving)::text[])::text from driftwatch.\(table) t
            where server_id = 'web-1' order by 1
            """, as: String.self)
    }

    private static func with(_ body: (Database) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            // Whoever forgets to name the server or the pack changes these too.
            for server in ["web-1", "web-2"] {
                try await database.makeServer(server, packs: ["base": ["/a", "/b", "/c"], "other": ["/a"]])
            }
            for (server, pack) in [("web-1", "other"), ("web-2", "base")] {
                try await database.execute(
                    """
                    insert into driftwatch.mismatches
                        (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                    values (\(server), \(pack), 'file:/a', 'wrong_owner', '/a', '{}', '{}', '2026-01-01Z', 1)
                    """)
                try await database.execute(
                    """
                    insert into driftwatch.unreadables (server_id, pack_name, item_key, item, reason, was_readable, since)
                    values (\(server), \(pack), 'file:/a', '/a', 'slow', true, '2026-01-01Z')
                    """)
            }
            try await database.stopClock()
            try await body(database)
            for table: SQL in ["mismatches", "unreadables"] {
                let others = try await database.rows(
                    """
                    select server_id || ' ' || pack_name from driftwatch.\(table)
                    where (server_id, pack_name) <> ('web-1', 'base') and since = '2026-01-01Z' order by 1
                    """, as: String.self)
                #expect(others == ["web-1 other", "web-2 base"])
            }
        }
    }

    private static func time(_ database: Database) async throws -> String {
        try await database.rows("select to_jsonb(driftwatch.clock()) #>> '{}'", as: String.self)[0]
    }

    private static func state(_ database: Database) async throws -> [String: String] {
        let pairs = try await database.rows(
            """
            select e.key, e.value #>> '{}' from driftwatch.drift_states d, jsonb_each(to_jsonb(d)) e
            where d.server_id = 'web-1' and d.pack_name = 'base' and jsonb_typeof(e.value) <> 'null'
            """, as: (String, String).self)
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test
    func everyColumnOfTheStateFollowsTheCheck() async throws {
        try await Self.with { database in
            let first = try await Self.time(database)
            let check = try await Self.judge(
                database, never: #"{"file:/a": ["missing_file"]}"#, unverified: ["file:/b"], contents: ["file:/c"])
            var expected = [
                "server_id": "web-1", "pack_name": "base", "state": "drifted", "since": first,
                "last_check_id": "\(check)", "last_checked_at": first, "last_started_at": "2026-01-01T00:00:00+00:00",
                "pack_digest": "sha256:d1", "item_count": "3", "unreadable_count": "1", "waived_count": "0",
                "due_count": "0", "checked_as": #"{"name": "WEB-1", "labels": {}, "address": "web-1"}"#,
                "unverified": #"["file:/b"]"#, "unverified_contents": #"["file:/c"]"#,
                "never_compliant": #"{"file:/a": ["missing_file"]}"#,
                "latest_check_id": "\(check)", "latest_verdict": "drifted", "latest_checked_at": first,
                "shown_state": "drifted",
            ]
            var found = try await Self.state(database)
            found["look_wanted_at"] = nil
            #expect(found == expected)

            try await database.advanceClock(by: .seconds(60))
            let second = try await Self.judge(database, digest: "sha256:d2")
            for (column, value) in [
                ("last_check_id", "\(second)"), ("last_checked_at", try await Self.time(database)),
                ("pack_digest", "sha256:d2"), ("unverified", "[]"), ("unverified_contents", "[]"),
                ("never_compliant", "{}"), ("latest_check_id", "\(second)"),
                ("latest_checked_at", try await Self.time(database)),
            ] { expected[column] = value }
            found = try await Self.state(database)
            found["look_wanted_at"] = nil
            #expect(found == expected, "it has been drifted since the first")

            try await database.advanceClock(by: .seconds(60))
            try await Self.judge(database, state: "compliant", wrong: "[]")
            let (since, now) = (try await Self.state(database)["since"], try await Self.time(database))
            #expect(since == now)
        }
    }

    @Test
    func aWantedLookHasHappenedWhenItSawTheVersionOfItsOwnPack() async throws {
        try await Self.with { database in
            let digests = try await database.rows(
                "select digest from driftwatch.packs order by pack_name", as: String.self)
            // Whichever pack comes first in the table.
            for moved in ["base", "other"] {
                try await database.execute(
                    "update driftwatch.packs set display_name = display_name where pack_name = \(moved)")
                try await database.execute(
                    """
                    update driftwatch.drift_states set look_wanted_at = '2025-01-01Z'
                    where server_id = 'web-1' and pack_name = 'base'
                    """)
                try await Self.judge(database, digest: digests[1])
                #expect(try await Self.state(database)["look_wanted_at"] != nil)
                try await Self.judge(database, digest: digests[0])
                #expect(try await Self.state(database)["look_wanted_at"] == nil)
            }
        }
    }

    @Test
    func aMismatchKeepsItsSinceAndTakesWhatIsNew() async throws {
        try await Self.with { database in
            func mismatches() async throws -> [String] {
                try await Self.rows("mismatches", leaving: ["server_id", "cause", "cause_detail"], database).filter {
                    $0.contains(#""base""#)
                }
            }
            let since = try await Self.time(database)
            let first = try await Self.judge(database)
            func row(_ check: Int64, _ item: String, _ expected: String, _ actual: String) -> String {
                #"{"item": "\#(item)", "type": "missing_file", "since": "\#(since)", "actual": \#(actual), "#
                    + #""check_id": \#(check), "expected": \#(expected), "item_key": "file:/a", "pack_name": "base"}"#
            }
            #expect(try await mismatches() == [row(first, "/a", #"{"x": "1"}"#, #"{"x": "2"}"#)])
            try await database.advanceClock(by: .seconds(60))
            let second = try await Self.judge(
                database,
                wrong: """
                    [{"key": "file:/a", "type": "missing_file", "item": "/A", "expected": {"x": "3"}, "actual": {"x": "4"}},
                     {"key": "file:/c", "type": "wrong_type", "item": "/c", "expected": {}, "actual": {}}]
                    """)
            #expect(try await mismatches().first == row(second, "/A", #"{"x": "3"}"#, #"{"x": "4"}"#))
            // One that this check did not see stays as it was; of an item, another type goes.
            try await Self.judge(
                database,
                wrong: """
                    [{"key": "file:/a", "type": "missing_file"},
                     {"key": "file:/c", "type": "missing_file", "item": "/c", "expected": {}, "actual": {}}]
                    """)
            let left = try await database.rows(
                """
                select item_key || ' ' || type from driftwatch.mismatches
                where server_id = 'web-1' and pack_name = 'base' order by 1
                """, as: String.self)
            #expect(try await mismatches().first == row(second, "/A", #"{"x": "3"}"#, #"{"x": "4"}"#))
            #expect(left == ["file:/a missing_file", "file:/c missing_file"])
        }
    }

    @Test
    func whatCannotBeReadKeepsItsSinceUntilItGoesDark() async throws {
        try await Self.with { database in
            func unreadables() async throws -> [String] {
                try await database.rows(
                    """
                    select concat_ws(' ', item_key, item, reason, was_readable, extract(epoch from driftwatch.clock() - since)::int)
                    from driftwatch.unreadables where server_id = 'web-1' and pack_name = 'base' order by 1
                    """, as: String.self)
            }
            func see(_ item: String, _ reason: String, _ wasReadable: Bool) async throws {
                try await database.advanceClock(by: .seconds(60))
                try await Self.judge(
                    database,
                    unread: """
                        [{"key": "file:/b", "item": "\(item)", "reason": "\(reason)", "was_readable": \(wasReadable)}]
                        """)
            }
            try await Self.judge(database)
            try await see("/b", "permission_denied", false)
            #expect(try await unreadables() == ["file:/b /b permission_denied f 60"])
            try await see("/B", "permission_denied", false)
            #expect(try await unreadables() == ["file:/b /B permission_denied f 120"])
            try await see("/B", "slow", false)
            #expect(try await unreadables() == ["file:/b /B slow f 180"])
            try await see("/B", "slow", true)
            #expect(try await unreadables() == ["file:/b /B slow t 0"], "it could be read in between")
            try await Self.judge(database, unread: "[]")
            #expect(try await unreadables() == [])
        }
    }

    @Test(arguments: ["base", nil])
    func whatIsNoLongerWatchedIsForgottenButForWhatWasNeverRead(pack: String?) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/a", "/b", "/c"], "other": ["/a"]])
            try await database.stopClock()
            try await Self.judge(
                database, never: #"{"file:/a": ["missing_file"]}"#, unverified: ["file:/b"], contents: ["file:/c"])
            try await database.execute(
                """
                update driftwatch.drift_states set state = 'compliant', unreadable_count = 1, since = '2026-01-01Z'
                where pack_name = 'other'
                """)
            var expected = try await Self.state(database)
            try await database.advanceClock(by: .seconds(60))
            try await database.execute("select driftwatch.stop_watching('web-1', \(pack), 'disabled', 'alice')")
            for (column, value) in [
                ("state", "unknown"), ("since", try await Self.time(database)), ("item_count", "0"),
                ("unreadable_count", "0"), ("shown_state", "unknown"),
            ] { expected[column] = value }
            #expect(try await Self.state(database) == expected)
            #expect(try await Self.rows("mismatches", database) == [])
            #expect(try await Self.rows("unreadables", database) == [])
            let other = try await database.rows(
                "select state || ' ' || unreadable_count from driftwatch.drift_states where pack_name = 'other'",
                as: String.self)
            #expect(other == [pack == nil ? "unknown 0" : "compliant 1"])
            // Asked again, it is nothing new.
            try await database.advanceClock(by: .seconds(60))
            try await database.execute("select driftwatch.stop_watching('web-1', \(pack), 'disabled', 'alice')")
            #expect(try await Self.state(database) == expected)
        }
    }

    /// Whatever says where the server is and who logs in must be what the job looked at.
    @Test(arguments: ["address", "port", "ssh_user", "config_user", "connection", ""])
    func aResultCountsOnlyForTheServerThatWasLookedAt(changed: String) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.execute(
                """
                update driftwatch.servers set address = 'a', port = 22, ssh_user = 'u', config_user = 'c',
                    failing_streak = 2, failing_since = '2026-01-01Z', failing_reason = 'unreachable'
                """)
            try await database.execute("update driftwatch.drift_states set look_wanted_at = null")
            func seen(_ column: String, _ value: String) -> String { column == changed ? "other" : value }
            let counts = try await database.rows(
                """
                select driftwatch.begin_effects('web-1', null, \(seen("address", "a")),
                    \(changed == "port" ? 23 : 22)::integer, \(seen("ssh_user", "u")), \(seen("config_user", "c")),
                    \(seen("connection", "ssh")))
                """, as: Bool.self)
            #expect(counts == [changed.isEmpty])
            let streak = try await database.rows(
                "select concat_ws(' ', failing_streak, failing_reason, failing_since is null) from driftwatch.servers",
                as: String.self)
            #expect(streak == [changed.isEmpty ? "0 t" : "2 unreachable f"])
            let wanted = try await database.rows(
                "select look_wanted_at is not null from driftwatch.drift_states", as: Bool.self)
            #expect(wanted == [!changed.isEmpty], "what does not count is looked at again")
        }
    }

    @Test
    func aStreakKeepsItsBeginningAndTakesTheNewestReason() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.stopClock()
            let since = try await Self.time(database)
            for (streak, reason) in [(1, "unreachable"), (2, "login_timeout")] {
                let counts = try await database.rows(
                    "select driftwatch.begin_effects('web-1', \(reason), 'web-1', null, null, null, 'ssh')",
                    as: Bool.self)
                #expect(counts == [true])
                let failing = try await database.rows(
                    """
                    select concat_ws(' ', failing_streak, failing_reason, to_jsonb(failing_since) #>> '{}')
                    from driftwatch.servers
                    """, as: String.self)
                #expect(failing == ["\(streak) \(reason) \(since)"])
                try await database.advanceClock(by: .seconds(60))
            }
        }
    }

    @Test
    func aServerOnHoldIsNotSaidToFail() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.execute("select driftwatch.disable_drift_detection('web-1', 'moving house')")
            let counts = try await database.rows(
                "select driftwatch.begin_effects('web-1', 'unreachable', 'web-1', null, null, null, 'ssh')",
                as: Bool.self)
            #expect(counts == [false])
            #expect(try await database.rows("select failing_streak from driftwatch.servers", as: Int.self) == [0])
        }
    }

    @Test
    func aJobThatEndsWithoutALookAddsOnceToTheStreakIfItCountsAtAll() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/a"], "web": ["/b"]])
            func write(_ job: Int64, _ counts: Bool) async throws -> String {
                try await database.execute("select driftwatch.jobs_ended(array[\(job)::bigint], 'deadline', \(counts))")
                return try await database.rows(
                    """
                    select concat_ws(' ', failing_streak, (select count(*) from driftwatch.checks), failing_reason)
                    from driftwatch.servers
                    """, as: String.self)[0]
            }
            func enqueue() async throws -> Int64 {
                try await database.rows("select driftwatch.enqueue_check('web-1', 'test')", as: Int64.self)[0]
            }
            let first = try await enqueue()
            #expect(try await write(first, false) == "0 2")
            #expect(try await write(first, true) == "0 2", "its checks are there already")
            try await database.execute("update driftwatch.jobs set state = 'cancelled', finished_at = now()")
            let second = try await enqueue()
            #expect(try await write(second, true) == "1 4 deadline")
            #expect(try await write(second, true) == "1 4 deadline")
        }
    }
}
