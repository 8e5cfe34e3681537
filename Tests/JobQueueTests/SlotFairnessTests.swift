import Foundation
import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// What a slot does with the jobs of older slots, and whose turn it is where the workers never catch up.
@Suite(.timeLimit(.minutes(2)))
struct SlotFairnessTests {
    private static func fire(_ database: Database) async throws {
        try await database.execute(
            "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 hour')")
    }

    @Test(arguments: [Duration.zero, .seconds(600)])
    func underSteadyOverloadEveryServerHasItsTurn(spread: Duration) async throws {
        try await withMigratedDatabase { database in
            let servers = (1...12).map { "s\($0)" }
            for server in servers { try await database.makeServer(server) }
            try await database.execute("select driftwatch.set_schedule('default', '0 * * * *', 'UTC')")
            try await database.execute("update driftwatch.schedules set spread = \(spread)")
            let store = QueueStore(database: database)
            var turns: [String] = []
            for _ in 0..<8 {
                try await database.advanceClock(by: .seconds(3600))
                try await Self.fire(database)
                try await database.advanceClock(by: .seconds(600))
                _ = try await store.promote()
                // A third of what each slot asks for; that it fails gives nobody precedence.
                for claim in try await store.claimSome(4) {
                    turns.append(try #require(claim.job.serverID))
                    try await store.end(claim, .failed)
                }
            }
            #expect(Set(turns.prefix(12)).count == 12, "in three slots each one once: \(turns)")
            #expect(Set(turns.suffix(12)).count == 12)
        }
    }

    @Test
    func whoIsSupersededKeepsThePlaceInLineAndIsFoundWhereTheServerIsNow() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            try await database.advanceClock(by: .seconds(3600))
            try await database.execute("update driftwatch.servers set queue = 'dmz'")
            try await Self.fire(database)
            let jobs = try await database.rows(
                "select state || ' ' || queue || ' ' || (run_at < created_at) from driftwatch.jobs order by job_id",
                as: String.self)
            #expect(jobs == ["cancelled default false", "available dmz true"])
            #expect(try await database.count("checks where reason = 'superseded'") == 1)
        }
    }

    @Test
    func aServerThatIsNotEligibleAnyMoreIsSupersededWithoutACheck() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            try await database.execute("select driftwatch.disable_drift_detection('web-1', 'moving house')")
            try await database.advanceClock(by: .seconds(3600))
            try await Self.fire(database)
            #expect(try await database.count("jobs where state = 'cancelled'") == 1)
            #expect(try await database.count("checks") == 0)
        }
    }

    @Test
    func aServerThatIsNotEligibleAnyMoreDoesNotFail() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claim = try #require(try await store.claimSome(1).first)
            try await database.execute("select driftwatch.disable_drift_detection('web-1', 'moving house')")
            #expect(try await store.end(claim, .failed) == "failed")
            #expect(try await database.count("servers where failing_streak > 0") == 0)
            #expect(try await database.count("checks") == 0)
        }
    }

    @Test
    func aSpreadEndsBeforeTheNextSlot() async throws {
        try await withMigratedDatabase { database in
            for number in 1...20 { try await database.makeServer("s\(number)") }
            try await database.execute("select driftwatch.set_schedule('default', '0 * * * *', 'UTC')")
            try await database.execute("update driftwatch.schedules set spread = interval '1 day'")
            try await Self.fire(database)
            #expect(try await database.count("jobs where run_at > created_at + interval '1 hour'") == 0)
            #expect(try await database.count("jobs where run_at > created_at + interval '30 minutes'") > 0)
            let early: StaticString = "jobs where (state = 'available') <> (run_at <= created_at)"
            #expect(try await database.count(early) == 0, "whose turn comes later waits as scheduled")
        }
    }
}
