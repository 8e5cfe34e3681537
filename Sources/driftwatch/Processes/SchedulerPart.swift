import Cron
import DriftCore
import DriftServices
import ServiceLifecycle

struct SchedulerPart: ProcessPart {
    let role = "scheduler"
    private let settings: SchedulerSettings

    /// - Throws: ``SettingError`` for an expression or a zone that is none.
    init(_ sources: SettingSources) throws {
        let wanted = try ScheduleSettings(sources)
        settings = SchedulerSettings(
            seed: try Schedule(cron: wanted.schedule.cron, timeZone: wanted.schedule.timeZone),
            seedIsExplicit: wanted.isGiven)
    }

    func services(_ site: PartSite) async throws -> [any Service] {
        [
            Janitor(database: site.database, logger: site.logger),
            Scheduler(database: site.database, settings: settings, logger: site.logger),
        ]
    }
}
