package import Foundation

/// How instants are shown to people: in one zone, each with its offset, so that none can be misread.
package struct Times: Sendable {
    package static let utc = Times(zone: .gmt, name: "UTC")

    /// What the zone is called, for the line that says in which zone the times are.
    package let name: String
    private let zone: TimeZone

    package init(zone: TimeZone, name: String) {
        self.zone = zone
        self.name = name
    }

    /// `2026-11-22 07:00:03+01:00`, or `2026-11-22 06:00:03Z` where the zone is UTC.
    package func text(_ date: Date) -> String {
        date.formatted(
            Date.ISO8601FormatStyle(
                dateTimeSeparator: .space, timeZoneSeparator: .colon, timeZone: zone))
    }
}
