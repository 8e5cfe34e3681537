/// How long a loop waits after each failure in a row: doubled up to a limit, with jitter.
///
/// It never gives up.
package struct RetryDelays: Sendable {
    private let first: Duration
    private let longest: Duration
    private var bound: Duration

    package init(from first: Duration = .milliseconds(250), to longest: Duration = .seconds(10)) {
        self.first = first
        self.longest = longest
        bound = first
    }

    /// A random wait between half of the current bound and the bound; the bound then doubles.
    package mutating func next() -> Duration {
        defer { bound = min(bound * 2, longest) }
        return bound * Double.random(in: 0.5...1)
    }

    package mutating func reset() { bound = first }
}
