import Cron
import Foundation
import Testing

/// Expressions as people write them, read on the plain calendar of UTC.
@Suite struct CronExpressionTests {
    struct Example: CustomTestStringConvertible {
        var cron: String
        var after: String
        var slots: [String]

        init(_ cron: String, after: String, _ slots: String...) {
            self.cron = cron
            self.after = after
            self.slots = slots
        }

        var testDescription: String { "\(cron) after \(after)" }
    }

    @Test(arguments: [
        Example("0 6 * * *", after: "2026-11-23 05:59", "2026-11-23 06:00", "2026-11-24 06:00"),
        Example("0 6 * * *", after: "2026-11-23 06:00", "2026-11-24 06:00"),
        Example("* * * * *", after: "2026-12-31 23:58", "2026-12-31 23:59", "2027-01-01 00:00", "2027-01-01 00:01"),
        Example("*/20 * * * *", after: "2026-01-01 00:00", "2026-01-01 00:20", "2026-01-01 00:40", "2026-01-01 01:00"),
        Example(
            "5-59/25 3 * * *", after: "2026-01-01 00:00", "2026-01-01 03:05", "2026-01-01 03:30", "2026-01-01 03:55"),
        Example("15,45 8,20 * * *", after: "2026-01-01 08:20", "2026-01-01 08:45", "2026-01-01 20:15"),
        Example(
            "0 9-17/4 * * *", after: "2026-01-01 10:00", "2026-01-01 13:00", "2026-01-01 17:00", "2026-01-02 09:00"),
        Example("30 7 1 * *", after: "2026-01-31 23:00", "2026-02-01 07:30", "2026-03-01 07:30"),
        Example("0 0 31 * *", after: "2026-01-31 12:00", "2026-03-31 00:00", "2026-05-31 00:00"),
        Example("0 0 * JAN,jul *", after: "2026-01-31 12:00", "2026-07-01 00:00"),
        Example(
            "0 0 1 nov-dec *", after: "2026-01-31 12:00", "2026-11-01 00:00", "2026-12-01 00:00", "2027-11-01 00:00"),
        Example("0 6 * * MON-FRI", after: "2026-11-20 06:00", "2026-11-23 06:00", "2026-11-24 06:00"),
        Example("0 6 * * 0", after: "2026-11-20 06:00", "2026-11-22 06:00", "2026-11-29 06:00"),
        Example("0 6 * * 7", after: "2026-11-20 06:00", "2026-11-22 06:00", "2026-11-29 06:00"),
        Example("0 6 * * sun", after: "2026-11-20 06:00", "2026-11-22 06:00", "2026-11-29 06:00"),
        Example(
            "0 6 * * SAT-SUN", after: "2026-11-20 06:00", "2026-11-21 06:00", "2026-11-22 06:00", "2026-11-28 06:00"),
        Example("0 6 * * 6-7", after: "2026-11-20 06:00", "2026-11-21 06:00", "2026-11-22 06:00", "2026-11-28 06:00"),
        Example(
            "0 6 * * SUN-MON", after: "2026-11-20 06:00", "2026-11-22 06:00", "2026-11-23 06:00", "2026-11-29 06:00"),
        Example("0 6 * * */2", after: "2026-11-20 06:00", "2026-11-21 06:00", "2026-11-22 06:00", "2026-11-24 06:00"),
        // Both day fields are restricted: either will do.
        Example("0 0 13 * FRI", after: "2026-11-01 00:00", "2026-11-06 00:00", "2026-11-13 00:00", "2026-11-20 00:00"),
        Example("0 0 30 2 MON", after: "2026-02-01 12:00", "2026-02-02 00:00", "2026-02-09 00:00"),
        // One has a star: both must hold.
        Example("0 0 13 * */5", after: "2026-01-01 00:00", "2026-02-13 00:00", "2026-03-13 00:00", "2026-09-13 00:00"),
        Example("0 0 */10 * FRI", after: "2026-01-01 00:00", "2026-05-01 00:00", "2026-07-31 00:00"),
        Example("0 0 29 2 *", after: "2026-01-01 00:00", "2028-02-29 00:00", "2032-02-29 00:00"),
        Example("0 0 29 2 *", after: "2096-03-01 00:00", "2104-02-29 00:00"),
        Example("0 0 29 2 *", after: "1996-03-01 00:00", "2000-02-29 00:00"),
        Example("0 0 29 2 */6", after: "2072-12-01 00:00", "2076-02-29 00:00", "2088-02-29 00:00", "2116-02-29 00:00"),
        // The first Sunday of a month, and a first day that is a Monday.
        Example("0 0 1-7 * */7", after: "2026-11-20 00:00", "2026-12-06 00:00", "2027-01-03 00:00"),
        Example("0 0 */31 * MON", after: "2026-11-20 00:00", "2027-02-01 00:00", "2027-03-01 00:00"),
        Example("00 006 * * *", after: "2026-01-01 00:00", "2026-01-01 06:00"),
        Example("  0\t6  * * *  ", after: "2026-01-01 00:00", "2026-01-01 06:00"),
        Example("@daily", after: "2026-01-01 00:00", "2026-01-02 00:00"),
        Example("@Midnight", after: "2026-01-01 00:00", "2026-01-02 00:00"),
        Example("@hourly", after: "2026-01-01 00:30", "2026-01-01 01:00"),
        Example("@weekly", after: "2026-11-20 06:00", "2026-11-22 00:00"),
        Example("@monthly", after: "2026-11-20 06:00", "2026-12-01 00:00"),
        Example("@yearly", after: "2026-11-20 06:00", "2027-01-01 00:00"),
        Example("@annually", after: "2026-11-20 06:00", "2027-01-01 00:00"),
    ])
    func itFiresAt(_ example: Example) throws {
        let schedule = try Schedule(cron: example.cron, timeZone: "UTC")
        var date = try instant(example.after)
        for slot in example.slots {
            date = schedule.nextSlot(after: date)
            #expect(date == (try instant(slot)))
        }
        for slot in example.slots.reversed() {
            #expect(schedule.latestSlot(atOrBefore: date) == (try instant(slot)))
            date = (schedule.latestSlot(atOrBefore: date) ?? date).addingTimeInterval(-1)
        }
    }

    struct Mistake: CustomTestStringConvertible {
        var cron: String
        var message: String
        var hint: String

        init(_ cron: String, _ message: String, _ hint: String) {
            self.cron = cron
            self.message = message
            self.hint = hint
        }

        var testDescription: String { cron }
    }

    @Test(arguments: [
        Mistake("", "the cron expression is empty", "minute, hour, day of month"),
        Mistake("0 6 * *", "`0 6 * *` has 4 of 5 fields", "0 6 * * *"),
        Mistake("0 0 6 * * *", "`0 0 6 * * *` has 6 of 5 fields", "leave out the seconds"),
        Mistake("@often", "`@often` is not a schedule", "@annually @daily"),
        Mistake("@reboot", "`@reboot` is not a schedule", "@annually @daily"),
        Mistake("60 6 * * *", "`60` is not a minute (minute, column 1)", "from 0 to 59"),
        Mistake("0 24 * * *", "`24` is not an hour (hour, column 3)", "from 0 to 23"),
        Mistake("0  6 32 * *", "`32` is not a day of month (day of month, column 6)", "from 1 to 31"),
        Mistake("0 6 0 * *", "`0` is not a day of month", "from 1 to 31"),
        Mistake("0 6 * 13 *", "`13` is not a month", "a name from JAN to DEC"),
        Mistake("0 6 * * 8", "`8` is not a day of week", "a name from SUN to SAT"),
        Mistake("0 6 * * Monday", "`Monday` is not a day of week", "write MON"),
        Mistake("0 6 * September *", "`September` is not a month", "write SEP"),
        Mistake("0 6 * * XYZ", "`XYZ` is not a day of week", "a name from SUN to SAT"),
        Mistake("0 6 MON * *", "`MON` is not a day of month", "from 1 to 31"),
        Mistake("-5 6 * * *", "`` is not a minute", "from 0 to 59"),
        Mistake("5- 6 * * *", "`` is not a minute (minute, column 3)", "from 0 to 59"),
        Mistake("1-2-3 6 * * *", "`1-2-3` is not a range", "one dash"),
        Mistake("0 22-4 * * *", "the range `22-4` goes backwards (hour, column 3)", "22-23,0-4"),
        Mistake("0 6 25-5 * *", "the range `25-5` goes backwards", "25-31,1-5"),
        Mistake("0 6 * * FRI-MON", "the range `FRI-MON` goes backwards", "FRI-6,0-MON"),
        Mistake("1,,2 6 * * *", "an empty entry in the list (minute, column 3)", "one comma"),
        Mistake("1, 6 * * *", "an empty entry in the list (minute, column 3)", "one comma"),
        Mistake("*/0 6 * * *", "`0` is not a step (minute, column 3)", "from 1"),
        Mistake("*/ 6 * * *", "`` is not a step", "from 1"),
        Mistake("*/x 6 * * *", "`x` is not a step", "from 1"),
        Mistake("*/5/5 6 * * *", "`*/5/5` has more than one step", "*/5"),
        Mistake("5/10 6 * * *", "`5/10` has a step but no range", "5-59/10"),
        Mistake("*/60 6 * * *", "the step 60 is longer than the range it walks", "write 0"),
        Mistake("0 6 1-5/5 * *", "the step 5 is longer than the range it walks", "write 1"),
        Mistake("0 6 1-7 * */8", "the step 8 is longer than the range it walks", "write */7"),
        Mistake("0 6 */32 * 1", "the step 32 is longer than the range it walks", "write */31"),
        Mistake("** 6 * * *", "`**` is not a minute", "from 0 to 59"),
        Mistake("*-5 6 * * *", "`*` is not a minute", "from 0 to 59"),
        Mistake("0 6 L * *", "`L` is not a day of month", "L, W and # are not understood"),
        Mistake("0 6 * * 1#2", "`1#2` is not a day of week", "L, W and # are not understood"),
        Mistake("0 6 ? * *", "`?` is not a day of month", "write *"),
        Mistake("99999999999999999999 6 * * *", "is not a minute", "from 0 to 59"),
        Mistake("0 0 30 2 *", "`0 0 30 2 *` never fires", "too short"),
        Mistake("0 0 31 2,4,6,9,11 *", "never fires", "too short"),
        Mistake("0 0 31 4 */2", "never fires", "too short"),
        Mistake("0 6 * * ５", "a character that is not allowed in one (column 9)", "plain letters, digits"),
        Mistake("0 6 * *\u{1B}[31m *", "a character that is not allowed in one (column 8)", "plain letters, digits"),
        Mistake("0 6 * * *\n", "a character that is not allowed in one (column 10)", "plain letters, digits"),
        Mistake(String(repeating: "1,", count: 200), "too long", "200"),
    ])
    func itRefuses(_ mistake: Mistake) throws {
        let error = try #require(throws: CronError.self) { try CronExpression(mistake.cron) }
        #expect(error.message.contains(mistake.message))
        #expect(error.hint.contains(mistake.hint))
        #expect(error.description == "\(error.message) (\(error.hint))")
        #expect(error.description.unicodeScalars.allSatisfy { $0 >= " " })
    }

    @Test func itIsShownAsItWasWritten() throws {
        #expect(try CronExpression(" 0  6 * *\tMON ").description == "0 6 * * MON")
        #expect(try CronExpression("@Daily").description == "@Daily")
    }

    private func instant(_ text: String) throws -> Date {
        try Date(text.replacing(" ", with: "T") + ":00Z", strategy: .iso8601)
    }
}
