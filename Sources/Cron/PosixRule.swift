/// What holds in a zone from its last listed change on: the `TZ` variable's form, as POSIX and RFC 9636 define it.
enum PosixRule: Hashable, Sendable {
    /// Nothing is known: the last offset stays.
    case none
    case constant(Int)
    case summertime(standard: Int, summer: Int, starts: Turn, ends: Turn)

    /// An instant of each year, by the wall clock of the time before it.
    struct Turn: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// From 1 to 365; the 29th of February is never counted.
            case julian(Int)
            /// From 0 to 365.
            case ordinal(Int)
            /// The week is from 1 to 5, where 5 is the last one; Sunday is 0.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        var day: Day
        /// In seconds from midnight, also below 0 and beyond a day.
        var time: Int

        /// In seconds from 1970, by the wall clock.
        func wall(in year: Int) -> Int { number(in: year) * 86_400 + time }

        private func number(in year: Int) -> Int {
            let newYear = CivilDay(year: year, month: 1, day: 1).number
            switch day {
            case .julian(let day): return newYear + day - 1 + (CivilDay.isLeap(year) && day >= 60 ? 1 : 0)
            case .ordinal(let day): return newYear + day
            case .weekday(let month, let week, let weekday):
                let first = CivilDay(year: year, month: month, day: 1)
                let days = first.firstOfNextMonth.number - first.number
                var day = (weekday - first.weekday + 7) % 7 + (week - 1) * 7
                if day >= days { day -= 7 }
                return first.number + day
            }
        }
    }

    func offset(at second: Int, otherwise last: Int) -> Int {
        switch self {
        case .none: return last
        case .constant(let offset): return offset
        case .summertime(let standard, _, _, _):
            return turns(around: second).last { $0.at <= second }?.offset ?? standard
        }
    }

    func nextChange(after second: Int, from offset: Int) -> Int? {
        turns(around: second).first { $0.at > second && $0.offset != offset }?.at
    }

    /// The changes of the year, the one before and the two after, in order.
    private func turns(around second: Int) -> [ZoneRules.Change] {
        guard case .summertime(let standard, let summer, let starts, let ends) = self else { return [] }
        let year = CivilDay(number: second.floored(by: 86_400).quotient).date.year
        // Of two at one instant, summer time wins: so a zone whose summer time lasts all year is written.
        return ((year - 1)...(year + 2)).flatMap { year in
            [
                ZoneRules.Change(at: ends.wall(in: year) - summer, offset: standard),
                ZoneRules.Change(at: starts.wall(in: year) - standard, offset: summer),
            ]
        }.sorted { ($0.at, $0.offset == summer ? 1 : 0) < ($1.at, $1.offset == summer ? 1 : 0) }
    }
}

// MARK: Reading

extension PosixRule {
    /// Nil if `text` is not a rule.
    init?(_ text: String) {
        guard !text.isEmpty else {
            self = .none
            return
        }
        var scanner = Scanner(rest: Array(text.utf8)[...])
        guard scanner.name(), let west = scanner.time(hours: 24) else { return nil }
        guard !scanner.rest.isEmpty else {
            self = .constant(-west)
            return
        }
        guard scanner.name() else { return nil }
        var summer = 3600 - west
        if let byte = scanner.rest.first, byte != UInt8(ascii: ",") {
            guard let west = scanner.time(hours: 24) else { return nil }
            summer = -west
        }
        guard scanner.take(","), let starts = scanner.turn(), scanner.take(","), let ends = scanner.turn(),
            scanner.rest.isEmpty
        else { return nil }
        self = .summertime(standard: -west, summer: summer, starts: starts, ends: ends)
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        /// Three letters or more, or anything between angle brackets.
        mutating func name() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { (65...90).contains($0 & 0xDF) }
            rest = rest.dropFirst(letters.count)
            return letters.count >= 3
        }

        mutating func number(in range: ClosedRange<Int>) -> Int? {
            let digits = rest.prefix { (48...57).contains($0) }
            guard (1...3).contains(digits.count), let number = Int(String(decoding: digits, as: UTF8.self)),
                range.contains(number)
            else { return nil }
            rest = rest.dropFirst(digits.count)
            return number
        }

        /// `[+-]hh[:mm[:ss]]`, in seconds.
        mutating func time(hours: Int) -> Int? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let hour = number(in: 0...hours) else { return nil }
            var seconds = hour * 3600
            if take(":") {
                guard let minute = number(in: 0...59) else { return nil }
                seconds += minute * 60
                if take(":") {
                    guard let second = number(in: 0...59) else { return nil }
                    seconds += second
                }
            }
            return isNegative ? -seconds : seconds
        }

        mutating func turn() -> Turn? {
            guard let day = day() else { return nil }
            guard take("/") else { return Turn(day: day, time: 7200) }
            return time(hours: 167).map { Turn(day: day, time: $0) }
        }

        private mutating func day() -> Turn.Day? {
            if take("J") { return number(in: 1...365).map(Turn.Day.julian) }
            guard take("M") else { return number(in: 0...365).map(Turn.Day.ordinal) }
            guard let month = number(in: 1...12), take("."), let week = number(in: 1...5), take("."),
                let weekday = number(in: 0...6)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
    }
}
