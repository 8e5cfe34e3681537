import Cron
package import DriftStore

/// What is wrong with a schedule, in words.
package struct ScheduleText {
    private let line: ScheduleLine

    package init(_ line: ScheduleLine) { self.line = line }

    /// A next slot that is later than the expression says; nil if it is not.
    ///
    /// The clock may have run ahead when it was computed, or with other rules of the zone.
    package var doubt: String? {
        guard let next = line.nextSlotAt, let schedule = try? Schedule(cron: line.cron, timeZone: line.timeZone) else {
            return nil
        }
        let expected = schedule.nextSlot(after: line.now)
        guard expected < next, line.lastSlotAt.map({ $0 < expected }) ?? true else { return nil }
        let times = Times(zone: line.timeZone)
        return "the next slot, \(times.text(next)), is later than the expression says: \(times.text(expected))"
    }

    package static let remedy = "driftwatch schedule set computes it anew"
}
