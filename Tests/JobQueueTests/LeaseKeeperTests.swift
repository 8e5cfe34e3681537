import Dispatch
import Foundation
import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// When a lease is given up.
@Suite(.timeLimit(.minutes(2)))
struct LeaseKeeperTests {
    @Test
    func aRenewalThatHangsDelaysNothingAndWhatWasGivenUpIsNotRenewed() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            try await database.execute(
                "select driftwatch.register_worker('w', 'worker', 'here', 1, 'x', 1, '{default}')")
            var endless = database.settings
            (endless.lockTimeout, endless.statementTimeout, endless.callDeadline) = (.zero, .zero, .zero)
            let renewals = Database(endless, logger: .quiet)
            let (locked, isLocked) = AsyncStream<Void>.makeStream()
            let unlock = DispatchSemaphore(value: 0)

            async let renewalsAreHeldUp: Void = database.withTransaction { transaction in
                // A renewal skips rows that are held; it waits for a table.
                try transaction.execute("lock table driftwatch.workers in access exclusive mode")
                isLocked.yield()
                unlock.wait()
            }
            for await _ in locked { break }

            var settings = WorkerPoolSettings.testing("w")
            settings.lease = .seconds(1)
            settings.renewEvery = .milliseconds(20)
            let keeper = LeaseKeeper(store: QueueStore(database: renewals), settings: settings)
            let store = QueueStore(database: database)
            let claimed = try await store.claim(
                for: "w", queues: ["default"], atMost: 1, rescued: 1, lease: settings.lease,
                timeLimit: .seconds(60))
            let claim = try #require(claimed.first)
            let control = keeper.watch(claim)
            let keeping = Task { await keeper.run(logger: .quiet) }
            #expect(await control.untilInterrupted() == .leaseLost)
            unlock.signal()
            try await renewalsAreHeldUp
            // The renewal that hung may still count; the next does without this lease.
            try await database.advanceClock(by: .seconds(1))
            try await database.execute("update driftwatch.workers set started_at = driftwatch.clock()")
            try await database.wait(until: "workers where last_seen_at > started_at", counts: 1)
            #expect(try await database.count("jobs where lease_expires_at <= driftwatch.clock()") == 1)
            keeping.cancel()
            await keeping.value
            await renewals.close()
        }
    }
}
