/// A cron expression: minute, hour, day of month, month and day of week, as in `crontab(5)`.
///
/// Fields are lists of values, ranges and steps; months and weekdays have names, Sunday is 0 and 7; `@daily` and its
/// kind are understood. A day of month and a day of week that are both restricted (neither has a `*`) mean either of
/// them, otherwise both. An expression knows the calendar and the wall clock only: see ``Schedule`` for time zones.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// As it was written, with single spaces.
    package let description: String
    private let minutes: CronField.Values
    private let hours: CronField.Values
    private let days: CronField.Values
    private let months: CronField.Values
    private let weekdays: CronField.Values

    private static let macros = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// - Throws: ``CronError``, also when no date ever matches, as the 30th of February.
    package init(_ text: String) throws(CronError) {
        guard text.utf8.count <= 200 else {
            throw CronError(message: "the cron expression is too long", hint: "200 characters are the most")
        }
        if let odd = text.unicodeScalars.firstIndex(where: { !(" "..."~").contains($0) && $0 != "\t" }) {
            let column = text.unicodeScalars.distance(from: text.startIndex, to: odd) + 1
            throw CronError(
                message: "the cron expression has a character that is not allowed in one (column \(column))",
                hint: "write it in one line of plain letters, digits, spaces and * , - /")
        }
        let words = CronField.Piece(text: text[...], column: 1).words
        description = words.map(\.text).joined(separator: " ")
        let fields = try Self.fields(words, of: description)
        minutes = try CronField.minute.parse(fields[0])
        hours = try CronField.hour.parse(fields[1])
        days = try CronField.day.parse(fields[2])
        months = try CronField.month.parse(fields[3])
        weekdays = try CronField.weekday.parse(fields[4])
        guard firstDay(atOrAfter: CivilDay(number: 0)) != nil else {
            throw CronError(
                message: "`\(description)` never fires: no year has such a date",
                hint: "the months it names are too short for its day of month")
        }
    }

    private static func fields(_ words: [CronField.Piece], of text: String) throws(CronError) -> [CronField.Piece] {
        if text.hasPrefix("@") {
            guard let expansion = macros[text.lowercased()] else {
                throw CronError(
                    message: "`\(text)` is not a schedule",
                    hint: "write five fields, or one of \(macros.keys.sorted().joined(separator: " "))")
            }
            return CronField.Piece(text: expansion[...], column: 1).words
        }
        guard words.count == 5 else {
            throw CronError(
                message: text.isEmpty ? "the cron expression is empty" : "`\(text)` has \(words.count) of 5 fields",
                hint: words.count == 6
                    ? "leave out the seconds: slots are whole minutes"
                    : "write minute, hour, day of month, month and day of week, as 0 6 * * *")
        }
        return words
    }

    /// Whether the hour and the minute are certain ones, however they are listed, and not any (`*`, `*/n`).
    var hasFixedTimes: Bool { !minutes.hasStar && !hours.hasStar }
}

/// A reading of calendar and clock, in seconds from 1970-01-01 00:00 as the wall shows it.
typealias WallTime = Int

extension CronExpression {
    /// The first match not before `wall`.
    func first(atOrAfter wall: WallTime) -> WallTime {
        let (number, second) = wall.floored(by: 86_400)
        let today = CivilDay(number: number)
        if includes(today), let minute = firstMinute(atOrAfter: (second + 59) / 60) {
            return number * 86_400 + minute * 60
        }
        guard let day = firstDay(atOrAfter: CivilDay(number: number + 1)), let minute = firstMinute(atOrAfter: 0) else {
            preconditionFailure("an expression that never fires was refused")
        }
        return day.number * 86_400 + minute * 60
    }

    /// The last match not after `wall`.
    func last(atOrBefore wall: WallTime) -> WallTime {
        let (number, second) = wall.floored(by: 86_400)
        let today = CivilDay(number: number)
        if includes(today), let minute = lastMinute(atOrBefore: second / 60) {
            return number * 86_400 + minute * 60
        }
        guard let day = lastDay(atOrBefore: CivilDay(number: number - 1)), let minute = lastMinute(atOrBefore: 1_439)
        else { preconditionFailure("an expression that never fires was refused") }
        return day.number * 86_400 + minute * 60
    }

    private func includes(_ day: CivilDay) -> Bool {
        let date = day.date
        return months.contains(date.month) && includes(dayOfMonth: date.day, weekday: day.weekday)
    }

    private func includes(dayOfMonth: Int, weekday: Int) -> Bool {
        let eitherWillDo = !days.hasStar && !weekdays.hasStar
        return eitherWillDo
            ? days.contains(dayOfMonth) || weekdays.contains(weekday)
            : days.contains(dayOfMonth) && weekdays.contains(weekday)
    }

    /// Nil when there is none in all of the calendar.
    private func firstDay(atOrAfter start: CivilDay) -> CivilDay? {
        var day = start
        while day.number < start.number + CivilDay.cycle {
            let date = day.date
            if !months.contains(date.month) {
                day = day.firstOfNextMonth
            } else if includes(dayOfMonth: date.day, weekday: day.weekday) {
                return day
            } else {
                day.number += 1
            }
        }
        return nil
    }

    private func lastDay(atOrBefore start: CivilDay) -> CivilDay? {
        var day = start
        while day.number > start.number - CivilDay.cycle {
            let date = day.date
            if !months.contains(date.month) {
                day.number -= date.day
            } else if includes(dayOfMonth: date.day, weekday: day.weekday) {
                return day
            } else {
                day.number -= 1
            }
        }
        return nil
    }

    private func firstMinute(atOrAfter minuteOfDay: Int) -> Int? {
        let (hour, minute) = minuteOfDay.quotientAndRemainder(dividingBy: 60)
        if hours.contains(hour), let minute = minutes.first(atOrAfter: minute) { return hour * 60 + minute }
        guard let hour = hours.first(atOrAfter: hour + 1), let minute = minutes.first(atOrAfter: 0) else { return nil }
        return hour * 60 + minute
    }

    private func lastMinute(atOrBefore minuteOfDay: Int) -> Int? {
        let (hour, minute) = minuteOfDay.quotientAndRemainder(dividingBy: 60)
        if hours.contains(hour), let minute = minutes.last(atOrBefore: minute) { return hour * 60 + minute }
        guard let hour = hours.last(atOrBefore: hour - 1), let minute = minutes.last(atOrBefore: 59) else { return nil }
        return hour * 60 + minute
    }
}
