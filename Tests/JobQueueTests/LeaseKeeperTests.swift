import Dispatch
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import JobQueue

/// When a lease is given up.
@Suite(.timeLimit(.minutes(2)))
struct LeaseKeeperTests {
    @Test
    func aLeaseIsGivenUpAMarginBeforeTheDatabaseEndsIt() async throws {
        try await withWatch { _, watch in
            watch.look(at: .seconds(54.9))
            #expect(watch.control.interruption == nil)
            watch.look(at: .seconds(55))
            #expect(watch.control.interruption == .leaseLost)
        }
    }

    @Test
    func aRenewedLeaseRunsFromTheMomentBeforeTheRenewalWasSent() async throws {
        try await withWatch { database, watch in
            let (locked, isLocked) = AsyncStream<Void>.makeStream()
            watch.time.set(.seconds(20))
            async let renewalIsHeldUp: Void = database.withTransaction { transaction in
                defer { isLocked.finish() }
                try transaction.execute("lock table driftwatch.workers in access exclusive mode")
                isLocked.finish()
                try transaction.waitUntilSomebodyWaits()
                watch.time.set(.seconds(50))
            }
            for await _ in locked {}
            try await watch.keeper.renew()
            try await renewalIsHeldUp
            watch.look(at: .seconds(74.9))
            #expect(watch.control.interruption == nil)
            watch.look(at: .seconds(75))
            #expect(watch.control.interruption == .leaseLost)
        }
    }

    @Test
    func aLeaseThatAHeldRowKeptFromBeingRenewedEndsWhenItWouldHave() async throws {
        try await withWatch { database, watch in
            watch.time.set(.seconds(20))
            try await database.holding("select from driftwatch.jobs for update") { try await watch.keeper.renew() }
            watch.look(at: .seconds(54.9))
            #expect(watch.control.interruption == nil)
            watch.look(at: .seconds(55))
            #expect(watch.control.interruption == .leaseLost)
        }
    }

    @Test
    func aJobThatWasTakenBackIsInterruptedByTheNextRenewal() async throws {
        try await withWatch { database, watch in
            try await watch.keeper.renew()
            #expect(watch.control.interruption == nil)
            try await database.advanceClock(by: .seconds(61))
            #expect(try await QueueStore(database: database).rescue().count == 1)
            try await watch.keeper.renew()
            #expect(watch.control.interruption == .leaseLost)
        }
    }

    @Test
    func aJobIsInterruptedAtItsTimeLimitAndItsEndMayStillBeWritten() async throws {
        try await withWatch(timeLimit: .seconds(30)) { _, watch in
            watch.look(at: .seconds(29.9))
            #expect(watch.control.interruption == nil)
            watch.look(at: .seconds(30))
            #expect(watch.control.interruption == .deadline)
            #expect(watch.control.mayWrite)
        }
    }

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

/// What a worker writes that has given its lease up.
@Suite(.timeLimit(.minutes(2)))
struct LostLeaseTests {
    @Test
    func nothingIsWrittenUnderALeaseThatWasGivenUpThoughTheDatabaseWouldLetIt() async throws {
        try await withWatch { database, watch in
            watch.control.interrupt(.leaseLost)
            let effects = Recorder<Void>()
            guard let lease = watch.claim.takeLease() else {
                Issue.record("the claim has no lease")
                return
            }
            let state = try await lease.end(
                as: Ending(.succeeded) { _ in effects.record(()) }, in: QueueStore(database: database),
                while: watch.control, logger: .quiet)
            #expect(state == nil)
            #expect(effects.all.isEmpty)
            #expect(try await database.state(of: watch.claim.job.id) == "running")
        }
    }
}

/// A keeper with a lease of 60 s and a margin of 5 s that watches over one job.
private struct Watch: Sendable {
    let claim: Claim
    let keeper: LeaseKeeper
    let control: JobControl
    let time: Time

    /// Lets the keeper look for what is over, so long after the claim.
    func look(at time: Duration) {
        self.time.set(time)
        keeper.giveUpExpired(logger: .quiet)
    }
}

/// The keeper's clock: it stands still until a test sets it.
private final class Time: Sendable {
    private let start: ContinuousClock.Instant
    private let passed = Mutex(Duration.zero)

    init(from start: ContinuousClock.Instant) { self.start = start }

    var now: ContinuousClock.Instant { start + passed.withLock(\.self) }

    func set(_ time: Duration) { passed.withLock { $0 = time } }
}

private func withWatch(
    timeLimit: Duration = .seconds(180), _ body: (Database, Watch) async throws -> Void
) async throws {
    try await withMigratedDatabase { database in
        try await database.makeServer("web-1")
        try await database.enqueueAll()
        let store = QueueStore(database: database)
        let claim = try #require(try await store.claimSome(1).first)
        var settings = WorkerPoolSettings(workerID: "w")
        (settings.lease, settings.leaseMargin, settings.timeLimit) = (.seconds(60), .seconds(5), timeLimit)
        let time = Time(from: claim.at)
        let keeper = LeaseKeeper(store: store, settings: settings, now: { time.now })
        try await body(database, Watch(claim: claim, keeper: keeper, control: keeper.watch(claim), time: time))
    }
}
