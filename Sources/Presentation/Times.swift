package import Foundation

/// Instants as people read them, in one zone: the schedule's.
package struct Times: Sendable {
    package static let utc = Times(zone: nil)

    /// The zone, for a line that says in which one the times are.
    package let zoneName: String
    private let zone: TimeZone

    /// UTC where `zone` is nil or not known on this machine.
    package init(zone name: String?) {
        let known = name.flatMap(TimeZone.init(identifier:))
        zone = known ?? .gmt
        zoneName = known.flatMap { _ in name } ?? "UTC"
    }

    /// Such as `2026-11-23 06:00 UTC`.
    package func stamp(_ date: Date) -> String {
        let style = Date.ISO8601FormatStyle(timeZone: zone).year().month().day().dateSeparator(.dash)
            .dateTimeSeparator(.space).time(includingFractionalSeconds: false)
        return "\(date.formatted(style).prefix(16)) \(zoneName)"
    }

    /// For columns, with the offset: `2026-11-22 07:00:03+01:00`, or `2026-11-22 06:00:03Z`.
    package func text(_ date: Date) -> String {
        date.formatted(
            Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZoneSeparator: .colon, timeZone: zone))
    }
}
