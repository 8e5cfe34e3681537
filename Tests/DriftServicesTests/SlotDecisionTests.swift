import Cron
import Foundation
import Testing

@testable import DriftServices

/// What happens at a slot, and after a time in which nobody looked.
@Suite struct SlotDecisionTests {
    let slot = Date(timeIntervalSince1970: 1_795_413_600)  // 2026-11-23 06:00 UTC
    let daily: Schedule

    init() throws { daily = try Schedule(cron: "0 6 * * *", timeZone: "UTC") }

    @Test(arguments: [86_400, 60, 0.001])
    func aSlotThatIsAheadIsWaitedFor(_ seconds: TimeInterval) {
        #expect(daily.due(nextSlot: slot, now: slot - seconds) == .wait(until: slot))
    }

    @Test(arguments: [0, 0.3, 60, 11 * hour, 12 * hour - 1])
    func aSlotFiresAtItsTimeAndWhileItIsYoung(_ late: TimeInterval) {
        #expect(daily.due(nextSlot: slot, now: slot + late) == .fire(slot: slot, next: slot + 24 * hour))
    }

    @Test(arguments: [12 * hour, 12 * hour + 1, 24 * hour - 1])
    func aSlotThatIsTooOldIsSkipped(_ late: TimeInterval) {
        #expect(daily.due(nextSlot: slot, now: slot + late) == .skip(missed: slot, next: slot + 24 * hour))
    }

    @Test func ofSeveralMissedSlotsOnlyTheLatestFires() {
        let now = slot + 5 * 24 * hour + 2 * hour
        #expect(
            daily.due(nextSlot: slot, now: now)
                == .fire(slot: slot + 5 * 24 * hour, next: slot + 6 * 24 * hour))
    }

    @Test func ofSeveralMissedSlotsNoneFiresWhenTheLatestIsTooOld() {
        let now = slot + 5 * 24 * hour + 13 * hour
        #expect(
            daily.due(nextSlot: slot, now: now)
                == .skip(missed: slot + 5 * 24 * hour, next: slot + 6 * 24 * hour))
    }

    @Test func aMonthOfMissedMinutesFiresOnce() throws {
        let minutely = try Schedule(cron: "* * * * *", timeZone: "Europe/Berlin")
        let now = slot + 30 * 24 * hour + 30
        #expect(minutely.due(nextSlot: slot, now: now) == .fire(slot: now - 30, next: now + 30))
    }

    @Test func theOtherMissedSlotsAreKnownTheLatestFirst() throws {
        let day = 24 * hour
        #expect(daily.slotsMissed(before: slot, since: slot) == [])
        #expect(daily.slotsMissed(before: slot + day, since: slot) == [slot])
        #expect(daily.slotsMissed(before: slot + 3 * day, since: slot) == [slot + 2 * day, slot + day, slot])
        // The first was promised under another expression.
        #expect(daily.slotsMissed(before: slot + day, since: slot + hour) == [slot + hour])
        let minutely = try Schedule(cron: "* * * * *", timeZone: "UTC")
        let missed = minutely.slotsMissed(before: slot, since: slot - 60 * day)
        #expect(missed.count == 1000 && missed.first == slot - 60 && missed.last == slot - 60_000)
    }

    @Test func theLimitCanBeSet() {
        #expect(
            daily.due(nextSlot: slot, now: slot + 60, catchUpWithin: .seconds(60))
                == .skip(missed: slot, next: slot + 24 * hour))
        #expect(
            daily.due(nextSlot: slot, now: slot + 59, catchUpWithin: .seconds(60))
                == .fire(slot: slot, next: slot + 24 * hour))
    }

    @Test func aSlotThatWasPromisedUnderAnotherExpressionFires() throws {
        let evening = try Schedule(cron: "0 20 * * *", timeZone: "UTC")
        #expect(evening.due(nextSlot: slot, now: slot + 1) == .fire(slot: slot, next: slot + 14 * hour))
    }

    @Test func whatWasJumpedOverFiresWhenTheClocksHaveJumped() throws {
        let nightly = try Schedule(cron: "30 2 * * *", timeZone: "Europe/Berlin")
        let jump = Date(timeIntervalSince1970: 1_774_746_000)  // 2026-03-29 03:00 +02:00
        let next = nightly.nextSlot(after: jump - 20 * hour)
        #expect(next == jump)
        #expect(nightly.due(nextSlot: next, now: jump + 1) == .fire(slot: jump, next: jump + 23.5 * hour))
    }
}

private let hour: TimeInterval = 3_600
