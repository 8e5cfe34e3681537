import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// The views of the queue.
@Suite(.timeLimit(.minutes(2)))
struct QueueViewTests {
    @Test
    func whatDoesNotMoveIsShownWithItsReason() async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b", "c", "d"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claims = try await store.claimSome(3)
            try await store.end(claims[0], .noPlace(retryAfter: .seconds(3)))
            try await store.end(claims[1], .succeeded)
            try await database.execute("update driftwatch.jobs set queue = 'dmz' where state = 'available'")
            try await database.execute("insert into driftwatch.queues values ('dmz', now(), 'me', 'moving house')")
            try await database.advanceClock(by: .seconds(65))
            let stuck = try await database.rows(
                "select state || ': ' || why from driftwatch.queue_stuck order by 1", as: String.self)
            #expect(
                stuck == [
                    "available: its queue is paused: moving house",
                    "running: its lease has expired; a worker will take it back",
                    "scheduled: it is due, but no running worker has made it available",
                ])
            let health = try await database.rows(
                "select concat_ws(' ', queue, available, waiting, running) from driftwatch.queue_health order by queue",
                as: String.self)
            #expect(health == ["default 0 1 1", "dmz 1 0 0"])
        }
    }

    @Test
    func whatWasNeverLookedAtGrowsStaleLikeTheRest() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            func stale() async throws -> [Bool?] {
                try await database.rows("select stale from driftwatch.fleet_status", as: Bool?.self)
            }
            #expect(try await stale() != [true])
            try await database.execute(
                """
                insert into driftwatch.schedules (schedule_name, cron, time_zone, next_slot_at, following_slot_at, updated_at)
                select 'default', '0 6 * * *', 'UTC', driftwatch.clock() + interval '1 day',
                    driftwatch.clock() + interval '2 days', driftwatch.clock()
                """)
            try await database.advanceClock(by: .seconds(2 * 86_400 - 60))
            #expect(try await stale() != [true])
            try await database.advanceClock(by: .seconds(120))
            #expect(try await stale() == [true])
        }
    }
}
