import DriftCore
import DriftStore
import Foundation
import Presentation

/// The fleet, a line per server and pack.
struct FleetPage: Sendable {
    struct Line: Sendable {
        var server: String
        var name: String
        /// Nil of a server without packs.
        var pack: String?
        var state: String
        var stateClass: String
        var since: String
        var lastCheck: String
        var notes: [String]
    }

    var title: String
    var lines: [Line]
    var isEmpty: Bool
    var summary: String
    /// What keeps messages from arriving.
    var warnings: [String]

    init(_ lines: [FleetLine], deliveryProblems: [String], now: Date) {
        warnings = deliveryProblems.map(\.shown)
        self.lines = lines.map { Line($0, now: now) }
        isEmpty = lines.isEmpty
        title = "Fleet"
        let drifted = lines.count { $0.state == .drifted }
        let servers = Set(lines.map(\.serverID)).count
        summary = "\(servers) \(servers == 1 ? "server" : "servers"), \(drifted) of \(lines.count) checks drifted"
    }
}

extension FleetPage.Line {
    fileprivate init(_ line: FleetLine, now: Date) {
        server = line.serverID.rawValue
        name = line.displayName.shown
        pack = line.packName?.rawValue
        state = line.isDisabled ? "disabled" : line.shownState?.rawValue ?? "no packs"
        stateClass = line.isDisabled ? "disabled" : line.shownState?.rawValue ?? "unknown"
        since = line.since.map { Age.text(from: $0, to: now) } ?? ""
        lastCheck =
            (line.lastVerdictAt ?? line.lastCheckedAt).map { "checked " + Age.text(from: $0, to: now) + " ago" }
            ?? "never checked"
        var notes: [String] = []
        if line.isDisabled { notes.append(line.disabledReason?.shown ?? "") }
        if line.mismatchCount > 0 {
            let items = line.mismatchCount == 1 ? "1 item wrong" : "\(line.mismatchCount) items wrong"
            notes.append(line.alertID == nil ? "\(items), not alerted" : items)
        }
        if let since = line.failingSince {
            notes.append("cannot be looked at since \(Age.stamp(since)): \(ReasonText.of(line.failingReason))")
        } else if line.lastVerdict == .failed {
            notes.append("last check failed: \(ReasonText.of(line.lastReason))")
        }
        if let unreadable = line.unreadableCount, unreadable > 0 { notes.append("\(unreadable) could not be read") }
        if let since = line.unreadableSince { notes.append("no longer readable since \(Age.stamp(since))") }
        if line.isStale { notes.append("stale") }
        if line.isOutdated { notes.append("of an older version of the pack") }
        self.notes = notes
    }
}
