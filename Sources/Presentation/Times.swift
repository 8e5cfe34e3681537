import Cron
package import Foundation

/// Instants as people read them, in one zone: the schedule's.
package struct Times: Sendable {
    /// The zone, for a line that says in which one the times are.
    package let zoneName: String
    private let rules: ZoneRules?

    /// UTC where `zone` is nil or not known on this machine.
    package init(zone name: String?) {
        rules = name.flatMap { try? namedTimeZone($0) }
        zoneName = rules.flatMap { _ in name } ?? "UTC"
    }

    /// The zone as it is at that instant: from Foundation, whose own rules may be others, only the arithmetic is used.
    private func zone(at date: Date) -> TimeZone {
        rules.flatMap { TimeZone(secondsFromGMT: $0.offset(at: date)) } ?? .gmt
    }

    /// Such as `2026-11-23 06:00 UTC`.
    package func stamp(_ date: Date) -> String {
        let style = Date.ISO8601FormatStyle(timeZone: zone(at: date)).year().month().day().dateSeparator(.dash)
            .dateTimeSeparator(.space).time(includingFractionalSeconds: false)
        return "\(date.formatted(style).prefix(16)) \(zoneName)"
    }

    /// A text of the database, with its instants in RFC 3339 as people read them.
    package func local(_ text: String) -> String {
        text.replacing(#/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/#) { match in
            (try? Date(String(match.output.0).replacing(#/\.\d+/#, with: ""), strategy: .iso8601)).map(stamp)
                ?? String(match.output.0)
        }
    }

    /// For columns, with the offset: `2026-11-22 07:00:03+01:00`, or `2026-11-22 06:00:03Z`.
    package func text(_ date: Date) -> String {
        date.formatted(
            Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZoneSeparator: .colon, timeZone: zone(at: date)))
    }
}
