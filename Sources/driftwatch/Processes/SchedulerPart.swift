import Cron
import DriftCore
import DriftServices
import ServiceLifecycle

struct SchedulerPart: ProcessPart {
    let role = "scheduler"
    private let settings: SchedulerSettings
    private let retention: RetentionPolicy

    /// - Throws: ``SettingError`` for an expression, a zone or a time span that is none.
    init(_ sources: SettingSources) throws {
        let wanted = try ScheduleSettings(sources)
        settings = SchedulerSettings(
            seed: try Schedule(cron: wanted.schedule.cron, timeZone: wanted.schedule.timeZone),
            seedIsExplicit: wanted.isGiven)
        retention = try RetentionPolicy(sources)
    }

    func services(_ site: PartSite) async throws -> [any Service] {
        [
            Janitor(database: site.database, logger: site.logger),
            Retention(database: site.database, policy: retention, logger: site.logger),
            ZoneWatch(database: site.database, logger: site.logger),
            Scheduler(database: site.database, settings: settings, logger: site.logger),
        ]
    }
}
