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
}
