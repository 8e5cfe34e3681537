import Cron
import DriftStore
import Logging
import Postgres

/// Computes the next window of each recurring silence: SQL cannot read cron expressions.
struct SilencePlanner: Sendable {
    let database: Database
    let logger: Logger

    func plan() async throws {
        try await database.withTransaction { transaction in
            for silence in try SilenceStore.unplanned(in: transaction) { try plan(silence, in: transaction) }
        }
    }

    private func plan(_ silence: SilenceStore.Unplanned, in transaction: borrowing Transaction) throws {
        let schedule: Schedule
        do { schedule = try Schedule(cron: silence.cron, timeZone: silence.timeZone) } catch {
            try SilenceStore.giveUp(silence, because: "\(error)", in: transaction)
            logger.error(
                "a silence cannot be read: it mutes nothing until somebody ends it and adds another",
                metadata: ["silence.id": "\(silence.id)", "silence.cron": "\(silence.cron)", "error": "\(error)"])
            return
        }
        let window = schedule.window(lasting: silence.length, at: silence.now)
        try SilenceStore.plan(silence, from: window.start, to: window.end, in: transaction)
    }
}
