package import Cron
import DriftStore
import Foundation
package import Logging
package import Postgres
import Runtime
import ServiceLifecycle

/// Reminds people of alerts that nobody acknowledged, and sends the digest.
///
/// Any number of schedulers may do it: the database decides what is due, and queues each message once.
package struct Reporter: Service {
    private let database: Database
    private let settings: ReporterSettings
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        database: Database, settings: ReporterSettings, clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.database = database
        self.settings = settings
        self.clock = clock
        self.logger = logger
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            await Loop(every: .seconds(60), clock: clock, logger: logger).run { try await report() }
        }
    }

    /// Queues whatever is due now.
    package func report() async throws {
        if let after = settings.remindAfter {
            let alerts = try await database.withTransaction { try ReportStore.remind(after: after, in: $0) }
            if alerts > 0 { logger.info("reminder queued", metadata: ["alerts": "\(alerts)"]) }
        }
        guard let cron = settings.digest else { return }
        let isSent = try await database.withTransaction { transaction -> Bool in
            // The zone of the schedule; without one there is nothing to report on yet.
            guard let (zone, now) = try ReportStore.zone(in: transaction),
                let schedule = try? Schedule(cron: cron.description, timeZone: zone),
                let slot = schedule.latestSlot(atOrBefore: now)
            else { return false }
            return try ReportStore.sendDigest(of: slot, in: transaction)
        }
        if isSent { logger.info("digest queued") }
    }
}

/// What a reporter sends, and when.
package struct ReporterSettings: Hashable, Sendable {
    /// How long nobody has to have acknowledged an alert; nil: no reminders.
    package var remindAfter: Duration?
    /// When the digest is due, in the schedule's zone; nil: never.
    package var digest: CronExpression?

    package init(remindAfter: Duration? = nil, digest: CronExpression? = nil) {
        self.remindAfter = remindAfter
        self.digest = digest
    }
}
