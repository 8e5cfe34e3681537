/// How long an exchange with the server may take, and who may end it early.
struct Patience {
    /// After the server was asked to cancel, it gets this long to say that it did.
    static let cancelGrace = Duration.seconds(2)

    private(set) var deadline: ContinuousClock.Instant?
    /// nil: nobody may interrupt, or somebody already has.
    private(set) var interrupt: Interrupt?
    private(set) var wasInterrupted = false

    init(deadline: ContinuousClock.Instant?, interrupt: Interrupt? = nil) {
        self.deadline = deadline
        self.interrupt = interrupt
    }

    var isOver: Bool { deadline.map { $0 <= .now } ?? false }

    mutating func interrupted() {
        wasInterrupted = true
        interrupt = nil
        let grace = ContinuousClock.now + Self.cancelGrace
        deadline = deadline.map { min($0, grace) } ?? grace
    }

    /// For `poll`: whole milliseconds, rounded up so as not to spin; -1 is for ever.
    var pollTimeout: Int32 {
        guard let deadline else { return -1 }
        let left = ContinuousClock.now.duration(to: deadline)
        return Int32(clamping: max(0, left.roundedUpMilliseconds))
    }
}

extension Duration {
    var roundedUpMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return seconds < 0 ? .min : .max }
        let rest = attoseconds / 1_000_000_000_000_000
        return whole + rest + (attoseconds > rest * 1_000_000_000_000_000 ? 1 : 0)
    }
}
