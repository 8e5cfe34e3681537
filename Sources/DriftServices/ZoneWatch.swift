import Cron
import DriftStore
import Foundation
package import Logging
package import Postgres
import Runtime
import ServiceLifecycle
import Synchronization

/// Moves the next slot of a schedule when this machine gets other rules for its zone.
///
/// Each scheduler does it once for each set of rules that it sees, so that two with different rules do not move a slot to and
/// fro.
package final class ZoneWatch: Service {
    private let database: Database
    private let folder: String
    private let clock: any Clock<Duration>
    private let logger: Logger
    /// By the zone's name.
    private let seen = Mutex<[String: ZoneRules]>([:])

    package init(
        database: Database, zonesIn folder: String = ZoneRules.systemFolder,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.database = database
        self.folder = folder
        self.clock = clock
        self.logger = logger
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            await Loop(every: .seconds(60), clock: self.clock, logger: self.logger).run { try await self.look() }
        }
    }

    package func look() async throws {
        for waiting in try await database.withTransaction({ try SlotStore.waiting(in: $0) }) {
            // A schedule that cannot be read is the scheduler's to complain about.
            guard let schedule = try? Schedule(cron: waiting.cron, timeZone: waiting.timeZone, zonesIn: folder),
                seen.withLock({ $0[schedule.timeZone] }) != schedule.zone
            else { continue }
            try await correct(waiting, schedule)
            seen.withLock { $0[schedule.timeZone] = schedule.zone }
        }
    }

    private func correct(_ waiting: SlotStore.Waiting, _ schedule: Schedule) async throws {
        let next = schedule.nextSlot(after: waiting.isOver)
        let following = schedule.nextSlot(after: next)
        guard (next, following) != (waiting.nextSlot, waiting.followingSlot) else { return }
        let isMoved = try await database.withTransaction { transaction in
            try SlotStore.move(waiting, to: SlotStore.Cursor(next: next, following: following), in: transaction)
        }
        guard isMoved else { return }
        logger.info(
            "the rules of the schedule's zone changed: its next slot moved",
            metadata: [
                "schedule.name": "\(waiting.name)", "schedule.time_zone": "\(schedule.timeZone)",
                "slot.before": "\(waiting.nextSlot)", "slot.next": "\(next)",
            ])
    }
}

extension SlotStore.Waiting {
    /// What was due until then has fired, or was skipped, or is too old to fire.
    fileprivate var isOver: Date {
        max(now - SchedulerSettings.catchUp / .seconds(1), setAt, lastDue ?? .distantPast)
    }
}
