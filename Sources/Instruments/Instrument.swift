import Synchronization

/// What a process counts about itself, from its start.
package protocol Instrument: Sendable {
    /// Its values now.
    var family: MetricFamily { get }
}

/// A count that only grows, in all or by one label.
package final class Counter: Instrument {
    private let empty: MetricFamily
    private let label: String?
    private let counts: Mutex<[String: Int]>

    /// What a word that was not announced counts as, so that no fault can make the label's values many.
    static let other = "other"

    package init(_ name: String, help: String) {
        empty = MetricFamily(name, .counter, help: help)
        label = nil
        counts = Mutex(["": 0])
    }

    /// Each of `words` starts at 0, so that its first event is seen as an increase.
    package init(_ name: String, by label: String, _ words: [String], help: String) {
        empty = MetricFamily(name, .counter, help: help)
        self.label = label
        counts = Mutex(Dictionary(words.map { ($0, 0) }, uniquingKeysWith: { first, _ in first }))
    }

    package func add(_ count: Int = 1) { counts.withLock { $0["", default: 0] += count } }

    package func add(_ count: Int = 1, as word: String) {
        counts.withLock { $0[$0[word] == nil ? Self.other : word, default: 0] += count }
    }

    package var family: MetricFamily {
        var family = empty
        family.samples = counts.withLock { $0 }.sorted { $0.key < $1.key }.map { word, count in
            MetricFamily.Sample(labels: label.map { [.init($0, word)] } ?? [], Double(count))
        }
        return family
    }
}

/// A number that rises and falls.
package final class Gauge: Instrument {
    private let empty: MetricFamily
    private let value = Mutex(0)

    package init(_ name: String, help: String) { empty = MetricFamily(name, .gauge, help: help) }

    package func set(_ value: Int) { self.value.withLock { $0 = value } }

    package var family: MetricFamily {
        var family = empty
        family.samples = [.init(Double(value.withLock { $0 }))]
        return family
    }
}

/// How long something takes.
package final class Histogram: Instrument {
    private struct State {
        /// Of each bucket alone; the last is above all bounds.
        var counts: [Int]
        var sum = 0.0
    }

    private let empty: MetricFamily
    private let bounds: [Double]
    private let state: Mutex<State>

    /// `bounds` are the buckets' upper ends in seconds, rising.
    package init(_ name: String, seconds bounds: [Double], help: String) {
        empty = MetricFamily(name, .histogram, help: help)
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    package func record(_ duration: Duration) {
        let seconds = duration / .seconds(1)
        let bucket = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += seconds
        }
    }

    package var family: MetricFamily {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var family = empty
        var total = 0
        for (count, bound) in zip(counts, bounds + [.infinity]) {
            total += count
            family.samples.append(
                .init(suffix: "_bucket", labels: [.init("le", Exposition.number(bound))], Double(total)))
        }
        family.samples.append(.init(suffix: "_sum", sum))
        family.samples.append(.init(suffix: "_count", Double(total)))
        return family
    }
}
