package import DriftCore
package import FoundationEssentials
package import Postgres

/// Reads how the fleet does: the view `fleet_status`.
package enum FleetReader {
    /// One line per server and pack, by server and pack; a server without packs has one line with no pack.
    package static func status(in transaction: borrowing Transaction) throws -> [FleetLine] {
        try transaction.rows(
            """
            select f.server_id, f.display_name, f.pack_name, f.state, f.since, f.last_checked_at, f.mismatch_count,
                   f.last_check_id, f.last_verdict, f.last_reason, f.last_verdict_at, f.unreadable_count,
                   coalesce(f.stale, false) as stale, d.last_check_id as remembered_check_id, f.disabled, f.disabled_reason, f.failing_streak, f.alert_id,
                   f.alert_status,
                   f.last_check_id is null and f.since < driftwatch.clock() - interval '10 minutes' as first_check_overdue
            from driftwatch.fleet_status f
            left join driftwatch.drift_states d on d.server_id = f.server_id and d.pack_name = f.pack_name
            order by f.server_id, f.pack_name
            """, of: FleetLine.self)
    }
}

/// One server and pack, as `fleet_status` shows it.
package struct FleetLine: Hashable, Sendable, RowDecodable {
    package var serverID: ServerID
    package var displayName: String
    /// Nil of a server without packs; then everything of the assignment is nil.
    package var packName: PackName?
    package var state: DriftStatus?
    package var since: Date?
    /// The last check that was taken into account.
    package var lastCheckedAt: Date?
    package var rememberedCheckID: Int64?
    /// Items known to be wrong, whether they alerted or not.
    package var mismatchCount: Int
    package var lastCheckID: Int64?
    /// Of the newest check, failed ones too.
    package var lastVerdict: Verdict?
    package var lastReason: String?
    package var lastVerdictAt: Date?
    package var unreadableCount: Int?
    /// The last check that finished is older than two slots.
    package var isStale: Bool
    /// Assigned more than ten minutes ago, and never looked at.
    package var isFirstCheckOverdue: Bool
    /// Declared off, or on hold.
    package var isDisabled: Bool
    package var disabledReason: String?
    package var failingStreak: Int
    /// The alert that is not resolved.
    package var alertID: Int64?
    package var alertStatus: String?

    package init(row: Row) throws {
        serverID = try row.column("server_id")
        displayName = try row.column("display_name")
        packName = try row.column("pack_name")
        state = try row.column("state")
        since = try row.column("since")
        lastCheckedAt = try row.column("last_checked_at")
        rememberedCheckID = try row.column("remembered_check_id")
        mismatchCount = try row.column("mismatch_count")
        lastCheckID = try row.column("last_check_id")
        lastVerdict = try row.column("last_verdict")
        lastReason = try row.column("last_reason")
        lastVerdictAt = try row.column("last_verdict_at")
        unreadableCount = try row.column("unreadable_count")
        isStale = try row.column("stale")
        isFirstCheckOverdue = try row.column("first_check_overdue", as: Bool?.self) ?? false
        isDisabled = try row.column("disabled")
        disabledReason = try row.column("disabled_reason")
        failingStreak = try row.column("failing_streak")
        alertID = try row.column("alert_id")
        alertStatus = try row.column("alert_status")
    }
}
