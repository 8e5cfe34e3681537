package import DriftStore

/// A destination in words.
package struct DestinationText {
    private let line: DestinationLine

    package init(_ line: DestinationLine) {
        self.line = line
    }

    /// Which alerts it takes: `all alerts`, or such as `packs base, web; label team=web`.
    package var routing: String {
        var parts: [String] = []
        if !line.packs.isEmpty {
            parts.append("\(line.packs.count == 1 ? "pack" : "packs") \(line.packs.joined(separator: ", "))")
        }
        if case .object(let labels) = JSONValue(parsing: line.labels), !labels.isEmpty {
            let terms = labels.map { name, value in
                if case .text(let text) = value { "\(name)=\(text)" } else { name }
            }
            parts.append("\(terms.count == 1 ? "label" : "labels") \(terms.joined(separator: ", "))")
        }
        if !line.severities.isEmpty { parts.append("severity \(line.severities.joined(separator: ", "))") }
        return parts.isEmpty ? "all alerts" : visible(parts.joined(separator: "; "))
    }

    /// What is worth a look: that nobody can send to it, that attempts fail, or that it answers late.
    package var note: String? {
        line.unservedReason.map { "no notifier can send to it: \(visible($0))" } ?? failing ?? line.notice
    }

    /// Such as `the last 3 attempts failed: HTTP 503`; nil if it is paused, or the last attempt did not fail.
    package var failing: String? {
        guard line.failures > 0, line.pausedAt == nil else { return nil }
        let attempts = line.failures == 1 ? "the last attempt" : "the last \(line.failures) attempts"
        return "\(attempts) failed\(line.lastError.map { ": \(visible($0))" } ?? "")"
    }

    /// Such as `paused by ann: their channel moves`; nil if it is not paused.
    package var pause: String? {
        guard line.pausedAt != nil else { return nil }
        let person = line.pausedBy.map { " by \(visible($0))" } ?? ""
        return "paused\(person): \(line.pausedReason.map(visible) ?? "no reason known")"
    }
}
