package import DriftCore
package import FoundationEssentials
package import Postgres

/// Reads alerts and their history.
package enum AlertsReader {
    package enum Filter: String, Hashable, Sendable, CaseIterable {
        /// Open and acknowledged.
        case unresolved
        case all
    }

    /// The newest first; `group` as in ``NotificationFacts/groupKey``.
    package static func list(
        _ filter: Filter, server: ServerID? = nil, group: String? = nil, limit: Int = 100,
        in transaction: borrowing Transaction
    ) throws -> [AlertLine] {
        try transaction.rows(
            """
            \(selection)
            where (\(filter == .all) or a.status <> 'resolved') and (\(server)::text is null or a.server_id = \(server))
              and (\(group)::text is null or a.alert_id in (
                  select g.alert_id from driftwatch.grouped_alerts g where g.group_key = \(group)))
            order by a.alert_id desc limit \(limit)
            """, of: AlertLine.self)
    }

    package static func alert(_ id: Int64, in transaction: borrowing Transaction) throws -> AlertLine? {
        try transaction.first("\(selection) where a.alert_id = \(id)", of: AlertLine.self)
    }

    /// The history of an alert, oldest event first.
    package static func events(of id: Int64, in transaction: borrowing Transaction) throws -> [AlertEvent] {
        try transaction.rows(
            """
            select e.seq, e.event, e.at, e.actor, e.detail, e.requested_by, e.slot_at
            from driftwatch.alert_history e where e.alert_id = \(id) order by e.seq
            """, of: AlertEvent.self)
    }

    private static let selection: SQL = """
        select a.alert_id, a.alert_type, a.severity, a.status, a.server_id, a.server_name, a.pack_name, a.title, a.message,
               a.mismatch_count, a.diff_path, a.check_id, a.check_kept, a.opened_at, a.updated_at, a.acknowledged_at,
               a.acknowledged_by, a.resolved_at, a.resolved_by, a.resolution, a.items, a.failing,
               a.muted_by, a.acknowledged_until, a.flapping_since
        from driftwatch.all_alerts a
        """
}

/// One alert.
package struct AlertLine: Hashable, Sendable, RowDecodable {
    package var id: Int64
    package var type: AlertType
    package var severity: String
    package var status: String
    package var serverID: ServerID
    package var serverName: String
    /// Nil if the server as a whole cannot be checked.
    package var packName: PackName?
    package var title: String
    package var message: String
    /// Of `check_failing`, the items that can no longer be read.
    package var mismatchCount: Int
    /// Below the dashboard's address.
    package var diffPath: String
    /// Nil if the server as a whole cannot be checked.
    package var checkID: Int64?
    /// False if retention has removed it: the alert itself stays.
    package var isCheckKept: Bool
    package var openedAt: Date
    package var updatedAt: Date
    package var acknowledgedAt: Date?
    package var acknowledgedBy: String?
    /// When the acknowledgement ends by itself; nil: never.
    package var acknowledgedUntil: Date?
    /// Since when items of its pack flap: people hear only of what does not.
    package var flappingSince: Date?
    package var resolvedAt: Date?
    package var resolvedBy: String?
    package var resolution: String?
    /// What is wrong now, or was last added to a resolved one, as a JSON list of `{"type", "item"}`; the first of them.
    ///
    /// Of items that cannot be read, the type is the reason.
    package var items: String
    /// Why the server cannot be checked.
    package var failing: NotificationFacts.Failing?
    /// Why messages about it wait: the hold or the silence, in words.
    package var mutedBy: String?

    package init(row: Row) throws {
        id = try row.column("alert_id")
        type = try row.column("alert_type")
        severity = try row.column("severity")
        status = try row.column("status")
        serverID = try row.column("server_id")
        serverName = try row.column("server_name")
        packName = try row.column("pack_name")
        title = try row.column("title")
        message = try row.column("message")
        mismatchCount = try row.column("mismatch_count")
        diffPath = try row.column("diff_path")
        checkID = try row.column("check_id")
        isCheckKept = try row.column("check_kept")
        openedAt = try row.column("opened_at")
        updatedAt = try row.column("updated_at")
        acknowledgedAt = try row.column("acknowledged_at")
        acknowledgedBy = try row.column("acknowledged_by")
        resolvedAt = try row.column("resolved_at")
        resolvedBy = try row.column("resolved_by")
        resolution = try row.column("resolution")
        items = try row.column("items", as: JSONText.self).rawValue
        failing = try row.column("failing", as: JSON<NotificationFacts.Failing>?.self)?.value
        mutedBy = try row.column("muted_by")
        acknowledgedUntil = try row.column("acknowledged_until")
        flappingSince = try row.column("flapping_since")
    }
}

/// One event in an alert's history.
package struct AlertEvent: Hashable, Sendable, RowDecodable {
    package var seq: Int
    package var event: String
    package var at: Date
    package var actor: String
    /// JSON.
    package var detail: String
    /// Who asked for the check that caused it; nil if a schedule did, or if that is not kept any more.
    package var requestedBy: String?
    /// The slot of that check.
    package var slotAt: Date?

    package init(row: Row) throws {
        seq = try row.column("seq")
        event = try row.column("event")
        at = try row.column("at")
        actor = try row.column("actor")
        detail = try row.column("detail", as: JSONText.self).rawValue
        requestedBy = try row.column("requested_by")
        slotAt = try row.column("slot_at")
    }
}
