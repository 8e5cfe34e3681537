import Logging

/// Work that each worker does for all: makes due jobs available, and takes back jobs that lost their worker.
struct Maintenance: Sendable {
    let store: QueueStore
    /// How often lost jobs are looked for, ± 30 %; what is due is promoted every second.
    let every: Duration
    let wake: WakeSignal
    let clock: any Clock<Duration>

    /// Runs until cancelled.
    func run(logger: Logger) async {
        var delays = RetryDelays()
        var untilRescue = Duration.zero
        while !Task.isCancelled {
            var pause = Duration.seconds(1) * Double.random(in: 0.8...1.2)
            do {
                if try await store.promote() > 0 { wake.raise() }
                if untilRescue <= .zero {
                    try await rescue(logger: logger)
                    untilRescue = every * Double.random(in: 0.7...1.3)
                }
                delays.reset()
            } catch {
                pause = delays.next()
                if !Task.isCancelled { logger.warning("queue not maintained", metadata: ["error": "\(error)"]) }
            }
            untilRescue -= pause
            try? await clock.sleep(for: pause, tolerance: nil)
        }
    }

    private func rescue(logger: Logger) async throws {
        for job in try await store.rescue() {
            Telemetry.rescued(into: job.state)
            logger.warning(
                "job rescued",
                metadata: [
                    "job.id": "\(job.jobID)", "worker.id": "\(job.worker)", "job.rescues": "\(job.rescues)",
                    "job.state": "\(job.state)",
                ])
            if job.state == "available" { wake.raise() }
        }
    }
}
