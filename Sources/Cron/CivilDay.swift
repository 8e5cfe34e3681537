/// A day of the Gregorian calendar, counted from 1970-01-01.
struct CivilDay: Hashable, Comparable {
    var number: Int

    /// The calendar repeats itself, weekdays included, after this many days: 400 years.
    static let cycle = 146_097

    init(number: Int) { self.number = number }

    init(year: Int, month: Int, day: Int) {
        number = Self.daysBefore(year: year) + Self.daysBefore(month: month, isLeap: Self.isLeap(year)) + day - 1
    }

    var date: (year: Int, month: Int, day: Int) {
        var year = 1970 + (number * 400).floored(by: Self.cycle).quotient
        while Self.daysBefore(year: year + 1) <= number { year += 1 }
        while Self.daysBefore(year: year) > number { year -= 1 }
        let isLeap = Self.isLeap(year)
        let dayOfYear = number - Self.daysBefore(year: year)
        var month = 1
        while month < 12, Self.daysBefore(month: month + 1, isLeap: isLeap) <= dayOfYear { month += 1 }
        return (year, month, dayOfYear - Self.daysBefore(month: month, isLeap: isLeap) + 1)
    }

    /// From 0, a Sunday, to 6.
    var weekday: Int { (number + 4).floored(by: 7).remainder }

    var firstOfNextMonth: CivilDay {
        let (year, month, _) = date
        return month == 12
            ? CivilDay(year: year + 1, month: 1, day: 1) : CivilDay(year: year, month: month + 1, day: 1)
    }

    static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
    }

    /// From 1970-01-01 to the year's first day.
    private static func daysBefore(year: Int) -> Int {
        func leapYears(through year: Int) -> Int {
            year.floored(by: 4).quotient - year.floored(by: 100).quotient + year.floored(by: 400).quotient
        }
        return (year - 1970) * 365 + leapYears(through: year - 1) - leapYears(through: 1969)
    }

    private static func daysBefore(month: Int, isLeap: Bool) -> Int {
        let days = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]
        return isLeap && month > 2 ? days + 1 : days
    }
}

extension Int {
    /// Division that rounds down, so that the remainder is never negative.
    func floored(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
