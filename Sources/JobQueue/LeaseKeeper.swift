import Logging
import Runtime
import Synchronization

/// Renews the leases of all running jobs in one statement, on its own connection.
///
/// Interrupts jobs that have lost their lease, were cancelled, or ran past their time limit.
///
/// By the local clock, a lease runs from the moment before its renewal was sent, and it is given up a margin before the
/// database would end it. So a worker that cannot reach the database stops writing before its successor starts, even while
/// a renewal hangs.
final class LeaseKeeper: Sendable {
    private struct Held {
        let job: Job
        let control: JobControl
        let deadline: ContinuousClock.Instant
        var believedUntil: ContinuousClock.Instant
    }

    private let store: QueueStore
    private let settings: WorkerPoolSettings
    private let now: @Sendable () -> ContinuousClock.Instant
    /// By token: this worker may claim a job again while the handler of its lost lease is still stopping.
    private let held = Mutex<[LeaseToken: Held]>([:])
    private let hasRenewed = WakeSignal()

    init(
        store: QueueStore, settings: WorkerPoolSettings,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.store = store
        self.settings = settings
        self.now = now
    }

    /// Watches over a job from its claim until it is forgotten.
    func watch(_ claim: Claim) -> JobControl {
        let control = JobControl()
        held.withLock {
            $0[claim.token] = Held(
                job: claim.job, control: control, deadline: claim.at + settings.timeLimit,
                believedUntil: claim.at + settings.lease - settings.leaseMargin)
        }
        return control
    }

    func forget(_ claim: Claim) { held.withLock { $0[claim.token] = nil } }

    /// Interrupts every running job.
    func interruptAll(_ why: Interruption) {
        for held in held.withLock({ Array($0.values) }) { held.control.interrupt(why) }
    }

    /// Returns when a renewal has worked, so that it has its connection and jobs may be claimed; or when the task is cancelled.
    ///
    /// One task may wait, once.
    func untilReady() async { await hasRenewed.untilRaised() }

    /// Runs until cancelled.
    func run(logger: Logger) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await Loop(every: self.settings.renewEvery, logger: logger, complaint: "leases not renewed").run {
                    try await self.renew()
                    self.hasRenewed.raise()
                }
            }
            group.addTask {
                await Loop(every: min(self.settings.renewEvery, .seconds(1)), logger: logger).run {
                    self.giveUpExpired(logger: logger)
                }
            }
        }
    }

    /// One round: interrupts the jobs whose lease or time is over.
    func giveUpExpired(logger: Logger) {
        let now = now()
        for held in held.withLock({ $0.values.filter(\.control.mayWrite) }) {
            if now >= held.believedUntil {
                logger.warning("lease given up: it could not be renewed", metadata: held.job.facts)
                held.control.interrupt(.leaseLost)
            } else if now >= held.deadline {
                held.control.interrupt(.deadline)
            }
        }
    }

    /// One round: renews all leases that are not given up.
    func renew() async throws {
        // What was given up stays so: its successor may be at work.
        let leases = held.withLock { $0.filter(\.value.control.mayWrite).mapValues(\.job.id) }
        let sentAt = now()
        let survivors = try await store.renew(leases, of: settings.workerID, for: settings.lease)
        for token in leases.keys {
            let control = held.withLock { held -> JobControl? in
                if survivors[token]?.isExtended == true {
                    held[token]?.believedUntil = sentAt + settings.lease - settings.leaseMargin
                }
                return held[token]?.control
            }
            guard let renewal = survivors[token] else {
                // A job that was settled while the statement ran is also missing; interrupting it has no effect.
                control?.interrupt(.leaseLost)
                continue
            }
            if renewal.cancelRequested { control?.interrupt(.cancelRequested) }
        }
    }
}
