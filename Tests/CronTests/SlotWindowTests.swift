import Cron
import Foundation
import Testing

/// Windows that begin with each slot of a schedule.
struct SlotWindowTests {
    @Test(arguments: [
        // Before, at the start, within, at the end.
        ("2026-11-22T01:59:59Z", "2026-11-22T02:00:00Z", "2026-11-22T06:00:00Z"),
        ("2026-11-22T02:00:00Z", "2026-11-22T02:00:00Z", "2026-11-22T06:00:00Z"),
        ("2026-11-22T05:59:59Z", "2026-11-22T02:00:00Z", "2026-11-22T06:00:00Z"),
        ("2026-11-22T06:00:00Z", "2026-11-29T02:00:00Z", "2026-11-29T06:00:00Z"),
    ])
    func aWindowIsTheOneOfNowOrTheNext(now: String, start: String, end: String) throws {
        let schedule = try Schedule(cron: "0 2 * * sun", timeZone: "UTC")
        let window = schedule.window(lasting: .seconds(4 * 3600), at: try Date(now, strategy: .iso8601))
        #expect(window.start == (try Date(start, strategy: .iso8601)))
        #expect(window.end == (try Date(end, strategy: .iso8601)))
    }

    @Test
    func itStartsByTheWallClockAndLastsByElapsedTime() throws {
        // In Berlin the clocks go forward on 2026-03-29 at 02:00.
        let schedule = try Schedule(cron: "0 1 * * sun", timeZone: "Europe/Berlin")
        let window = schedule.window(lasting: .seconds(7200), at: try Date("2026-03-28T12:00:00Z", strategy: .iso8601))
        #expect(window.start == (try Date("2026-03-29T00:00:00Z", strategy: .iso8601)))
        #expect(window.end == (try Date("2026-03-29T02:00:00Z", strategy: .iso8601)))
    }
}
