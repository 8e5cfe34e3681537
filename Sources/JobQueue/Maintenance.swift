import Logging
import Runtime

/// Work that each worker does for all: makes due jobs available, and takes back jobs that lost their worker.
///
/// It also logs jobs that nobody can take.
struct Maintenance: Sendable {
    let store: QueueStore
    /// How often lost jobs are looked for, ± 20 %; what is due is promoted every second.
    let every: Duration
    let wake: WakeSignal
    let clock: any Clock<Duration>

    /// Runs until cancelled.
    func run(logger: Logger) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await Loop(every: .seconds(1), clock: clock, logger: logger, complaint: "due jobs not promoted").run {
                    if try await store.promote() > 0 { wake.raise() }
                }
            }
            group.addTask {
                await Loop(every: every, clock: clock, logger: logger, complaint: "lost jobs not rescued").run {
                    try await rescue(logger: logger)
                }
            }
            group.addTask {
                var known: Set<QueueStore.HeldJob.ID> = []
                await Loop(every: every * 3, clock: clock, logger: logger, complaint: "held jobs not looked for").run {
                    known = try await reportHeldJobs(besides: known, logger: logger)
                }
            }
        }
    }

    /// Says once of each job that a session holds its row.
    private func reportHeldJobs(
        besides known: Set<QueueStore.HeldJob.ID>, logger: Logger
    ) async throws -> Set<QueueStore.HeldJob.ID> {
        let held = try await store.heldJobs()
        for job in held where !known.contains(job.id) {
            logger.warning("a due job is skipped: another session holds its row", metadata: job.facts)
        }
        return Set(held.map(\.id))
    }

    private func rescue(logger: Logger) async throws {
        for job in try await store.rescue() {
            Telemetry.rescued(into: job.state)
            logger.warning("job rescued", metadata: job.facts)
            if job.state == "available" { wake.raise() }
        }
    }
}
