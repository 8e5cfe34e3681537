package import Foundation

/// The slots of a cron expression in a time zone.
///
/// Where clocks are put forward or back, an expression with fixed times of day (no `*` in its hour or minute, so that
/// `1-3` means what `1,2,3` means) keeps its promise of one slot per day and time: a time that the clocks jump over is
/// due at the first instant after the jump, several of them together once, and a time that comes twice is due the first
/// time. Other expressions follow elapsed time: they are due at every instant at which the wall shows a match. This is
/// what Vixie cron does, but that it runs what was jumped over.
///
/// Slots are whole minutes of the wall clock.
package struct Schedule: Hashable, Sendable {
    package let cron: CronExpression
    /// As it was given.
    package let timeZone: String
    package let zone: ZoneRules

    /// - Throws: ``CronError`` for an expression that is not one, and for a zone that this machine does not know.
    package init(
        cron: String, timeZone: String, zonesIn folder: String = ZoneRules.systemFolder
    ) throws(CronError) {
        self.cron = try CronExpression(cron)
        self.timeZone = timeZone
        zone = try namedTimeZone(timeZone, in: folder)
    }

    /// The first slot after `date`, never `date` itself.
    package func nextSlot(after date: Date) -> Date {
        let second = date.wholeSeconds
        for stretch in ClockStretches(of: zone, from: second) {
            if let slot = firstSlot(in: stretch, after: second) { return Date(wholeSeconds: slot) }
        }
        preconditionFailure("the last stretch of a zone has no end, and every expression fires again")
    }

    /// The last slot not after `date`; nil when there was none in the century before it.
    package func latestSlot(atOrBefore date: Date) -> Date? {
        var end = date.wholeSeconds
        let day = 86_400
        // A zone can only be asked for what comes after an instant: look through ever longer spans before the date.
        var span = 2 * day
        while span < 150 * 366 * day {
            let start = end - span
            let slots = ClockStretches(of: zone, from: start).prefix { $0.start <= end }
                .compactMap { lastSlot(in: $0, atOrBefore: end) }
            if let slot = slots.last, slot > start { return Date(wholeSeconds: slot) }
            end = start
            span *= 4
        }
        return nil
    }

    private func firstSlot(in stretch: ClockStretch, after second: Int) -> Int? {
        if second < stretch.start, isDueAtStart(of: stretch) { return stretch.start }
        let slot = cron.first(atOrAfter: max(second + 1 + stretch.offset, firstWall(of: stretch))) - stretch.offset
        return slot < stretch.end ? slot : nil
    }

    private func lastSlot(in stretch: ClockStretch, atOrBefore second: Int) -> Int? {
        let wall = cron.last(atOrBefore: min(second, stretch.end - 1) + stretch.offset)
        if wall >= firstWall(of: stretch) { return wall - stretch.offset }
        return stretch.start <= second && isDueAtStart(of: stretch) ? stretch.start : nil
    }

    /// The first reading that counts: with fixed times, one that was seen before the clocks went back does not.
    private func firstWall(of stretch: ClockStretch) -> WallTime {
        stretch.start + (cron.hasFixedTimes ? max(stretch.offset, stretch.offsetBefore) : stretch.offset)
    }

    /// Whether a fixed time was jumped over when the stretch began.
    private func isDueAtStart(of stretch: ClockStretch) -> Bool {
        guard cron.hasFixedTimes, stretch.offset > stretch.offsetBefore else { return false }
        return cron.first(atOrAfter: stretch.start + stretch.offsetBefore) < stretch.start + stretch.offset
    }
}

extension Date {
    /// Rounded down, from 1970; a date beyond the years that calendars serve is the last that they do.
    var wholeSeconds: Int {
        let years = -63_000_000_000.0...253_000_000_000.0
        let seconds = timeIntervalSince1970.rounded(.down)
        return seconds.isNaN ? 0 : Int(min(max(seconds, years.lowerBound), years.upperBound))
    }

    fileprivate init(wholeSeconds: Int) { self.init(timeIntervalSince1970: Double(wholeSeconds)) }
}
