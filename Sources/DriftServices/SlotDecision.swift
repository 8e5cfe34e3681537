import Cron
import Foundation

/// What is to be done about a schedule now.
enum SlotDecision: Hashable, Sendable {
    /// Nothing is due before this instant.
    case wait(until: Date)
    /// The slot is due, and the latest one that is; those before it, missed while nobody looked, never fire.
    case fire(slot: Date, next: Date)
    /// The latest slot that was missed is too old to make up for.
    case skip(missed: Date, next: Date)
}

extension Schedule {
    /// Whether a slot fires `now`, where `nextSlot` is the earliest one that neither fired nor was skipped.
    ///
    /// Both are by the same clock. A slot that was missed fires late only while it is younger than `limit`.
    func due(nextSlot: Date, now: Date, catchUpWithin limit: Duration = SchedulerSettings.catchUp) -> SlotDecision {
        guard nextSlot <= now else { return .wait(until: nextSlot) }
        // A slot that was promised under another expression stands.
        let latest = max(latestSlot(atOrBefore: now) ?? nextSlot, nextSlot)
        let next = self.nextSlot(after: now)
        return Duration.seconds(now.timeIntervalSince(latest)) < limit
            ? .fire(slot: latest, next: next) : .skip(missed: latest, next: next)
    }

    /// The slots before `latest` that were missed as well, the latest first, where `nextSlot` is the first that was.
    ///
    /// At most `limit`: of a schedule that is due every minute, a long outage leaves many.
    func slotsMissed(before latest: Date, since nextSlot: Date, limit: Int = 1000) -> [Date] {
        var missed: [Date] = []
        var slot = latest
        while slot > nextSlot, missed.count < limit {
            slot = max(latestSlot(atOrBefore: slot - 1) ?? nextSlot, nextSlot)
            missed.append(slot)
        }
        return missed
    }
}
