import Foundation

/// Over what time the starts of a slot's jobs are spread.
package struct Spread: Hashable, Sendable, CustomStringConvertible {
    package let seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    /// Reads `0`, or a whole number of `s`, `m`, `h` or `d`, such as `10m`.
    package init(_ text: String) throws(CronError) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits),
            number <= 1_000_000, unit != nil || number == 0
        else {
            throw CronError(
                message: "`\(text.prefix(40))` is not a span", hint: "write 0, or a span such as 90s, 10m or 1h")
        }
        seconds = number * (unit ?? 1)
    }

    package var duration: Duration { .seconds(seconds) }

    /// In the largest unit that fits.
    package var description: String {
        for (size, unit) in [(86_400, "d"), (3600, "h"), (60, "m")] where seconds > 0 && seconds.isMultiple(of: size) {
            return "\(seconds / size)\(unit)"
        }
        return seconds == 0 ? "0" : "\(seconds)s"
    }

    /// Refuses a spread that does not end before the next slot.
    ///
    /// - Throws: ``CronError``
    package func require(within schedule: Schedule) throws(CronError) {
        let gap = schedule.shortestGap
        guard seconds <= gap else {
            throw CronError(
                message: "a spread of \(self) is longer than the time between two slots, \(Spread(seconds: gap))",
                hint: "the jobs of a slot have to start before the next one")
        }
    }
}

extension Schedule {
    /// The shortest time in seconds between two of a hundred slots; always the same ones.
    var shortestGap: Int {
        var shortest = Int.max
        var slot = nextSlot(after: Date(timeIntervalSinceReferenceDate: 0))
        for _ in 0..<100 {
            let next = nextSlot(after: slot)
            shortest = min(shortest, Int(next.timeIntervalSince(slot)))
            slot = next
        }
        return shortest
    }
}
