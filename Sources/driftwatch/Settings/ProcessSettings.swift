import Cron
import DriftCore
import DriftServices
import Foundation
import Logging
import Postgres
import Presentation
import Remote

/// What is logged, and how it looks.
struct LoggingSettings: Hashable, Sendable {
    enum Format: String, CaseIterable, Sendable { case text, json }

    var level: Logger.Level
    var format: Format

    init(_ sources: SettingSources, defaultLevel: Logger.Level? = nil) throws(SettingError) {
        level = try sources.value(\.logLevel, default: defaultLevel)
        format = try sources.value(\.logFormat)
    }
}

extension DatabaseSettings {
    /// Without an address libpq's own `PG*` variables decide.
    init(_ sources: SettingSources, poolSize: Int = 2) throws(SettingError) {
        self.init(
            conninfo: try sources.value(\.databaseURL) ?? "", poolSize: poolSize,
            pooler: try sources.value(\.databasePooler))
    }
}

/// How servers are looked at.
extension RemoteSettings {
    init(_ sources: SettingSources) throws(SettingError) {
        self.init(
            sshConfig: try sources.value(\.sshConfig), knownHosts: try sources.value(\.sshKnownHosts),
            identity: try sources.value(\.sshIdentity),
            budgets: Budgets(
                connect: try sources.value(\.sshConnectTimeout), login: try sources.value(\.sshLoginTimeout),
                probe: try sources.value(\.probeTimeout), answerBytes: try sources.value(\.probeAnswerLimit) << 20),
            loginsPerAddress: try sources.value(\.sshLoginsPerAddress))
    }
}

/// What the schedule's row begins with.
struct ScheduleSettings: Hashable, Sendable {
    let schedule: ScheduleSetting
    /// Whether somebody set either of them.
    let isGiven: Bool

    init(_ sources: SettingSources) throws(SettingError) {
        let cron = sources.text(\.schedule)
        let zone = sources.text(\.timeZone)
        schedule = ScheduleSetting(cron: try sources.value(\.schedule), timeZone: try sources.value(\.timeZone))
        isGiven = cron != nil || zone != nil
        do { _ = try CronExpression(schedule.cron) } catch {
            throw SettingError(cron?.place ?? "DRIFTWATCH_SCHEDULE", error.message, hint: error.hint)
        }
        do { _ = try Schedule(cron: schedule.cron, timeZone: schedule.timeZone) } catch {
            throw SettingError(zone?.place ?? "DRIFTWATCH_TIME_ZONE", error.message, hint: error.hint)
        }
    }
}

extension ReporterSettings {
    init(_ sources: SettingSources) throws(SettingError) {
        self.init(remindAfter: try sources.value(\.remindAfter), digest: try sources.value(\.digest))
    }
}

extension RetentionPolicy {
    init(_ sources: SettingSources) throws(SettingError) {
        self.init()
        checks = try sources.value(\.keepChecks)
        jobs = try sources.value(\.keepJobs)
        events = try sources.value(\.keepEvents)
    }
}
