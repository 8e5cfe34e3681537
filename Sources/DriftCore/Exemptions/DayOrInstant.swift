package import Foundation

/// A day, which begins at midnight in the schedule's time zone, or an instant.
package struct DayOrInstant: Hashable, Sendable {
    /// `2027-01-15`, or an instant in RFC 3339.
    package let text: String
    private let instant: Date?

    /// Nil for anything else.
    package init?(_ text: String) {
        self.text = text
        if Self.isDay(text) {
            instant = nil
        } else if let instant = try? Date(text, strategy: .iso8601) {
            self.instant = instant
        } else {
            return nil
        }
    }

    /// Whether it has come.
    package func hasCome(at now: Moment) -> Bool { instant.map { $0 <= now.instant } ?? (text <= now.day) }

    /// Whether `text` is a date of the Gregorian calendar in the form `2027-01-15`.
    private static func isDay(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...lengths[month - 1]).contains(day)
    }
}

/// An instant, and which day it is then in the schedule's time zone.
package struct Moment: Hashable, Sendable {
    package var instant: Date
    /// Such as `2027-01-15`.
    package var day: String

    package init(instant: Date, day: String) {
        self.instant = instant
        self.day = day
    }

    /// The day in UTC, where the schedule's time zone is not known.
    package init(_ instant: Date) { self.init(instant: instant, day: String(instant.formatted(.iso8601).prefix(10))) }
}
