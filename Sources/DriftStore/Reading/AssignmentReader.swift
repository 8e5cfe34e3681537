package import DriftCore
package import FoundationEssentials
package import Postgres

/// Reads what is known now of one server and pack, whatever checks are kept.
package enum AssignmentReader {
    /// Nil where the server is not known, or was never assigned the pack.
    package static func view(
        _ server: ServerID, _ pack: PackName, in transaction: borrowing Transaction
    ) throws -> AssignmentView? {
        guard
            var view = try transaction.first(
                """
                select s.server_id, s.display_name, \(pack)::text as pack_name,
                       coalesce(p.display_name, \(pack)) as pack_display_name, d.state, d.since, a.alert_id,
                       a.status as alert_status, a.opened_at
                from driftwatch.servers s
                left join driftwatch.packs p on p.pack_name = \(pack)
                left join driftwatch.drift_states d on d.server_id = s.server_id and d.pack_name = \(pack)
                left join driftwatch.alerts a
                    on a.server_id = s.server_id and a.pack_name = \(pack) and a.status <> 'resolved'
                where s.server_id = \(server)
                    and (d.server_id is not null or exists (
                        select from driftwatch.checks c where c.server_id = s.server_id and c.pack_name = \(pack)))
                """, of: AssignmentView.self)
        else { return nil }
        view.mismatches = try transaction.rows(
            """
            select item_key, type, item, expected, actual from driftwatch.mismatches
            where server_id = \(server) and pack_name = \(pack) order by item_key, type
            """,
            as: (ItemKey, String, String, JSON<[String: String]>, JSON<[String: String]>).self
        ).compactMap { key, type, item, expected, actual in
            MismatchType(rawValue: type).map {
                Mismatch(type: $0, item: item, key: key, expected: expected.value, actual: actual.value)
            }
        }
        return view
    }

    /// Whether a check of this id is kept, of whatever server and pack.
    package static func isKept(check: Int64, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.one(
            "select exists (select from driftwatch.checks where check_id = \(check))", as: Bool.self)
    }
}

/// One server and pack, as remembered.
package struct AssignmentView: Hashable, Sendable, RowDecodable {
    package var serverID: ServerID
    package var serverName: String
    package var packName: PackName
    package var packDisplayName: String
    /// Nil where the pack is not assigned any more.
    package var state: DriftStatus?
    package var since: Date?
    /// The alert that is not resolved.
    package var alertID: Int64?
    package var alertStatus: String?
    package var alertOpenedAt: Date?
    /// What is known to be wrong; without diffs, which only checks have.
    package var mismatches: [Mismatch] = []

    package init(row: Row) throws {
        serverID = try row.column("server_id")
        serverName = try row.column("display_name")
        packName = try row.column("pack_name")
        packDisplayName = try row.column("pack_display_name")
        state = try row.column("state")
        since = try row.column("since")
        alertID = try row.column("alert_id")
        alertStatus = try row.column("alert_status")
        alertOpenedAt = try row.column("opened_at")
    }
}
