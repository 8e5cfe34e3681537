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
    /// `renewals` is a separate connection for renewing leases, so that they never wait for the other pool. `wake` is raised
    /// when there may be work.
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
        let (claims, claimed) = AsyncStream<Claim>.makeStream()
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
                for await claim in claims { jobs.addTask { await execute(claim) } }
            }
            background.cancelAll()
        }
    }

    private struct Claim: Sendable {
        var job: Job
        var token: LeaseToken
        var control: JobControl
        var at: ContinuousClock.Instant
    }

    /// Claims until cancelled.
    ///
    /// After a full batch it claims again at once; otherwise it waits for a signal or the poll.
    private func claimJobs(into claimed: AsyncStream<Claim>.Continuation) async {
        let loop = Loop(
            every: settings.pollEvery, wake: wake, clock: clock, logger: logger, complaint: "no jobs claimed")
        await loop.rounds {
            guard let demand = places.demand else { return .paused }
            let jobs = try await claim(demand)
            for job in jobs { claimed.yield(job) }
            return jobs.count == demand.jobs ? .atOnce : .paused
        }
    }

    private func claim(_ demand: Places.Demand) async throws -> [Claim] {
        let at = ContinuousClock.now
        let jobs = try await store.claim(
            for: settings.workerID, queues: settings.queues, atMost: demand.jobs, rescued: demand.rescued,
            lease: settings.lease, timeLimit: settings.timeLimit + settings.timeLimitMargin)
        Telemetry.claimed(jobs.count)
        return jobs.map { job, token in
            places.jobStarted(token, rescued: job.rescues > 0)
            return Claim(job: job, token: token, control: keeper.watch(job.id, token, claimedAt: at), at: at)
        }
    }

    private func execute(_ claim: Claim) async {
        var logger = logger
        logger[metadataKey: "job.id"] = "\(claim.job.id)"
        logger[metadataKey: "job.attempt"] = "\(claim.job.attempt)"
        if let schedule = claim.job.schedule { logger[metadataKey: "schedule.name"] = "\(schedule)" }
        let attempt = await work(on: claim.job, under: claim.control)
        let ending = await conclude(attempt, of: claim, logger: logger)
        keeper.forget(claim.token)
        places.jobEnded(claim.token)
        wake.raise()
        let duration = claim.at.duration(to: .now)
        Telemetry.ended(ending, after: duration)
        logger.info("job ended", metadata: ["job.state": "\(ending)", "duration.ms": "\(duration.milliseconds)"])
    }

    /// Runs the handler until it is done, cancelling it when the job is interrupted.
    private func work(on job: Job, under control: JobControl) async -> Attempt {
        await withTaskGroup(of: Attempt?.self) { group in
            group.addTask {
                do {
                    return .finished(try await handler.handle(job))
                } catch  where Task.isCancelled {
                    // Whatever the error is: a statement or a program that was stopped reports it in different ways.
                    return .interrupted
                } catch {
                    return .finished(JobResult(.retry(FailureNote(label: "unexpected", message: "\(error)"))))
                }
            }
            group.addTask {
                _ = await control.untilInterrupted()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            return await group.next().flatMap { $0 } ?? .interrupted
        }
    }

    /// Stores how the attempt ended, and returns it as one word.
    private func conclude(_ attempt: Attempt, of claim: Claim, logger: Logger) async -> String {
        let lease = Lease(jobID: claim.job.id, token: claim.token)
        do {
            switch Conclusion.of(attempt, interruptedBy: claim.control.interruption) {
            case .settle(let settlement, let withEffects):
                let effects: JobResult.Effects? =
                    if case .finished(let result) = attempt, withEffects { result.effects } else { nil }
                return say(
                    try await settle(lease, as: settlement, effects: effects, of: claim, logger: logger), logger)
            case .release(let outcome, let delay):
                let ending = try await lease.release(outcome, after: delay, in: store, while: claim.control)
                return say(ending == .lost ? .lost : .done(state: "released"), logger)
            case .drop:
                return say(.lost, logger)
            }
        } catch {
            // The lease will expire, and another worker will take the job.
            logger.error("the job's result could not be stored", metadata: ["error": "\(error)"])
            return "unwritten"
        }
    }

    /// If the database refuses the effects permanently, the attempt ends as a fault, without effects.
    private func settle(
        _ lease: consuming Lease, as settlement: Settlement, effects: JobResult.Effects?, of claim: Claim,
        logger: Logger
    ) async throws -> Lease.Ending {
        do {
            return try await lease.settle(as: settlement, effects: effects, in: store, while: claim.control)
        } catch {
            guard effects != nil, !Task.isCancelled else { throw error }
            logger.error("the job's effects were refused", metadata: ["error": "\(error)"])
            let note = FailureNote(label: "effects_refused", message: "\(error)")
            return try await Lease(jobID: claim.job.id, token: claim.token).settle(
                as: Settlement(outcome: .retry, note: note), effects: nil, in: store, while: claim.control)
        }
    }

    private func say(_ ending: Lease.Ending, _ logger: Logger) -> String {
        switch ending {
        case .done(let state):
            return state
        case .lost:
            logger.warning("lease lost: the result was dropped")
            return "lost"
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
