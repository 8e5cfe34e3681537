import Dispatch
import Foundation
import Logging
import Postgres
import Runtime
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import JobQueue

/// Whole pools, on a real queue.
@Suite(.timeLimit(.minutes(2)))
struct WorkerPoolTests {
    @Test
    func everyJobIsDoneOnceByAnyNumberOfPools() async throws {
        try await withMigratedDatabase { database in
            for number in 0..<60 { try await database.makeServer("s\(number)") }
            try await database.enqueueAll()
            let done = Recorder<Int64>()
            let handler = ClosureHandler { job in
                Ending(.succeeded) { transaction in
                    try transaction.execute("select driftwatch.write_audit('test', 'done', \("\(job.id)"))")
                    done.record(job.id)
                }
            }
            try await withPools(3, on: database, handler: handler) { _ in
                try await database.wait(until: "jobs where state = 'succeeded'", counts: 60)
            }
            #expect(done.all.count == 60)
            #expect(try await database.count("audit_log where action = 'done'") == 60)
            #expect(try await database.count("attempts where outcome = 'succeeded'") == 60)
            #expect(try await database.count("job_attempts") == 0, "a plain success is said once, by its job")
        }
    }

    @Test
    func losingTheLeaseCancelsTheHandlerAndDropsTheResult() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let attempts = Recorder<Int>()
            let cancelled = Recorder<Int64>()
            let handler = ClosureHandler { job in
                if attempts.record(job.rescues) == 1 {
                    // Until it is cancelled.
                    do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.record(job.id) }
                }
                // The stale one goes on to report, as if it had not noticed.
                return Ending(.succeeded) { transaction in
                    try transaction.execute("select driftwatch.write_audit('test', \("rescues \(job.rescues)"), 'x')")
                }
            }
            try await withPools(1, on: database, handler: handler, adjust: { $0.renewEvery = .milliseconds(50) }) { _ in
                await attempts.wait(for: 1)
                // Another worker's sweep finds the lease run out before a renewal can.
                try await database.withTransaction { transaction in
                    try transaction.execute("update driftwatch.test_clock set shift = shift + interval '61 s'")
                    try transaction.execute("select driftwatch.rescue_jobs()")
                }
                try await database.wait(until: "jobs where state = 'succeeded'", counts: 1)
            }
            #expect(cancelled.all.count == 1)
            #expect(try await database.count("audit_log where action = 'rescues 0'") == 0)
            #expect(try await database.count("audit_log where action = 'rescues 1'") == 1)
        }
    }

    @Test
    func aStopHandsUnfinishedJobsBackWithTheAttemptRefunded() async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b", "c"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            let started = Recorder<Int64>()
            let handler = ClosureHandler { job in
                started.record(job.id)
                // Until it is cancelled.
                try await Task.sleep(for: .seconds(60))
                return Ending(.succeeded)
            }
            try await withPools(1, on: database, handler: handler, adjust: { $0.grace = .milliseconds(50) }) { _ in
                await started.wait(for: 3)
            }
            #expect(try await database.count("jobs where state = 'available' and attempt = 0") == 3)
            #expect(try await database.count("job_attempts where outcome = 'interrupted'") == 3)
        }
    }

    @Test
    func aStopLetsJobsFinishWithinTheGraceAndClaimsNoMore() async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            let started = Recorder<Int64>()
            let finish = Gate()
            let handler = ClosureHandler { job in
                started.record(job.id)
                await finish.wait()
                return Ending(.succeeded)
            }
            try await withPools(1, on: database, handler: handler, adjust: { $0.concurrency = 1 }) { stop in
                await started.wait(for: 1)
                stop()
                finish.open()
            }
            #expect(try await database.count("jobs where state = 'succeeded'") == 1)
            #expect(try await database.count("jobs where state = 'available'") == 1)
        }
    }

    @Test
    func aPoolOutlivesTheLossOfAllItsConnections() async throws {
        try await withMigratedDatabase { database in
            for number in 0..<20 { try await database.makeServer("s\(number)") }
            let handler = ClosureHandler { _ in Ending(.succeeded) }
            try await withPools(1, on: database, handler: handler) { _ in
                for round in 1...3 {
                    try await database.advanceClock(by: .seconds(60))
                    try await database.enqueueAll()
                    _ = try? await database.execute(
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid()
                        """)
                    try await database.wait(until: "jobs where state in ('succeeded', 'cancelled')", counts: 20 * round)
                }
            }
        }
    }

    @Test
    func effectsThatTheDatabaseRefusesEndTheAttemptAsAFault() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let handler = ClosureHandler { _ in
                Ending(.succeeded) { try $0.execute("insert into driftwatch.assignments values ('x', 'y', now())") }
            }
            try await withPools(1, on: database, handler: handler) { _ in
                try await database.wait(until: "job_attempts where error_class = 'effects_refused'", counts: 1)
            }
            #expect(try await database.count("jobs where state = 'succeeded'") == 0)
        }
    }

    @Test
    func anErrorOfTheHandlerIsAPassingFault() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            struct Fault: Error {}
            try await withPools(1, on: database, handler: ClosureHandler { _ in throw Fault() }) { _ in
                try await database.wait(until: "jobs where state = 'retryable'", counts: 1)
            }
            #expect(
                try await database.count("job_attempts where outcome = 'retry' and error_class = 'unexpected'") == 1)
        }
    }

    @Test
    func aHandlerWhoseStatementIsCancelledByAStopWasInterrupted() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let started = Recorder<Int64>()
            let handler = ClosureHandler { job in
                started.record(job.id)
                try await database.execute("select pg_sleep(60)")
                return Ending(.succeeded)
            }
            try await withPools(1, on: database, handler: handler, adjust: { $0.grace = .zero }) { _ in
                await started.wait(for: 1)
            }
            #expect(try await database.count("jobs where state = 'available' and attempt = 0") == 1)
            #expect(try await database.count("job_attempts where outcome = 'interrupted'") == 1)
        }
    }

    @Test
    func aJobIsTakenBackOnlySomeTimeAfterItsWorkerInterruptsIt() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let seen = Recorder<Int>()
            let handler = ClosureHandler { _ in
                seen.record(try await database.count("jobs where deadline_at = claimed_at + interval '130 s'"))
                return Ending(.succeeded)
            }
            try await withPools(1, on: database, handler: handler, adjust: { $0.timeLimit = .seconds(100) }) { _ in
                await seen.wait(for: 1)
            }
            #expect(seen.all == [1])
        }
    }

    @Test
    func nothingIsClaimedBeforeLeasesCanBeRenewed() async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            var settings = database.settings
            settings.poolSize = 1
            let renewals = Database(settings, logger: .quiet)
            let handler = ClosureHandler { _ in Ending(.succeeded) }
            let (taken, isTaken) = AsyncStream<Void>.makeStream()
            let release = DispatchSemaphore(value: 0)
            // The only connection for renewals is taken.
            async let holding: Void = renewals.withTransaction { _ in
                isTaken.finish()
                release.wait()
            }
            // Whatever happens below, the connection comes back, or the test would not end.
            defer { release.signal() }
            for await _ in taken {}
            try await withPools(1, on: database, renewals: renewals, handler: handler) { _ in
                // It is at work otherwise: it promotes, once a second. So after the second time it has asked for jobs often.
                for _ in 1...2 {
                    try await database.execute(
                        "update driftwatch.jobs set state = 'scheduled' where state = 'available'")
                    try await database.wait(until: "jobs where state <> 'scheduled'", counts: 2)
                }
                #expect(try await database.count("jobs where state = 'available' and attempt = 0") == 2)
                release.signal()
                try await database.wait(until: "jobs where state = 'succeeded'", counts: 2)
            }
            try await holding
            await renewals.close()
        }
    }

    @Test
    func aSignalWakesAnIdlePoolBeforeItsPoll() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            let wake = WakeSignal()
            let done = Recorder<Int64>()
            let clock = ManualClock()
            let pool = WorkerPool(
                database: database, renewals: database, settings: .testing("w"),
                handler: ClosureHandler {
                    done.record($0.id); return Ending(.succeeded)
                },
                wake: wake, clock: clock, logger: .quiet)
            await withTaskGroup { group in
                group.addTask { await pool.run() }
                group.addTask {
                    // The clock never moves: only the signal can wake the pool.
                    _ = try? await clock.nextSleep()
                    _ = try? await database.enqueueAll()
                    wake.raise()
                    await done.wait(for: 1)
                }
                _ = await group.next()
                group.cancelAll()
            }
            #expect(done.all.count == 1)
        }
    }
}

/// How an attempt ends, for everything that can come of it.
@Suite
struct EndingTests {
    private static let note = FailureNote(label: "x", message: "y")
    private static let outcomes: [Ending.Outcome] = [
        .succeeded, .failed, .cancelled, .retry, .noPlace(retryAfter: .seconds(1)), .interrupted,
    ]

    @Test(arguments: outcomes, [nil, Interruption.cancelRequested, .deadline, .shutdown])
    func aResultThatCameInTimeCounts(outcome: Ending.Outcome, interruption: Interruption?) throws {
        let returned = Ending(outcome, note: Self.note) { _ in }
        let ending = try #require(Ending.decide(returned, interruptedBy: interruption))
        #expect(ending.outcome == outcome)
        #expect(ending.note == Self.note)
        #expect(ending.effects != nil)
    }

    private static let interrupted: [(Interruption?, Ending.Outcome, String?)] = [
        (.cancelRequested, .cancelled, "cancelled"), (.deadline, .retry, "deadline"), (.shutdown, .interrupted, nil),
        (nil, .interrupted, nil),
    ]

    @Test(arguments: interrupted)
    func whatInterruptedAHandlerBecomesItsEnding(why: Interruption?, outcome: Ending.Outcome, label: String?) throws {
        let ending = try #require(Ending.decide(nil, interruptedBy: why))
        #expect(ending.outcome == outcome)
        #expect(ending.note?.label == label)
        #expect(ending.effects == nil)
    }

    @Test(arguments: outcomes + [nil])
    func aLostLeaseForbidsToWriteAnything(outcome: Ending.Outcome?) {
        let ending = Ending.decide(outcome.map { Ending($0) }, interruptedBy: .leaseLost)
        #expect(ending == nil)
    }

    @Test
    func aClaimGivesItsLeaseAwayOnce() {
        let claim = Claim(Job(id: 1, serverID: nil), LeaseToken(), at: .now)
        let isThere = { if claim.takeLease() != nil { true } else { false } }
        #expect(isThere())
        #expect(!isThere())
    }

    @Test
    func aLostLeaseOverridesAnEarlierInterruptionAndNothingOverridesIt() {
        let control = JobControl()
        control.interrupt(.shutdown)
        control.interrupt(.deadline)
        #expect(control.interruption == .shutdown)
        control.interrupt(.leaseLost)
        control.interrupt(.shutdown)
        #expect(control.interruption == .leaseLost)
        #expect(!control.mayWrite)
    }

    @Test(arguments: [(0, 0, 8, 1), (3, 0, 5, 1), (3, 1, 5, 0), (7, 1, 1, 0)])
    func placesAskForWhatIsFree(held: Int, rescued: Int, jobs: Int, mayBeRescued: Int) {
        var places = Places(total: 8)
        for id in 0..<held { places.jobStarted(LeaseToken(), rescued: id < rescued) }
        #expect(places.demand == Places.Demand(jobs: jobs, rescued: mayBeRescued))
    }

    @Test
    func fullPlacesAskForNothing() {
        var places = Places(total: 1)
        let token = LeaseToken()
        places.jobStarted(token, rescued: false)
        #expect(places.demand == nil)
        places.jobEnded(token)
        #expect(places.demand?.jobs == 1)
    }
}
