import Cron
import Foundation
import Testing

/// Time zones and changes of clocks, with dates that can be looked up.
@Suite struct ScheduleTests {
    struct Example: CustomTestStringConvertible {
        var cron: String
        var zone: String
        var after: String
        var slots: [String]

        /// Instants are written with their offset, as the wall shows them.
        init(_ cron: String, _ zone: String, after: String, _ slots: String...) {
            self.cron = cron
            self.zone = zone
            self.after = after
            self.slots = slots
        }

        var testDescription: String { "\(cron) in \(zone) after \(after)" }
    }

    @Test(arguments: [
        Example(
            "0 6 * * *", "Europe/Berlin", after: "2026-03-28T06:00+01:00",
            "2026-03-29T06:00+02:00", "2026-03-30T06:00+02:00"),
        // 02:00 to 03:00 does not exist on 29 March: due when the clocks have jumped, several times together once.
        Example(
            "30 2 * * *", "Europe/Berlin", after: "2026-03-28T00:00+01:00",
            "2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"),
        Example(
            "0,15,30,45 2 * * *", "Europe/Berlin", after: "2026-03-28T02:45+01:00",
            "2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"),
        Example(
            "0 1,2,3 * * *", "Europe/Berlin", after: "2026-03-29T00:00+01:00",
            "2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00", "2026-03-30T01:00+02:00"),
        Example("30 2 29 3 *", "Europe/Berlin", after: "2026-01-01T00:00+01:00", "2026-03-29T03:00+02:00"),
        // It comes twice on 25 October: due the first time.
        Example(
            "30 2 * * *", "Europe/Berlin", after: "2026-10-24T12:00+02:00",
            "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
        Example("30 2 * * *", "Europe/Berlin", after: "2026-10-25T02:15+01:00", "2026-10-26T02:30+01:00"),
        Example(
            "0 1-3 * * *", "Europe/Berlin", after: "2026-10-25T00:00+02:00",
            "2026-10-25T01:00+02:00", "2026-10-25T02:00+02:00", "2026-10-25T03:00+01:00"),
        // With a star, every time that the wall shows a match.
        Example(
            "30 * * * *", "Europe/Berlin", after: "2026-03-29T00:30+01:00",
            "2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00", "2026-03-29T04:30+02:00"),
        Example(
            "30 * * * *", "Europe/Berlin", after: "2026-10-25T01:30+02:00",
            "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", "2026-10-25T03:30+01:00"),
        Example(
            "*/30 2 * * *", "Europe/Berlin", after: "2026-03-28T02:30+01:00",
            "2026-03-30T02:00+02:00", "2026-03-30T02:30+02:00"),
        Example(
            "*/30 2 * * *", "Europe/Berlin", after: "2026-10-25T02:00+02:00",
            "2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00", "2026-10-26T02:00+01:00"),

        Example(
            "0 2 * * *", "America/New_York", after: "2026-03-07T03:00-05:00",
            "2026-03-08T03:00-04:00", "2026-03-09T02:00-04:00"),
        Example(
            "30 1 * * *", "America/New_York", after: "2026-10-31T02:00-04:00",
            "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"),

        // Half an hour forth and back.
        Example(
            "15 2 * * *", "Australia/Lord_Howe", after: "2026-10-03T12:00+10:30",
            "2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"),
        Example(
            "45 1 * * *", "Australia/Lord_Howe", after: "2026-04-04T12:00+11:00",
            "2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"),
        Example(
            "*/15 * * * *", "Australia/Lord_Howe", after: "2026-04-05T01:30+11:00",
            "2026-04-05T01:45+11:00", "2026-04-05T01:30+10:30", "2026-04-05T01:45+10:30", "2026-04-05T02:00+10:30"),

        // Midnight itself did not exist on 4 November 2018; the day before 18 February had its last hour twice.
        Example(
            "0 0 * * *", "America/Sao_Paulo", after: "2018-11-03T00:00-03:00",
            "2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00"),
        Example(
            "30 23 * * *", "America/Sao_Paulo", after: "2018-02-17T12:00-02:00",
            "2018-02-17T23:30-02:00", "2018-02-18T23:30-03:00"),
        Example("0 0 * * *", "America/Sao_Paulo", after: "2030-11-03T12:00-03:00", "2030-11-04T00:00-03:00"),

        // Ramadan: back in February, forward in March.
        Example(
            "30 2 * * *", "Africa/Casablanca", after: "2026-02-14T12:00+01:00",
            "2026-02-15T02:30+01:00", "2026-02-16T02:30+00:00"),
        Example(
            "30 2 * * *", "Africa/Casablanca", after: "2026-03-21T12:00+00:00",
            "2026-03-22T03:00+01:00", "2026-03-23T02:30+01:00"),

        // There was no 30 December 2011.
        Example(
            "0 6 * * *", "Pacific/Apia", after: "2011-12-29T00:00-10:00",
            "2011-12-29T06:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T06:00+14:00"),
        Example("0 6 30 12 *", "Pacific/Apia", after: "2011-01-01T00:00+14:00", "2011-12-31T00:00+14:00"),
        Example("0 * 30 12 *", "Pacific/Apia", after: "2011-01-01T00:00+14:00", "2012-12-30T00:00+14:00"),

        Example("0 6 * * *", "UTC", after: "2026-03-28T06:00Z", "2026-03-29T06:00Z"),
        Example("0 6 * * *", "Asia/Kathmandu", after: "2026-03-28T06:00+05:45", "2026-03-29T06:00+05:45"),
    ])
    func itFiresAt(_ example: Example) throws {
        let schedule = try Schedule(cron: example.cron, timeZone: example.zone)
        var date = try instant(example.after)
        for slot in example.slots {
            date = schedule.nextSlot(after: date)
            #expect(date == (try instant(slot)))
        }
        for slot in example.slots.reversed() {
            let latest = try #require(schedule.latestSlot(atOrBefore: date))
            #expect(latest == (try instant(slot)))
            date = latest.addingTimeInterval(-1)
        }
    }

    @Test func aSlotIsNotAfterItself() throws {
        let schedule = try Schedule(cron: "0 6 * * *", timeZone: "Europe/Berlin")
        let slot = try instant("2026-11-23T06:00+01:00")
        #expect(schedule.nextSlot(after: slot.addingTimeInterval(-0.001)) == slot)
        #expect(schedule.nextSlot(after: slot) > slot)
        #expect(schedule.latestSlot(atOrBefore: slot) == slot)
        #expect(schedule.latestSlot(atOrBefore: slot.addingTimeInterval(-0.001)) == slot.addingTimeInterval(-86_400))
    }

    @Test(arguments: [Date.distantPast, .distantFuture])
    func farDatesHaveSlots(_ date: Date) throws {
        let schedule = try Schedule(cron: "0 0 29 2 *", timeZone: "Europe/Berlin")
        let next = schedule.nextSlot(after: date)
        let latest = try #require(schedule.latestSlot(atOrBefore: date))
        #expect(latest < date && date < next)
        #expect(schedule.nextSlot(after: latest) == next)
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan, 1e300])
    func datesThatAreNoneAreAnsweredToo(_ seconds: Double) throws {
        let schedule = try Schedule(cron: "0 0 29 2 *", timeZone: "Europe/Berlin")
        let date = Date(timeIntervalSince1970: seconds)
        #expect(schedule.nextSlot(after: date).timeIntervalSince1970.isFinite)
        #expect(schedule.latestSlot(atOrBefore: date)?.timeIntervalSince1970.isFinite == true)
    }

    @Test(arguments: ["0 0 29 2 *", "0 0 29 2 */6", "*/5 * 29 2 */6"])
    func rareSlotsAreFoundWithoutLookingAtEveryMinute(_ cron: String) throws {
        let schedule = try Schedule(cron: cron, timeZone: "Europe/Berlin")
        let start = ContinuousClock.now
        var date = try instant("1890-01-01T00:00Z")
        for _ in 1...20 { date = schedule.nextSlot(after: date) }
        // A scan of the minutes of up to forty years each would take minutes.
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test(arguments: [
        "UTC", "GMT", "Etc/UTC", "Europe/Berlin", "Europe/Kyiv", "US/Eastern", "America/Argentina/Buenos_Aires",
        "Asia/Kolkata", "CET", "EST5EDT", "Etc/GMT-2", "Japan",
    ])
    func itKnowsTheZone(_ zone: String) throws {
        #expect(try Schedule(cron: "0 6 * * *", timeZone: zone).timeZone == zone)
    }

    @Test(arguments: [
        ("Europe/Berln", "did you mean Europe/Berlin?"), ("europe/berlin", "did you mean Europe/Berlin?"),
        ("Berlin", "did you mean Europe/Berlin?"), ("new york", "did you mean America/New_York?"),
        ("America/NewYork", "did you mean America/New_York?"), ("utc", "UTC"),
        ("Mars/Phobos", "as Europe/Berlin, or UTC"), ("", "as Europe/Berlin, or UTC"), ("PST", "UTC"),
        ("CEST", "UTC"), ("GMT+2", "UTC"), ("UTC+3", "UTC"), ("+02:00", "UTC"), ("Local", "UTC"),
        ("../Europe/Berlin", "did you mean Europe/Berlin?"), (" Europe/Berlin", "did you mean Europe/Berlin?"),
        ("Europe/Ber\u{1B}[2Jlin", "Europe/Berlin"), (String(repeating: "x", count: 100_000), "UTC"),
    ])
    func itRefusesTheZone(_ zone: String, hint: String) throws {
        let error = try #require(throws: CronError.self) { try Schedule(cron: "0 6 * * *", timeZone: zone) }
        #expect(error.message.contains("time zone"))
        #expect(error.message.utf8.count < 100)
        #expect(error.hint.contains(hint))
        #expect(error.description.unicodeScalars.allSatisfy { $0 >= " " })
    }

    @Test func aZoneIsNotSilentlyUTC() throws {
        let schedule = try Schedule(cron: "0 6 * * *", timeZone: "Asia/Tokyo")
        #expect(schedule.nextSlot(after: try instant("2026-11-23T00:00Z")) == (try instant("2026-11-23T21:00Z")))
    }

    private func instant(_ text: String) throws -> Date {
        let time = try #require(text.firstIndex(of: "T"))
        let offset = try #require(text[time...].firstIndex { "+-Z".contains($0) })
        return try Date(text[..<offset] + ":00" + text[offset...], strategy: .iso8601)
    }
}
