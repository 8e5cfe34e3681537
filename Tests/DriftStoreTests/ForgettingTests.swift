import Foundation
import Postgres
import TestSupport
import Testing

/// What retention leaves: what is young, what belongs to something else, what somebody holds.
@Suite(.timeLimit(.minutes(2)))
struct ForgettingTests {
    /// A kind of history: two old rows, a lock on one of them, the call that forgets, and what is left.
    struct History: Sendable, CustomTestStringConvertible {
        var table: String
        var make: SQL
        var hold: SQL
        var forget: SQL
        var count: SQL

        var testDescription: String { table }
    }

    private static let old: SQL = "now() - interval '1000 days'"
    private static let records: SQL = "select driftwatch.forget_records(interval '365 days')"

    private static let histories = [
        History(
            table: "audit_log",
            make: """
                insert into driftwatch.audit_log (at, actor, action, subject)
                select \(old), 'old', 'x', n::text from generate_series(1, 2) n
                """,
            hold: "select from driftwatch.audit_log where actor = 'old' and subject = '1' for update", forget: records,
            count: "select count(*) from driftwatch.audit_log where actor = 'old'"),
        History(
            table: "slots",
            make: """
                insert into driftwatch.slots (schedule_name, slot_at, fired_at, enqueued, completed_at)
                select n::text, \(old), now(), 0, now() from generate_series(1, 2) n
                """,
            hold: "select from driftwatch.slots where schedule_name = '1' for update", forget: records,
            count: "select count(*) from driftwatch.slots"),
        History(
            table: "pack_versions",
            make: """
                insert into driftwatch.pack_versions (pack_name, digest, resolved, first_seen_at, replaced_at)
                select 'old', n::text, '{}', \(old), \(old) from generate_series(1, 2) n
                """,
            hold: "select from driftwatch.pack_versions where pack_name = 'old' and digest = '1' for update",
            forget: records, count: "select count(*) from driftwatch.pack_versions where pack_name = 'old'"),
        History(
            table: "servers",
            make: "update driftwatch.servers set removed_at = \(old) where server_id in ('gone-1', 'gone-2')",
            hold: "select from driftwatch.servers where server_id = 'gone-1' for update", forget: records,
            count: "select count(*) from driftwatch.servers where server_id like 'gone-%'"),
        History(
            table: "jobs",
            make: """
                insert into driftwatch.jobs (queue, kind, server_id, state, run_at, created_at, finished_at)
                select 'default', 'drift_check', 'web-1', 'cancelled', \(old), \(old), \(old) from generate_series(1, 2)
                """,
            hold: "select from driftwatch.jobs where job_id = (select min(job_id) from driftwatch.jobs) for update",
            forget: "select driftwatch.forget_jobs(interval '14 days')", count: "select count(*) from driftwatch.jobs"),
        History(
            table: "checks",
            make: """
                insert into driftwatch.checks (job_id, server_id, pack_name, verdict, reason, checked_at)
                select n, 'web-1', 'base', 'failed', 'x', \(old) from generate_series(1, 2) n
                """,
            hold: "select from driftwatch.checks where job_id = 1 for update",
            forget: "select forgotten from driftwatch.forget_checks(interval '90 days')",
            count: "select count(*) from driftwatch.checks"),
        History(
            table: "check_details",
            make: """
                with details as (
                    insert into driftwatch.check_details (server_id, pack_name, fingerprint, items)
                    select 'web-1', 'base', n::text, '[]' from generate_series(1, 2) n returning fingerprint)
                insert into driftwatch.checks (job_id, server_id, pack_name, verdict, reason, checked_at, fingerprint)
                select fingerprint::bigint, 'web-1', 'base', 'failed', 'x', \(old), fingerprint from details
                """,
            hold: "select from driftwatch.check_details where fingerprint = '1' for update",
            forget: "select forgotten from driftwatch.forget_checks(interval '90 days')",
            count: "select count(*) from driftwatch.checks"),
        History(
            table: "alerts",
            make: """
                insert into driftwatch.alerts (server_id, pack_name, title, message, mismatch_count, diff_path, check_id,
                    opened_at, updated_at, status, resolved_at, resolution)
                select 'web-1', 'base', 't', 'm', 1, '/', 1, \(old), \(old), 'resolved', \(old), 'compliant'
                from generate_series(1, 2)
                """,
            hold: "select from driftwatch.alerts where alert_id = 1 for update",
            forget: "select driftwatch.forget_alerts(interval '365 days')",
            count: "select count(*) from driftwatch.alerts"),
    ]

    private static func withServers(_ body: (Database) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            for server in ["gone-1", "gone-2"] {
                try await database.makeServer(server)
                try await database.execute("select driftwatch.remove_server(\(server), 'test')")
            }
            try await body(database)
        }
    }

    @Test(arguments: histories)
    func aRowThatSomebodyHoldsKeepsNoOtherFromGoing(history: History) async throws {
        try await Self.withServers { database in
            try await database.execute(history.make)
            try await database.holding(history.hold) {
                try await database.withTransaction { transaction in
                    try transaction.execute("set local lock_timeout = '2 s'")
                    try transaction.execute(history.forget)
                }
                let left = try await database.rows(history.count, as: Int.self)
                #expect(left == [1])
            }
            try await database.execute(history.forget)
            #expect(try await database.rows(history.count, as: Int.self) == [0])
        }
    }

    @Test
    func onlyWhatIsOldItselfGoes() async throws {
        try await Self.withServers { database in
            try await database.executeScript(
                """
                insert into driftwatch.audit_log (at, actor, action, subject) values (now(), 'young', 'x', 'x');
                insert into driftwatch.audit_log (at, actor, action, subject)
                values (now() - interval '1000 days', 'old', 'x', 'x');
                insert into driftwatch.slots (schedule_name, slot_at, fired_at, enqueued, completed_at)
                values ('whole', '2020-01-01', now(), 0, now()), ('not yet', '2020-01-01', now(), 0, null);
                insert into driftwatch.pack_versions (pack_name, digest, resolved, first_seen_at, replaced_at)
                values ('old', 'd', '{}', now(), '2020-01-01'), ('in force', 'd', '{}', now(), null);
                """)
            try await database.execute(Self.records)
            let left = try await database.rows(
                """
                select actor from driftwatch.audit_log where actor in ('old', 'young')
                union all select schedule_name from driftwatch.slots
                union all select pack_name from driftwatch.pack_versions where digest = 'd'
                """, as: String.self)
            #expect(left == ["young", "not yet", "in force"])
        }
    }

    @Test(arguments: ["jobs", "checks", "alerts"])
    func aRemovedServerStaysWhileThereIsSomethingOfIt(table: String) async throws {
        try await Self.withServers { database in
            try await database.executeScript(
                "update driftwatch.servers set removed_at = '2020-01-01' where server_id like 'gone-%'")
            for server in ["web-1", "gone-1"] {
                switch table {
                case "jobs":
                    try await database.execute(
                        """
                        insert into driftwatch.jobs (queue, kind, server_id, state, run_at, created_at, finished_at)
                        values ('default', 'drift_check', \(server), 'cancelled', now(), now(), now())
                        """)
                case "checks":
                    try await database.execute(
                        """
                        insert into driftwatch.checks (job_id, server_id, pack_name, verdict, reason, checked_at)
                        values (1 + (select count(*) from driftwatch.checks), \(server), 'base', 'failed', 'x', now())
                        """)
                default:
                    try await database.execute("select driftwatch.open_alert(\(server), 'base', 1, 1, '[]')")
                }
            }
            try await database.execute(Self.records)
            let left = try await database.rows(
                "select server_id from driftwatch.servers order by server_id", as: String.self)
            #expect(left == ["gone-1", "web-1"])
        }
    }

    /// Those that a check has, and those that no check has: the worker that stores one may not be done.
    @Test(arguments: [true, false])
    func detailsOfAnotherServerOrPackStay(withChecks: Bool) async throws {
        try await Self.withServers { database in
            try await database.executeScript(
                """
                insert into driftwatch.check_details (server_id, pack_name, fingerprint, items)
                select s, p, f, '[]'
                from unnest(array['web-1', 'web-2']) s, unnest(array['base', 'web']) p, unnest(array['f', 'g']) f;
                insert into driftwatch.checks (job_id, server_id, pack_name, verdict, reason, fingerprint, checked_at)
                select row_number() over (), d.server_id, d.pack_name, 'failed', 'x', d.fingerprint,
                       case when (d.server_id, d.pack_name, d.fingerprint) = ('web-1', 'base', 'f')
                            then '2020-01-01'::timestamptz else now() end
                from driftwatch.check_details d
                where \(withChecks) or (d.server_id, d.pack_name, d.fingerprint) = ('web-1', 'base', 'f');
                """)
            let forgotten = try await database.rows(
                "select forgotten from driftwatch.forget_checks(interval '90 days')", as: Int.self)
            #expect(forgotten == [1])
            let kept = try await database.rows(
                "select server_id || ' ' || pack_name || ' ' || fingerprint from driftwatch.check_details order by 1",
                as: String.self)
            #expect(
                kept == [
                    "web-1 base g", "web-1 web f", "web-1 web g", "web-2 base f", "web-2 base g", "web-2 web f",
                    "web-2 web g",
                ])
        }
    }

    /// Details that are gone keep no check, whatever others have the same fingerprint.
    @Test
    func aCheckWithoutItsDetailsGoesLikeOthers() async throws {
        try await Self.withServers { database in
            try await database.executeScript(
                """
                insert into driftwatch.check_details (server_id, pack_name, fingerprint, items)
                values ('web-1', 'base', 'g', '[]'), ('web-1', 'web', 'f', '[]'), ('web-2', 'base', 'f', '[]');
                insert into driftwatch.checks (job_id, server_id, pack_name, verdict, reason, fingerprint, checked_at)
                values (1, 'web-1', 'base', 'failed', 'x', 'f', '2020-01-01');
                """)
            try await database.execute("select driftwatch.forget_checks(interval '90 days')")
            #expect(try await database.rows("select count(*) from driftwatch.checks", as: Int.self) == [0])
        }
    }

    /// What keeps the check of its own id, among six that are old.
    @Test(
        arguments: [
            "update driftwatch.drift_states set last_check_id = 3 where server_id = 'web-1'",
            "update driftwatch.drift_states set latest_check_id = 3 where server_id = 'web-1'",
            """
            insert into driftwatch.mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
            values ('web-1', 'base', 'x', 'x', 'x', '{}', '{}', now(), 3)
            """,
            """
            insert into driftwatch.alerts
                (server_id, pack_name, title, message, mismatch_count, diff_path, check_id, opened_at, updated_at)
            values ('web-1', 'base', 't', 'm', 1, '/', 3, now(), now())
            """,
            """
            insert into driftwatch.outbox (alert_id, seq, destination, kind, payload, not_before, created_at)
            values (7, 1, 'default', 'drift_changed', '{"check_id": 3}', now(), now())
            """,
        ] as [SQL])
    func whatStandsOnACheckKeepsThatOneAlone(keeper: SQL) async throws {
        try await Self.withServers { database in
            try await database.execute(
                """
                insert into driftwatch.checks (job_id, server_id, pack_name, verdict, reason, checked_at)
                select n, 'web-1', 'base', 'failed', 'x', '2020-01-01' from generate_series(1, 6) n
                """)
            try await database.execute(keeper)
            try await database.execute("select driftwatch.forget_checks(interval '90 days')")
            #expect(try await database.rows("select check_id from driftwatch.checks", as: Int.self) == [3])
        }
    }
}
