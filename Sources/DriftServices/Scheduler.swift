package import Cron
import DriftStore
import Foundation
package import Logging
package import Postgres
package import Runtime
import ServiceLifecycle
import Synchronization

/// Fires slots: when a schedule is due, one job per eligible server, in one transaction with the schedule's next slot.
///
/// Any number of schedulers can run: the first to lock the schedule's row fires the slot, and for the others it is no longer
/// due. All times are the database's. After downtime the latest missed slot fires once, if it is not too old.
package struct Scheduler: Service {
    private let database: Database
    private let settings: SchedulerSettings
    private let wake: WakeSignal
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let complaints = Complaints()

    package init(
        database: Database, settings: SchedulerSettings, wake: WakeSignal = WakeSignal(),
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.database = database
        self.settings = settings
        self.wake = wake
        self.clock = clock
        self.logger = logger
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            await Loop(every: .seconds(1), wake: wake, clock: clock, logger: logger).run(firstly: seed) {
                try await fireDueSlots()
            }
        }
    }

    /// Fires whatever is due now, and returns how many jobs that made.
    @discardableResult
    package func fireDueSlots() async throws -> Int {
        try await database.withTransaction { transaction in
            try SlotStore.lockDue(in: transaction).reduce(0) { made, due in
                try made + fire(due, in: transaction)
            }
        }
    }

    private func fire(_ due: SlotStore.Due, in transaction: borrowing Transaction) throws -> Int {
        let schedule: Schedule
        do {
            schedule = try Schedule(cron: due.cron, timeZone: due.timeZone, zonesIn: settings.zoneFolder)
            complaints.change(of: due.name, to: nil)
        } catch {
            if complaints.change(of: due.name, to: "\(due.cron) \(due.timeZone): \(error)") {
                logger.error(
                    "the schedule cannot be read: nothing is checked until driftwatch schedule set corrects it",
                    metadata: ["schedule.name": "\(due.name)", "error": "\(error)"])
            }
            return 0
        }
        // A slot may have come due since somebody set the schedule.
        let nextSlot = due.nextSlot ?? schedule.nextSlot(after: min(due.setAt, due.now))
        switch schedule.due(nextSlot: nextSlot, now: due.now, catchUpWithin: settings.catchUpWithin) {
        case .wait(let slot):
            try SlotStore.advance(due.name, to: schedule.cursor(at: slot), in: transaction)
            return 0
        case .skip(let missed, let next):
            try skip(missed, of: due, schedule, since: nextSlot, next: next, in: transaction)
            return 0
        case .fire(let slot, let next):
            if due.isPaused {
                try skip(slot, of: due, schedule, since: nextSlot, next: next, in: transaction)
                return 0
            }
            let before = schedule.slotsMissed(before: slot, since: nextSlot)
            try SlotStore.skip(before, of: due.name, because: .overtaken, in: transaction)
            let cursor = schedule.cursor(at: next, dueBefore: before.first)
            let jobs = try SlotStore.fire(slot, of: due.name, then: cursor, in: transaction)
            logger.info(
                "slot fired",
                metadata: [
                    "schedule.name": "\(due.name)", "slot.at": "\(slot)", "slot.jobs": "\(jobs)",
                    "slot.next": "\(next)",
                ])
            return jobs
        }
    }

    /// Records the slots that do not fire, and moves the schedule on.
    private func skip(
        _ latest: Date, of due: SlotStore.Due, _ schedule: Schedule, since nextSlot: Date, next: Date,
        in transaction: borrowing Transaction
    ) throws {
        let before = schedule.slotsMissed(before: latest, since: nextSlot)
        let reason: SlotStore.SkipReason = due.isPaused ? .paused : .tooOld
        try SlotStore.skip([latest] + before, of: due.name, because: reason, in: transaction)
        try SlotStore.advance(
            due.name, to: schedule.cursor(at: next, dueBefore: before.first), missing: latest, in: transaction)
        logger.log(
            level: due.isPaused ? .info : .warning, "slot skipped",
            metadata: [
                "schedule.name": "\(due.name)", "slot.at": "\(latest)", "slot.skipped": "\(reason.rawValue)",
                "slots.skipped": "\(before.count + 1)", "slot.next": "\(next)",
            ])
    }

    /// The schedule's row decides.
    ///
    /// The environment only supplies its first value; if they differ, a warning is logged.
    private func seed() async throws {
        let wanted = settings.seed
        let (cron, timeZone) = try await database.withTransaction { transaction in
            try SlotStore.seed(cron: wanted.cron.description, timeZone: wanted.timeZone, in: transaction)
        }
        if settings.seedIsExplicit, (cron, timeZone) != (wanted.cron.description, wanted.timeZone) {
            logger.warning(
                "the environment's schedule is not used, because the database has another one: driftwatch schedule set changes it",
                metadata: [
                    "schedule.name": "default", "schedule.cron": "\(cron)", "schedule.time_zone": "\(timeZone)",
                ])
        }
    }
}

extension Schedule {
    fileprivate func cursor(at next: Date, dueBefore: Date? = nil) -> SlotStore.Cursor {
        SlotStore.Cursor(next: next, following: nextSlot(after: next), dueBefore: dueBefore)
    }
}

/// The last complaint, so that a lasting fault is logged only once.
private final class Complaints: Sendable {
    private let last = Mutex<[String: String]>([:])

    /// Whether the complaint differs from the last one.
    @discardableResult
    func change(of subject: String, to complaint: String?) -> Bool {
        last.withLock { last in
            defer { last[subject] = complaint }
            return last[subject] != complaint
        }
    }
}

/// How a scheduler is set up.
package struct SchedulerSettings: Sendable {
    /// What the schedule's row is made from where there is none.
    package var seed: Schedule
    /// Whether somebody set the seed; false for the default.
    package var seedIsExplicit: Bool
    /// A slot that was missed fires late while it is younger than this.
    package var catchUpWithin: Duration = Self.catchUp
    /// Where the rules of time zones are.
    package var zoneFolder = ZoneRules.systemFolder

    static let catchUp = Duration.seconds(12 * 3600)

    package init(seed: Schedule, seedIsExplicit: Bool) {
        self.seed = seed
        self.seedIsExplicit = seedIsExplicit
    }
}
