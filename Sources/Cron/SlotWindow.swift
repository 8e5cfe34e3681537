package import Foundation

extension Schedule {
    /// The window that `date` is in, or the next one, where each slot begins a window of this length.
    ///
    /// Where windows overlap, the one that began last.
    package func window(lasting length: Duration, at date: Date) -> (start: Date, end: Date) {
        let seconds = length / .seconds(1)
        if let slot = latestSlot(atOrBefore: date), slot + seconds > date { return (slot, slot + seconds) }
        let next = nextSlot(after: date)
        return (next, next + seconds)
    }

    /// Refuses windows of this length of which each begins before the last one is over: together they never end.
    ///
    /// - Throws: ``CronError``
    package func requireTimeBetweenWindows(lasting length: Duration) throws(CronError) {
        let gap = Spread(seconds: shortestGap)
        guard length >= .seconds(gap.seconds) else { return }
        throw CronError(
            message: "a window begins \(gap) after another, before that one is over",
            hint: "make them shorter, or less frequent")
    }
}
