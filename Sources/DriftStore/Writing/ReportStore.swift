package import Foundation
package import Postgres

/// The scheduler's verbs for messages about no single alert, and for the heartbeat (`sql/functions/f24_reports.sql`,
/// `f25_heartbeats.sql`).
package enum ReportStore {
    /// Returns of how many alerts people are reminded.
    package static func remind(after span: Duration, in transaction: borrowing Transaction) throws -> Int {
        try transaction.one("select driftwatch.remind(\(span))", as: Int.self)
    }

    /// The zone of the schedule, and the time.
    package static func zone(in transaction: borrowing Transaction) throws -> (String, Date)? {
        try transaction.rows(
            "select time_zone, now from driftwatch.waiting_schedules() where schedule_name = 'default'",
            as: (String, Date).self
        ).first
    }

    /// False if it was sent before, or is not to be sent.
    package static func sendDigest(of slot: Date, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.one("select driftwatch.send_digest(\(slot))", as: Bool.self)
    }

    /// The slot whose heartbeat this process is to send now, for as long as `lease`.
    package static func claimHeartbeat(
        lease: Duration, in transaction: borrowing Transaction
    ) throws -> Date? {
        try transaction.first("select slot_at from driftwatch.claim_heartbeat(\(lease))", as: Date.self)
    }

    /// `error` nil: it was delivered.
    package static func settleHeartbeat(
        of slot: Date, error: String?, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute("select driftwatch.settle_heartbeat(\(slot), \(error))")
    }
}
