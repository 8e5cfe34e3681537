import Cron
import Foundation
import TestSupport
import Testing

/// Random expressions against a reading of every single minute, which knows dates only from Foundation's calendar.
@Suite struct ScheduleOracleTests {
    struct Window: CustomTestStringConvertible {
        var zone: String
        var from: String
        var days: Int

        init(_ zone: String, _ from: String, days: Int = 6) {
            self.zone = zone
            self.from = from
            self.days = days
        }

        var testDescription: String { "\(zone) from \(from)" }
    }

    @Test(arguments: [
        Window("UTC", "2027-12-01", days: 40),
        Window("UTC", "1999-12-20", days: 40),
        Window("Europe/Berlin", "2026-03-26"), Window("Europe/Berlin", "2026-10-22"),
        Window("America/New_York", "2026-03-05"), Window("America/New_York", "2026-10-29"),
        Window("Australia/Lord_Howe", "2026-04-02"), Window("Australia/Lord_Howe", "2026-10-01"),
        Window("America/Sao_Paulo", "2018-11-01"), Window("America/Sao_Paulo", "2018-02-15"),
        Window("Africa/Casablanca", "2026-02-12"), Window("Africa/Casablanca", "2026-03-19"),
        Window("Pacific/Apia", "2011-12-27"), Window("Asia/Pyongyang", "2015-08-12"),
        Window("Antarctica/Troll", "2026-03-26"), Window("Pacific/Kwajalein", "1969-09-27"),
    ])
    func slotsAreThoseOfEveryMinute(_ window: Window) throws {
        let zone = try #require(TimeZone(identifier: window.zone))
        let start = try Date("\(window.from)T00:00:00Z", strategy: .iso8601)
        let minutes = wallMinutes(of: zone, from: start, count: window.days * 1_440)
        var random = SeededGenerator(seed: start.timeIntervalSince1970.bitPattern)

        for _ in 1...30 {
            let cron = RandomCron(using: &random)
            let schedule = try Schedule(cron: cron.text, timeZone: window.zone)
            let expected = slots(of: cron, in: minutes)
            var found: [Date] = []
            // The slots that the first two days have only set the oracle's eye on what was seen before.
            let first = start.addingTimeInterval(2 * 86_400)
            let last = start.addingTimeInterval(Double(window.days) * 86_400)
            var date = first
            while true {
                let slot = schedule.nextSlot(after: date)
                guard slot < last else { break }
                #expect(slot > date)
                found.append(slot)
                // A second later is as good as the slot itself, and every so often a test of it.
                date = slot.addingTimeInterval(found.count.isMultiple(of: 5) ? 1 : 0)
            }
            let due = expected.filter { $0 > first && $0 < last }
            #expect(found == due, "\(cron.text)")

            for (earlier, later) in zip(due, due.dropFirst()).prefix(20) {
                #expect(schedule.latestSlot(atOrBefore: earlier) == earlier, "\(cron.text)")
                #expect(schedule.latestSlot(atOrBefore: later.addingTimeInterval(-0.5)) == earlier, "\(cron.text)")
            }
        }
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func theLatestSlotIsTheOneThatNothingFollowsBeforeTheDate(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]
        for zone in zones {
            let cron = RandomCron(using: &random)
            let schedule = try Schedule(cron: cron.text, timeZone: zone)
            let date = Date(timeIntervalSince1970: .random(in: 0...4e9, using: &random))
            let latest = try #require(schedule.latestSlot(atOrBefore: date))
            #expect(latest <= date, "\(cron.text) in \(zone)")
            #expect(schedule.nextSlot(after: latest) > date, "\(cron.text) in \(zone)")
            #expect(schedule.nextSlot(after: latest.addingTimeInterval(-1)) == latest, "\(cron.text) in \(zone)")
            #expect(latest.timeIntervalSince1970.truncatingRemainder(dividingBy: 60) == 0)
        }
    }

    /// One minute of UTC, and what the wall shows then.
    struct WallMinute {
        var date: Date
        /// Minutes of the wall's own calendar.
        var wall: Int
    }

    private func wallMinutes(of zone: TimeZone, from start: Date, count: Int) -> [WallMinute] {
        (0..<count).map { minute in
            let date = start.addingTimeInterval(Double(minute) * 60)
            let wall = Int(date.timeIntervalSince1970) + zone.secondsFromGMT(for: date)
            return WallMinute(date: date, wall: Int((Double(wall) / 60).rounded(.down)))
        }
    }

    private func slots(of cron: RandomCron, in minutes: [WallMinute]) -> [Date] {
        let isFixed = !cron.minute.hasStar && !cron.hour.hasStar
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        var days: [Int: Bool] = [:]
        let times = (0..<1_440).map(cron.includes(minuteOfDay:))
        func matches(_ wall: Int) -> Bool {
            let number = Int((Double(wall) / 1_440).rounded(.down))
            guard times[wall - number * 1_440] else { return false }
            if let known = days[number] { return known }
            let date = Date(timeIntervalSince1970: Double(number) * 86_400)
            let isDay = cron.includes(
                month: calendar.component(.month, from: date), day: calendar.component(.day, from: date),
                weekday: calendar.component(.weekday, from: date) - 1)
            days[number] = isDay
            return isDay
        }

        guard isFixed else { return minutes.filter { matches($0.wall) }.map(\.date) }
        // A fixed time is due when the wall first shows it, or first shows a later one.
        var slots: [Date] = []
        var latest = (minutes.first?.wall ?? 0) - 1
        for minute in minutes where minute.wall > latest {
            if (latest + 1...minute.wall).contains(where: matches) { slots.append(minute.date) }
            latest = minute.wall
        }
        return slots
    }
}
