internal import DriftCore
package import DriftStore

/// A hold or a silence, in words.
package struct MuteText {
    private let mute: MuteLine
    private let times: Times

    package init(_ mute: MuteLine, times: Times) {
        self.mute = mute
        self.times = times
    }

    /// Such as `web-1, role=web, pack base`.
    package var covers: String {
        let parts = [mute.serverID.map(\.rawValue)] + mute.labels.labelWords + [mute.packName.map { "pack \($0)" }]
        return visible(parts.compactMap(\.self).joined(separator: ", "))
    }

    /// What was just made, such as `hold 3: messages about 12 servers wait until 2026-11-23 06:00 UTC`.
    package var made: String {
        let servers = plural(mute.servers, "server")
        if let cron = mute.cron {
            return "silence \(mute.id): messages about \(servers) wait in every window of \(visible(cron))"
        }
        let start = mute.state == "waiting" ? mute.startsAt.map { " from \(times.stamp($0))" } ?? "" : ""
        let end = mute.endsAt.map(times.stamp) ?? "?"
        return "\(mute.kind.rawValue) \(mute.id): messages about \(servers) wait\(start) until \(end)"
    }
}
