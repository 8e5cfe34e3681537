import Cron
import DriftCore
import DriftServices
import Foundation
import Logging
import Postgres
import Presentation
import Remote
import Slack

/// `DRIFTWATCH_LOG_LEVEL` (default `info` for the long-running processes) and `DRIFTWATCH_LOG_FORMAT` (default `text`).
struct LoggingSettings: Hashable, Sendable {
    enum Format: String, CaseIterable, Sendable { case text, json }

    var level: Logger.Level
    var format: Format

    init(_ sources: SettingSources, defaultLevel: Logger.Level = .info) throws(SettingError) {
        level = try sources.choice(.logLevel, default: defaultLevel)
        format = try sources.choice(.logFormat, default: .text)
    }
}

extension DatabaseSettings {
    /// `DRIFTWATCH_DATABASE_URL` (a libpq URI or conninfo; without it libpq's own `PG*` variables decide) and
    /// `DRIFTWATCH_DATABASE_POOLER` (default `none`).
    init(_ sources: SettingSources, poolSize: Int = 2) throws(SettingError) {
        self.init(
            conninfo: sources.text(.databaseURL)?.text ?? "", poolSize: poolSize,
            pooler: try sources.choice(.databasePooler, default: .none))
    }
}

/// `DRIFTWATCH_BASE_URL`: where people find the dashboard; nil without it.
func baseURL(_ sources: SettingSources) throws(SettingError) -> URL? {
    try sources.value(
        .baseURL, default: nil,
        wanted: "an http or https address without user, path, query and fragment, such as https://drift.example.net"
    ) { text -> URL?? in
        guard text.unicodeScalars.allSatisfy({ $0 > " " && $0 < "\u{7f}" }), let parts = URLComponents(string: text),
            ["http", "https"].contains(parts.scheme?.lowercased()), let host = parts.host, !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil,
            // The pages' own links begin at the root.
            ["", "/"].contains(parts.path),
            parts.port.map({ (1...65535).contains($0) }) ?? true, let url = parts.url
        else { return nil }
        return url
    }
}

/// A list of hosts, such as `DRIFTWATCH_WEB_NAMES`: names or addresses without a port, separated by commas or spaces.
func hosts(_ name: SettingName, _ sources: SettingSources) throws(SettingError) -> Set<String> {
    try sources.value(name, default: [], wanted: "a list of hosts without ports, such as drift, drift.example.net") {
        let hosts = $0.lowercased().split { $0 == "," || $0 == " " }
        let isList = hosts.allSatisfy { $0.wholeMatch(of: #/[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:]+/#) != nil }
        return isList && !hosts.isEmpty ? Set(hosts.map(String.init)) : nil
    }
}

/// How servers are looked at.
///
/// `DRIFTWATCH_SSH_CONFIG`, `DRIFTWATCH_SSH_KNOWN_HOSTS`, `DRIFTWATCH_SSH_IDENTITY`: each the path of a file, default
/// what `ssh` itself does. `DRIFTWATCH_SSH_CONNECT_TIMEOUT`, `DRIFTWATCH_SSH_LOGIN_TIMEOUT`, `DRIFTWATCH_PROBE_TIMEOUT`:
/// time spans. `DRIFTWATCH_SSH_LOGINS_PER_ADDRESS`: a count. `DRIFTWATCH_PROBE_ANSWER_LIMIT`: MiB.
func remoteSettings(_ sources: SettingSources) throws(SettingError) -> RemoteSettings {
    func path(_ name: SettingName) throws(SettingError) -> String? {
        guard let (text, place) = sources.text(name) else { return nil }
        guard FileManager.default.isReadableFile(atPath: text) else {
            throw SettingError(place, "the file \(visible(text)) does not exist, or may not be read")
        }
        return text
    }
    func span(_ name: SettingName, default absent: Duration) throws(SettingError) -> Duration {
        try sources.value(name, default: absent, wanted: "a time span from 1s to 60s") { text in
            let span = TimeSpan(argument: text) ?? TimeSpan(argument: "\(text)s")
            return span.flatMap { (1...60).contains($0.seconds) ? $0.duration : nil }
        }
    }
    func count(
        _ name: SettingName, default absent: Int, in range: ClosedRange<Int>, wanted: String
    ) throws(SettingError) -> Int {
        try sources.value(name, default: absent, wanted: wanted) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
    var settings = RemoteSettings(
        sshConfig: try path(.sshConfig), knownHosts: try path(.sshKnownHosts), identity: try path(.sshIdentity))
    let usual = settings.budgets
    settings.budgets.connect = try span(.sshConnectTimeout, default: usual.connect)
    settings.budgets.login = try span(.sshLoginTimeout, default: usual.login)
    settings.budgets.probe = try span(.probeTimeout, default: usual.probe)
    settings.budgets.answerBytes =
        try count(
            .probeAnswerLimit, default: usual.answerBytes >> 20, in: 1...64,
            wanted: "a whole number of MiB from 1 to 64")
        << 20
    settings.loginsPerAddress = try count(
        .sshLoginsPerAddress, default: settings.loginsPerAddress, in: 1...256, wanted: "a whole number from 1 to 256")
    return settings
}

/// `DRIFTWATCH_WORKER_CONCURRENCY`: how many servers one worker looks at at once, default 8.
func workerConcurrency(_ sources: SettingSources) throws(SettingError) -> Int {
    try sources.value(.workerConcurrency, default: 8, wanted: "a whole number from 1 to 256") { text in
        Int(text).flatMap { (1...256).contains($0) ? $0 : nil }
    }
}

/// `DRIFTWATCH_SCHEDULE` (default `0 6 * * *`) and `DRIFTWATCH_TIME_ZONE` (default `UTC`): what the schedule's row
/// begins with.
struct ScheduleSettings: Hashable, Sendable {
    let schedule: ScheduleSetting
    /// Whether somebody set either of them.
    let isGiven: Bool

    init(_ sources: SettingSources) throws(SettingError) {
        let cron = sources.text(.schedule)
        let zone = sources.text(.timeZone)
        schedule = ScheduleSetting(cron: cron?.text ?? "0 6 * * *", timeZone: zone?.text ?? "UTC")
        isGiven = cron != nil || zone != nil
        do { _ = try CronExpression(schedule.cron) } catch {
            throw SettingError(
                cron?.place ?? SettingName.schedule.environmentName, error.message, hint: error.hint)
        }
        do { _ = try Schedule(cron: schedule.cron, timeZone: schedule.timeZone) } catch {
            throw SettingError(zone?.place ?? SettingName.timeZone.environmentName, error.message, hint: error.hint)
        }
    }
}

extension RetentionPolicy {
    /// `DRIFTWATCH_KEEP_CHECKS` (default `90d`), `DRIFTWATCH_KEEP_JOBS` (`14d`), `DRIFTWATCH_KEEP_EVENTS` (`365d`): time
    /// spans of a day or more, or `forever`.
    init(_ sources: SettingSources) throws(SettingError) {
        func span(_ name: SettingName, default absent: Duration?) throws(SettingError) -> Duration? {
            try sources.value(name, default: absent, wanted: "a time span of at least 1d, such as 90d, or forever") {
                if $0 == "forever" { return .some(nil) }
                return TimeSpan(argument: $0).flatMap { $0.seconds >= 86_400 ? .some($0.duration) : nil }
            }
        }
        self.init()
        checks = try span(.keepChecks, default: checks)
        jobs = try span(.keepJobs, default: jobs)
        events = try span(.keepEvents, default: events)
    }
}

/// Where a process listens.
struct ListenAddress: Hashable, Sendable {
    var host: String
    var port: Int

    /// `DRIFTWATCH_LISTEN`: where `web` listens, default `127.0.0.1:8080`.
    static func web(_ sources: SettingSources) throws(SettingError) -> Self {
        try asked(.listen, sources) ?? Self(host: "127.0.0.1", port: 8080)
    }

    /// `DRIFTWATCH_METRICS_LISTEN`: where a process answers monitoring; nil without it.
    static func metrics(_ sources: SettingSources) throws(SettingError) -> Self? {
        try asked(.metricsListen, sources)
    }

    private static func asked(_ name: SettingName, _ sources: SettingSources) throws(SettingError) -> Self? {
        try sources.value(
            name, default: nil, wanted: "a host and a port, as 127.0.0.1:8080, [::1]:8080 or :8080"
        ) { text -> Self?? in Self(text: text).map(Optional.some) }
    }

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Without a host, all addresses of the machine.
    init?(text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        guard host.unicodeScalars.allSatisfy({ $0 > " " && $0 < "\u{7f}" && $0 != "/" }) else { return nil }
        self.init(host: host.isEmpty ? "0.0.0.0" : host, port: port)
    }
}
