package import Foundation
package import Postgres

/// The scheduler's verbs for recurring silences (`sql/functions/f23_mutes.sql`).
package enum SilenceStore {
    /// A recurring silence that needs its next window; its row is locked.
    package struct Unplanned: Sendable {
        package var id: Int64
        package var cron: String
        package var length: Duration
        /// The schedule's.
        package var timeZone: String
        package var now: Date
    }

    package static func unplanned(in transaction: borrowing Transaction) throws -> [Unplanned] {
        try transaction.rows(
            "select mute_id, cron, lasts, time_zone, now from driftwatch.lock_unplanned_silences()",
            as: (Int64, String, Duration, String, Date).self
        ).map { Unplanned(id: $0, cron: $1, length: $2, timeZone: $3, now: $4) }
    }

    package static func plan(
        _ silence: Unplanned, from start: Date, to end: Date, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "select driftwatch.plan_silence(\(silence.id), \(start), \(end), \(silence.timeZone))")
    }

    /// It stays without a window, and says why.
    package static func giveUp(
        _ silence: Unplanned, because problem: String, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "select driftwatch.plan_silence(\(silence.id), null, null, \(silence.timeZone), \(problem))")
    }
}
