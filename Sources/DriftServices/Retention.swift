import DriftStore
package import Logging
package import Postgres
import Runtime
import ServiceLifecycle

/// Deletes old history, in batches of a thousand rows, each in a short transaction of its own.
///
/// What a state, an unresolved alert or an unsent message stands on stays, whatever its age. Any number may run.
package struct Retention: Service {
    private let database: Database
    private let policy: RetentionPolicy
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        database: Database, policy: RetentionPolicy, clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.database = database
        self.policy = policy
        self.clock = clock
        self.logger = logger
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            await Loop(every: .seconds(3600), clock: clock, logger: logger).run {
                try await forgetHistory()
            }
        }
    }

    /// One round over all history.
    package func forgetHistory(batch: Int = 1000) async throws {
        var checks = 0
        if let age = policy.checks {
            var place: HistoryStore.Place? = .start
            while let here = place, !Task.isCancelled {
                let (forgotten, next) = try await database.withTransaction {
                    try HistoryStore.forgetChecks(olderThan: age, after: here, atMost: batch, in: $0)
                }
                checks += forgotten
                place = next
            }
        }
        let jobs = try await forget(.jobs, olderThan: policy.jobs, batch: batch)
        let alerts = try await forget(.alerts, olderThan: policy.events, batch: batch)
        let records = try await forget(.records, olderThan: policy.events, batch: batch)
        guard checks + jobs + alerts + records > 0 else { return }
        logger.info(
            "old history deleted",
            metadata: ["checks": "\(checks)", "jobs": "\(jobs)", "alerts": "\(alerts)", "records": "\(records)"])
    }

    private func forget(_ kind: HistoryStore.Kind, olderThan age: Duration?, batch: Int) async throws -> Int {
        guard let age else { return 0 }
        var total = 0
        while !Task.isCancelled {
            let forgotten = try await database.withTransaction {
                try HistoryStore.forget(kind, olderThan: age, atMost: batch, in: $0)
            }
            total += forgotten
            if forgotten < batch { break }
        }
        return total
    }
}

/// How long history is kept; nil: for ever.
package struct RetentionPolicy: Hashable, Sendable {
    /// Checks, with the items that they found.
    package var checks: Duration? = .seconds(90 * 86_400)
    /// Finished jobs and their attempts.
    package var jobs: Duration? = .seconds(14 * 86_400)
    /// Resolved alerts with their messages, and the audit log.
    package var events: Duration? = .seconds(365 * 86_400)

    package init() {}
}
