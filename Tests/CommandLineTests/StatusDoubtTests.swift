import Postgres
import TestSupport
import Testing

/// Each fault by itself makes `status --check` say so.
@Suite(.timeLimit(.minutes(3)))
struct StatusDoubtTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let what: String
        var status = 4
        var says = ""
        let make: @Sendable (Database) async throws -> Void
        var testDescription: String { what }

        static func sql(_ what: String, status: Int = 4, says: String = "", _ statement: SQL) -> Fault {
            Fault(what: what, status: status, says: says) { try await $0.execute(statement) }
        }
    }

    @Test(arguments: [
        Fault(what: "nothing", status: 0) { _ in },
        Fault(what: "drift", status: 1) { try await $0.judge("web-1", wrong: ["/a"]) },
        Fault(what: "an item that never could be read") { try await $0.judge("web-1", unreadable: ["/a"]) },
        Fault(what: "drift beside doubt", status: 1) { try await $0.judge("web-1", wrong: ["/a"], unreadable: ["/b"]) },
        .sql("a server that cannot be looked at", "select driftwatch.note_look('web-1', 'unreachable')"),
        Fault(what: "a newest check that failed") { database in
            let job = try await database.rows("select driftwatch.enqueue_check('web-1', 'test')", as: Int64.self)[0]
            try await database.execute("select driftwatch.jobs_ended(array[\(job)::bigint], 'superseded', false)")
        },
        .sql("a stale verdict", "update driftwatch.drift_states set last_checked_at = '2026-01-01'"),
        Fault(what: "a first check that is overdue") { database in
            try await database.makeServer("web-2", packs: ["more": ["/a"]])
            try await database.execute(
                """
                update driftwatch.drift_states set since = driftwatch.clock() - interval '11 minutes'
                where server_id = 'web-2'
                """)
        },
        .sql("no schedule", says: "there is no schedule", "delete from driftwatch.schedules"),
        .sql(
            "a slot that is overdue", says: " is overdue: ",
            "update driftwatch.schedules set next_slot_at = driftwatch.clock() - interval '3 minutes'"),
        .sql(
            "no scheduler", says: "no scheduler is alive",
            "update driftwatch.workers set state = 'stopped' where process = 'scheduler'"),
        .sql(
            "no worker", says: "no worker is alive",
            "update driftwatch.workers set state = 'stopped' where process = 'worker'"),
        .sql(
            "messages that are not delivered", says: "messages to default are not delivered",
            "update driftwatch.destinations set paused_at = driftwatch.clock()"),
        Fault(what: "a server on hold, whatever its state", status: 0) { database in
            try await database.execute("select driftwatch.disable_drift_detection('web-1', 'moving house')")
            try await database.execute("update driftwatch.drift_states set last_checked_at = '2026-01-01'")
        },
    ])
    func oneFaultIsEnough(_ fault: Fault) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let database = lent.database
            try await database.makeServer("web-1", packs: ["base": ["/a", "/b", "/c"]])
            try await database.watch(cron: "0 6 * * *", timeZone: "UTC")
            try await database.judge("web-1")
            // A verdict of January is stale only once two slots have been due since.
            try await database.execute("update driftwatch.schedules set due_before_last_at = '2026-01-02'")
            try await fault.make(database)
            let result = try await StatusProgram(environment: ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
                .run(["--check"])
            #expect(result.status == fault.status, "\(result)")
            #expect(fault.says.isEmpty || result.output.contains(fault.says), "\(result)")
        }
    }
}
