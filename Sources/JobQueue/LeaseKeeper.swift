import Logging
import Synchronization

/// Renews the leases of all running jobs in one statement, on a connection of its own, and interrupts the jobs whose
/// lease is lost, that somebody cancelled, or that ran past their time.
///
/// A lease is believed in from the moment before the statement was sent that renewed it, by the local clock, and given
/// up a margin before the database would: a worker that cannot reach the database stops writing before its successor
/// starts.
final class LeaseKeeper: Sendable {
    private struct Held {
        let jobID: Int64
        let control: JobControl
        let deadline: ContinuousClock.Instant
        var believedUntil: ContinuousClock.Instant
    }

    private let store: QueueStore
    private let settings: WorkerPoolSettings
    private let clock = ContinuousClock()
    /// By token: a job whose lease was lost may be claimed again here while its first handler still winds down.
    private let held = Mutex<[LeaseToken: Held]>([:])

    init(store: QueueStore, settings: WorkerPoolSettings) {
        self.store = store
        self.settings = settings
    }

    /// Watches over a job that was claimed by a statement sent at `claimedAt`.
    func watch(_ job: Int64, _ token: LeaseToken, claimedAt: ContinuousClock.Instant) -> JobControl {
        let control = JobControl()
        held.withLock {
            $0[token] = Held(
                jobID: job, control: control, deadline: claimedAt + settings.timeLimit,
                believedUntil: claimedAt + settings.lease - settings.leaseMargin)
        }
        return control
    }

    func forget(_ token: LeaseToken) { held.withLock { $0[token] = nil } }

    /// Interrupts every running job.
    func interruptAll(_ why: Interruption) {
        for held in held.withLock({ Array($0.values) }) { held.control.interrupt(why) }
    }

    /// Runs until cancelled.
    func run(logger: Logger) async {
        var delays = RetryDelays(to: .seconds(5))
        var wait = settings.renewEvery
        while !Task.isCancelled {
            try? await clock.sleep(for: min(wait, .seconds(1)))
            wait -= .seconds(1)
            giveUpExpired(logger: logger)
            guard wait <= .zero, !Task.isCancelled else { continue }
            do {
                try await renew(logger: logger)
                delays.reset()
                wait = settings.renewEvery
            } catch {
                wait = delays.next()
                logger.warning("leases not renewed", metadata: ["error": "\(error)"])
            }
        }
    }

    private func giveUpExpired(logger: Logger) {
        let now = clock.now
        for held in held.withLock({ Array($0.values) }) {
            if now >= held.believedUntil {
                logger.warning("lease given up: it could not be renewed", metadata: ["job.id": "\(held.jobID)"])
                held.control.interrupt(.leaseLost)
            } else if now >= held.deadline {
                held.control.interrupt(.deadline)
            }
        }
    }

    private func renew(logger: Logger) async throws {
        let leases = held.withLock { $0.mapValues(\.jobID) }
        let sentAt = clock.now
        let survivors = try await store.renew(leases, of: settings.workerID, for: settings.lease)
        for token in leases.keys {
            let control = held.withLock { held -> JobControl? in
                if survivors[token] != nil {
                    held[token]?.believedUntil = sentAt + settings.lease - settings.leaseMargin
                }
                return held[token]?.control
            }
            switch survivors[token] {
            case .none:
                // Also seen for a job that was settled while the statement ran; its control is not asked any more.
                control?.interrupt(.leaseLost)
            case .some(true): control?.interrupt(.cancelRequested)
            case .some(false): break
            }
        }
    }
}
