import Cron
import DriftCore
import DriftServices
import HTTP
import ServiceLifecycle

struct SchedulerPart: ProcessPart {
    let role = "scheduler"
    private let settings: SchedulerSettings
    private let retention: RetentionPolicy
    private let reports: ReporterSettings
    /// A secret.
    private let heartbeat: String?

    /// - Throws: ``SettingError`` for an expression, a zone, a time span or an address that is none.
    init(_ sources: SettingSources) throws {
        let wanted = try ScheduleSettings(sources)
        settings = SchedulerSettings(
            seed: try Schedule(cron: wanted.schedule.cron, timeZone: wanted.schedule.timeZone),
            seedIsExplicit: wanted.isGiven)
        retention = try RetentionPolicy(sources)
        reports = try ReporterSettings(sources)
        let address = sources.text(\.heartbeatURL)
        if let address { try NotifySettings.requireURL(address, sources) }
        heartbeat = address?.text
    }

    func services(_ site: PartSite) async throws -> [any Service] {
        [
            Janitor(database: site.database, logger: site.logger),
            Retention(database: site.database, policy: retention, logger: site.logger),
            ZoneWatch(database: site.database, logger: site.logger),
            Reporter(database: site.database, settings: reports, logger: site.logger),
            Scheduler(database: site.database, settings: settings, logger: site.logger),
        ] + (heartbeat.map { [beating($0, site)] } ?? [])
    }

    private func beating(_ address: String, _ site: PartSite) -> Heartbeat {
        let client = HTTPClient(settings: .init(userAgent: "driftwatch/\(driftwatchVersion)"))
        return Heartbeat(database: site.database, logger: site.logger) {
            do {
                let reply = try await client.send(HTTPRequest(url: address, deadline: .seconds(20)))
                return (200..<300).contains(reply.status) ? nil : "HTTP \(reply.status)"
            } catch {
                return (error as? HTTPError)?.description ?? "the request failed"
            }
        }
    }
}
