import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// What becomes of the checks and the failing streak of a server whose job ends without its handler: `jobs_ended`.
@Suite(.timeLimit(.minutes(2)))
struct EndedJobTests {
    @Test
    func aJobThatFailsGivesAFailedCheckToEachPackOfItsServerAndToNoOther() async throws {
        try await withMigratedDatabase { database in
            for (server, own) in [("a", "web"), ("b", "db")] {
                try await database.makeServer(server, packs: ["base": ["/etc/motd"], own: ["/etc/site"]])
            }
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            for claim in try await store.claimSome(2) where claim.job.serverID == "a" {
                try await store.end(claim, .failed)
            }
            let checks = try await database.rows(
                """
                select c.server_id || ' ' || c.pack_name from driftwatch.checks c
                join driftwatch.packs p on p.pack_name = c.pack_name and p.digest = c.pack_digest order by 1
                """, as: String.self)
            #expect(checks == ["a base", "a web"])
            let noted = try await database.rows(
                """
                select d.server_id || ' ' || d.pack_name from driftwatch.drift_states d
                join driftwatch.checks c on c.check_id = d.latest_check_id and c.pack_name = d.pack_name order by 1
                """, as: String.self)
            #expect(noted == ["a base", "a web"])
            #expect(try await database.count("drift_states where latest_check_id is not null") == 2)
        }
    }

    @Test
    func aJobThatFailsGivesAServerOnHoldNoCheckThoughOthersAreChecked() async throws {
        try await withJobs { database, store in
            for claim in try await store.claimSome(2) where claim.job.serverID == "a" {
                try await database.execute("select driftwatch.disable_drift_detection('a', 'work')")
                try await store.end(claim, .failed)
            }
            #expect(try await database.count("checks") == 0)
        }
    }

    /// `apply` locks in that order.
    @Test
    func aFailureWaitsForItsServerBeforeItHoldsADriftState() async throws {
        try await withJobs(["a"]) { database, store in
            let claim = try #require(try await store.claimSome(1).first)
            let (locked, isLocked) = AsyncStream<Void>.makeStream()
            async let applying: Void = database.withTransaction { transaction in
                defer { isLocked.finish() }
                try transaction.execute("select from driftwatch.servers for no key update")
                isLocked.finish()
                try transaction.waitUntilSomebodyWaits()
                try transaction.execute("select from driftwatch.drift_states for update nowait")
            }
            for await _ in locked {}
            #expect(try await store.end(claim, .failed) == "failed")
            try await applying
            #expect(try await database.count("servers where failing_streak = 1") == 1)
        }
    }

    struct Held: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var outcome: String
        var rows: SQL
    }

    @Test(arguments: [
        Held(
            testDescription: "another server", outcome: "failed",
            rows: "select from driftwatch.servers where server_id = 'b' for update"),
        Held(
            testDescription: "a row that refers to the server", outcome: "failed",
            rows: "select from driftwatch.servers where server_id = 'a' for key share"),
        Held(
            testDescription: "the server, and the job is only cancelled", outcome: "cancelled",
            rows: "select from driftwatch.servers where server_id = 'a' for update"),
    ])
    func theEndOfAJobDoesNotWaitFor(held: Held) async throws {
        try await withJobs { database, store in
            let claim = try #require(try await store.claimSome(2).first { $0.job.serverID == "a" })
            try await database.holding(held.rows) {
                let state = try await database.withoutWaiting(
                    "select driftwatch.settle_job(\(claim.job.id), \(claim.token), \(held.outcome))", as: String.self)
                #expect(state == [held.outcome])
            }
            #expect(try await database.count("checks where server_id = 'a' and verdict = 'failed'") == 1)
        }
    }

    /// It has attempts that ended otherwise, and its failed checks name none of these.
    @Test
    func aJobThatIsLostForTheLastTimeSaysHowItsLastAttemptEnded() async throws {
        try await withJobs(["a"]) { database, store in
            for timeLimit in [Duration.seconds(30), .seconds(600), .seconds(600)] {
                try await database.advanceClock(by: .seconds(61))
                _ = try await store.promote()
                #expect(try await store.claimSome(1, timeLimit: timeLimit).count == 1)
                try await database.advanceClock(by: timeLimit < .seconds(60) ? .seconds(31) : .seconds(61))
                #expect(try await store.rescue().count == 1)
            }
            #expect(try await database.count("job_attempts where outcome = 'deadline'") == 1)
            #expect(
                try await database.rows("select reason from driftwatch.checks", as: String.self) == ["lease_expired"])
            #expect(try await database.count("servers where failing_streak = 1 and failing_slots = 1") == 1)
        }
    }
}
