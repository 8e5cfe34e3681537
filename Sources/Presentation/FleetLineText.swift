package import DriftCore
package import DriftStore

/// One server and pack of the fleet in words: `status` and the pages say the same of it.
package struct FleetLineText: Hashable, Sendable {
    /// How much it wants to be looked at; colours follow it, and never tell more than the words.
    package enum Tone: String, Hashable, Sendable {
        /// Something is known to be wrong.
        case bad
        /// The server cannot be looked at.
        case trouble
        /// Not everything is known, or not any more.
        case unsure
        case good
        /// Nobody is to look.
        case quiet
    }

    /// The shown state, `disabled`, or `no packs`.
    package let state: String
    package let tone: Tone
    /// The state for a place that shows no notes: if a server cannot be looked at, it is only the last known one.
    package var standalone: String { tone == .trouble ? "last known: \(state)" : state }
    /// Notes on the state, the most important first.
    package let notes: [String]

    package init(_ line: FleetLine, times: Times) {
        state = Self.state(line)
        tone = Self.tone(line)
        guard line.packName != nil else {
            notes = []
            return
        }
        notes = [
            line.isDisabled ? line.disabledReason : nil,
            line.isDisabled ? nil : line.mutedBy.map(times.local),
            Self.failing(line, times),
            line.mismatchCount > 0 ? "\(plural(line.mismatchCount, "item")) wrong" : nil,
            Self.unreadable(line, times),
            Self.exempt(line),
            line.isStale ? "stale" + (line.lastCheckedAt.map { ": last seen \(times.stamp($0))" } ?? "") : nil,
            line.isCheckOverdue && !line.isDisabled ? (line.wasChecked ? "check overdue" : "first check overdue") : nil,
            line.isOutdated ? "the pack has changed since the last check" : nil,
            line.wasChecked && line.lastCheckID == nil ? "its checks are not kept any more" : nil,
            line.flappingSince.map { "flapping since \(times.stamp($0)): only other items are told" },
            Self.alert(line),
        ].compactMap { $0 }
    }

    package static func state(_ line: FleetLine) -> String {
        guard line.packName != nil else { return "no packs" }
        return line.isDisabled ? Standing.disabled.rawValue : (line.shownState ?? .unknown).rawValue
    }

    package static func tone(_ line: FleetLine) -> Tone {
        switch line.standing {
        case .drifted: .bad
        case .failed: .trouble
        case .incomplete: .unsure
        case .unknown: line.isCheckOverdue ? .unsure : .quiet
        case .compliant: line.isStale ? .unsure : .good
        case .disabled, nil: .quiet
        }
    }

    private static func failing(_ line: FleetLine, _ times: Times) -> String? {
        if let since = line.failingSince {
            let words = line.expect == .sometimes ? "often off, not seen since" : "cannot be checked since"
            return "\(words) \(times.stamp(since)): \(ReasonText.of(failure: line.failingReason))"
                + alert(line.failingAlertID, line.failingAlertStatus)
        }
        guard line.lastVerdict == .failed else { return nil }
        return "the newest check failed: \(ReasonText.of(failure: line.lastReason))"
    }

    private static func unreadable(_ line: FleetLine, _ times: Times) -> String? {
        guard let count = line.unreadableCount, count > 0 else { return nil }
        let all = line.itemCount.map { "\(count) of \(plural($0, "item"))" } ?? plural(count, "item")
        guard let dark = line.darkCount, dark > 0, let since = line.unreadableSince else {
            return "\(all) could not be read\(alert(line.darkAlertID, line.darkAlertStatus))"
        }
        let which = dark == count ? "" : ", \(dark) of them"
        return "\(all) could not be read\(which) since \(times.stamp(since))"
            + alert(line.darkAlertID, line.darkAlertStatus)
    }

    /// Behind what the alert is about, such as ` (alert 7)`.
    private static func alert(_ id: Int64?, _ status: String?) -> String {
        id.map { " (alert \($0)\(status == "acknowledged" ? " acknowledged" : ""))" } ?? ""
    }

    private static func exempt(_ line: FleetLine) -> String? {
        let counts = ExemptionText.counts(waived: line.waivedCount ?? 0, due: line.dueCount ?? 0)
        return counts.isEmpty ? nil : counts.joined(separator: ", ")
    }

    private static func alert(_ line: FleetLine) -> String? {
        if let id = line.alertID { return "alert \(id)" + (line.alertStatus == "acknowledged" ? " acknowledged" : "") }
        return line.mismatchCount > 0 && !line.isDisabled ? "not alerted" : nil
    }
}

/// How many assignments are in which group, in one line.
package struct FleetCountsText: Hashable, Sendable {
    /// In the order in which they are shown; stale ones are counted in addition.
    package static let groups: [Standing] = [.compliant, .drifted, .incomplete, .failed, .unknown, .disabled]

    /// Such as `3 compliant, 1 drifted, 0 incomplete, 0 failed, 0 never checked, 0 stale, 1 disabled`.
    package let line: String

    package init(_ counts: [Standing: Int], stale: Int) {
        var words = Self.groups.map { "\(counts[$0] ?? 0) \(Self.word(of: $0))" }
        words.insert("\(stale) stale", at: words.count - 1)
        line = words.joined(separator: ", ")
    }

    /// What the counts call a group.
    package static func word(of group: Standing) -> String { group == .unknown ? "never checked" : group.rawValue }
}
