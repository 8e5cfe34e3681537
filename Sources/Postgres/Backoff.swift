/// How long to wait before the database is asked again: doubled with each failure in a row up to a limit, with jitter.
///
/// It never gives up.
package struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var ceiling: Duration

    package init(from first: Duration = .milliseconds(250), to longest: Duration = .seconds(10)) {
        self.first = first
        self.longest = longest
        ceiling = first
    }

    /// A wait between half of the current ceiling and all of it; `random` is in `0..<1`.
    package mutating func next(random: Double = .random(in: 0..<1)) -> Duration {
        defer { ceiling = min(ceiling * 2, longest) }
        return ceiling * (1 - random / 2)
    }

    /// The database has answered: the next wait is short again.
    package mutating func reset() { ceiling = first }
}
