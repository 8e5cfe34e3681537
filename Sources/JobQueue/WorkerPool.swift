package import Logging
package import Postgres
package import Runtime
import ServiceLifecycle

/// Claims a job for each free place, runs its handler, and settles the result.
///
/// Any number of pools can work on the same queue. A job holds no connection while its handler runs. When the pool is asked
/// to stop, it claims no more jobs, gives the running ones a grace period, hands the rest back without counting the
/// attempt, and returns.
package struct WorkerPool: Service {
    private let store: QueueStore
    private let keeper: LeaseKeeper
    private let maintenance: Maintenance
    private let places: PlaceBook
    private let settings: WorkerPoolSettings
    private let handler: any JobHandler
    private let wake: WakeSignal
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// Makes a pool; nothing is claimed before ``run()``.
    ///
    /// `renewals` is for renewing leases, which must not wait for other calls: nothing is claimed before the first one has
    /// worked. `wake` is raised when there may be work.
    package init(
        database: Database, renewals: Database, settings: WorkerPoolSettings, handler: any JobHandler,
        wake: WakeSignal = WakeSignal(), clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        store = QueueStore(database: database)
        keeper = LeaseKeeper(store: QueueStore(database: renewals), settings: settings)
        maintenance = Maintenance(store: store, every: settings.rescueEvery, wake: wake, clock: clock)
        places = PlaceBook(total: settings.concurrency)
        self.settings = settings
        self.handler = handler
        self.wake = wake
        self.clock = clock
        self.logger = logger
    }

    package func run() async {
        Telemetry.started(places: settings.concurrency)
        let (claims, claimed) = AsyncStream<Held>.makeStream()
        await withTaskGroup { background in
            background.addTask { await keeper.run(logger: logger) }
            background.addTask { await maintenance.run(logger: logger) }
            background.addTask {
                await cancelWhenGracefulShutdown { await claimJobs(into: claimed) }
                claimed.finish()
                logger.info("draining")
                try? await clock.sleep(for: settings.grace, tolerance: nil)
                keeper.interruptAll(.shutdown)
            }
            await withDiscardingTaskGroup { jobs in
                for await held in claims { jobs.addTask { await execute(held) } }
            }
            background.cancelAll()
        }
    }

    private struct Held: Sendable {
        var claim: Claim
        var control: JobControl
    }

    /// Claims until cancelled.
    ///
    /// After a full batch it claims again at once; otherwise it waits for a signal or the poll.
    private func claimJobs(into claimed: AsyncStream<Held>.Continuation) async {
        await keeper.untilReady()
        let loop = Loop(
            every: settings.pollEvery, wake: wake, clock: clock, logger: logger, complaint: "no jobs claimed")
        await loop.rounds {
            guard let demand = places.demand else { return .paused }
            let jobs = try await claim(demand)
            for job in jobs { claimed.yield(job) }
            return jobs.count == demand.jobs ? .atOnce : .paused
        }
    }

    private func claim(_ demand: Places.Demand) async throws -> [Held] {
        let at = ContinuousClock.now
        let claims = try await store.claim(
            for: settings.workerID, queues: settings.queues, atMost: demand.jobs, rescued: demand.rescued,
            lease: settings.lease, timeLimit: settings.timeLimit + settings.timeLimitMargin)
        Telemetry.claimed(claims.count, in: at.duration(to: .now))
        return claims.map { claim in
            places.jobStarted(claim.token, rescued: claim.job.rescues > 0)
            return Held(claim: claim, control: keeper.watch(claim))
        }
    }

    private func execute(_ held: Held) async {
        let claim = held.claim
        let logger = logger.saying(claim.job.facts).saying(["job.attempt": "\(claim.job.attempt)"])
        let run = JobRun(
            claim: claim, handler: handler, control: held.control, store: store, logger: logger)
        let state = await run()
        keeper.forget(claim)
        places.jobEnded(claim.token)
        wake.raise()
        let duration = claim.at.duration(to: .now)
        Telemetry.ended(state, after: duration)
        logger.info("job ended", metadata: ["job.state": "\(state)", "duration.ms": "\(duration.milliseconds)"])
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
