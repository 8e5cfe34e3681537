package import Foundation

/// The rules of a time zone: what is added to UTC, and when that changes.
///
/// They are the system's, as libc and PostgreSQL read them, so that an update of `tzdata` is enough. Foundation brings
/// rules of its own inside the binary.
package struct ZoneRules: Hashable, Sendable {
    /// A change of the offset, in seconds from 1970 UTC.
    struct Change: Hashable, Sendable {
        var at: Int
        /// From then on, what is added to UTC.
        var offset: Int
    }

    /// The offset before the first change.
    let firstOffset: Int
    /// In order of time, each to another offset than the one before.
    let changes: [Change]
    /// What holds after the last change.
    let rest: PosixRule

    static let utc = ZoneRules(firstOffset: 0, changes: [], rest: .constant(0))

    /// In seconds.
    package func offset(at date: Date) -> Int { offset(at: date.wholeSeconds) }

    func offset(at second: Int) -> Int {
        if let last = changes.last, second >= last.at {
            return rest.offset(at: second, otherwise: last.offset)
        }
        // The first change that is still to come.
        var range = 0..<changes.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = changes[middle].at <= second ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        if range.lowerBound > 0 { return changes[range.lowerBound - 1].offset }
        return changes.isEmpty ? rest.offset(at: second, otherwise: firstOffset) : firstOffset
    }

    /// When another offset holds, between two instants.
    package func changes(after start: Date, until end: Date) -> [Date] {
        var changes: [Date] = []
        var second = start.wholeSeconds
        while let next = nextChange(after: second), next <= end.wholeSeconds {
            changes.append(Date(timeIntervalSince1970: Double(next)))
            second = next
        }
        return changes
    }

    /// The first second after `second` at which another offset holds; nil if there is none any more.
    func nextChange(after second: Int) -> Int? {
        if let next = changes.first(where: { $0.at > second }) { return next.at }
        return rest.nextChange(after: second, from: offset(at: second))
    }
}
