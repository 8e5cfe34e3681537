/// A time between two changes of a zone's clocks, in seconds from 1970 UTC.
struct ClockStretch {
    var start: Int
    /// The first second that is not in it.
    var end: Int
    /// What is added to UTC to get what the wall shows.
    var offset: Int
    /// The offset of the stretch before.
    var offsetBefore: Int
}

/// A zone's stretches, the one that `from` lies in first.
///
/// They start two days early, so that a change of clocks just before `from` is among them: none is longer than a day.
struct ClockStretches: Sequence, IteratorProtocol {
    private let zone: ZoneRules
    private var start: Int
    private var offsetBefore: Int

    /// No zone's rules reach this far, and sums with it do not overflow.
    private static let never = Int.max / 2

    init(of zone: ZoneRules, from second: Int) {
        self.zone = zone
        start = second - 2 * 86_400
        offsetBefore = zone.offset(at: start)
    }

    mutating func next() -> ClockStretch? {
        guard start < Self.never else { return nil }
        let stretch = ClockStretch(
            start: start, end: zone.nextChange(after: start) ?? Self.never, offset: zone.offset(at: start),
            offsetBefore: offsetBefore)
        start = stretch.end
        offsetBefore = stretch.offset
        return stretch
    }
}
