package import DriftCore
package import Foundation

/// Instants and spans as pages show them.
package enum Age {
    /// Such as `2026-11-23 06:00 UTC`.
    package static func stamp(_ date: Date) -> String {
        let style = Date.ISO8601FormatStyle().year().month().day().dateSeparator(.dash)
            .dateTimeSeparator(.space).time(includingFractionalSeconds: false)
        return date.formatted(style).prefix(16) + " UTC"
    }

    /// The largest unit alone, such as `3 days`.
    package static func text(from start: Date, to end: Date) -> String {
        let seconds = max(0, Int(end.timeIntervalSince(start)))
        let (count, unit) =
            switch seconds {
            case ..<60: (seconds, "second")
            case ..<3600: (seconds / 60, "minute")
            case ..<172_800: (seconds / 3600, "hour")
            default: (seconds / 86_400, "day")
            }
        return "\(count) \(unit)\(count == 1 ? "" : "s")"
    }
}

/// Stored reasons, such as `permission_denied`, in words.
package enum ReasonText {
    package static func of(_ reason: String?) -> String { (reason ?? "no reason given").replacing("_", with: " ") }

    package static func of(_ reason: UnreadableReason) -> String { "\(of(reason.rawValue)) (\(reason.words))" }
}

/// `2026-11-22 06:00:03Z`.
package func shortTime(_ date: Date) -> String { Times.utc.text(date) }
