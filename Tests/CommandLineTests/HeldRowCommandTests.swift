import Foundation
import Postgres
import TestSupport
import Testing

/// A row that a forgotten transaction holds is named by the commands that people ask, with whoever holds it.
@Suite(.timeLimit(.minutes(3)))
struct HeldRowCommandTests {
    private static func withFleet(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await lent.database.makeServer("web-1")
            try await lent.database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            try await body(lent.database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
        }
    }

    /// The session that ran `statement` and holds what it locked.
    private static func pid(_ statement: String, _ database: Database) async throws -> Int {
        try await database.rows(
            """
            select pid from pg_stat_activity
            where datname = current_database() and state = 'idle in transaction' and query = \(statement)
            """, as: Int.self)[0]
    }

    /// The pid, the role, since when, and the last statement.
    private static func blocker(_ statement: String, _ database: Database) async throws -> Regex<Substring> {
        let (pid, role) = (
            try await pid(statement, database), try await database.rows("select current_user::text", as: String.self)[0]
        )
        return try Regex(
            "its row is held by the session with pid \(pid) of \(role) .*since 20\\d\\d-\\d\\d-\\d\\dT\\S+, which ran: "
                + NSRegularExpression.escapedPattern(for: statement))
    }

    @Test
    func doctorNamesWhatHoldsADueJob() async throws {
        try await Self.withFleet { database, environment in
            let job = try await database.rows("select driftwatch.enqueue_check('web-1', 'bob')", as: Int64.self)[0]
            try await database.execute("update driftwatch.jobs set run_at = run_at - interval '2 minutes'")
            try await database.holding("select job_id from driftwatch.jobs for update") {
                try await database.advanceClock(by: .seconds(11))
                let doctor = try await Program.run(["doctor", "web-1"], environment)
                let line = try #require(
                    doctor.output.split(separator: "\n").first { $0.contains("job \(job) waits") }, "\(doctor)")
                #expect(line.hasPrefix("wrong"))
                #expect(
                    line.contains(try await Self.blocker("select job_id from driftwatch.jobs for update", database)),
                    "\(line)")
                #expect(doctor.output.contains("pg_terminate_backend"))
            }
            let after = try await Program.run(["doctor", "web-1"], environment)
            #expect(!after.output.contains("is held by"), "\(after)")
        }
    }

    @Test
    func doctorAndScheduleShowNameWhatHoldsTheSchedule() async throws {
        try await Self.withFleet { database, environment in
            try await database.holding("select cron from driftwatch.schedules for update") {
                let pid = try await Self.pid("select cron from driftwatch.schedules for update", database)
                let doctor = try await Program.run(["doctor", "web-1"], environment)
                let blocker = try await Self.blocker("select cron from driftwatch.schedules for update", database)
                #expect(doctor.output.contains(blocker), "\(doctor)")
                let show = try await Program.run(["schedule", "show"], environment)
                #expect(show.output.contains("the session with pid \(pid) of "), "\(show)")
                #expect(show.output.contains("which ran: select cron from driftwatch.schedules"), "\(show)")
                let json = try await Program.run(["schedule", "show", "--json"], environment)
                #expect(json.output.contains("pid \(pid)"), "\(json)")
            }
            let after = try await Program.run(["schedule", "show"], environment)
            #expect(!after.output.contains("which ran"), "\(after)")
        }
    }
}
