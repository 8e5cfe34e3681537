package import DriftCore
package import FoundationEssentials
package import Postgres

/// Reads one check with its result.
package enum CheckReader {
    /// The check of that id, or without one the newest, of a server and a pack; nil if there is none.
    ///
    /// - Throws: `DatabaseError`
    package static func check(
        _ server: ServerID, _ pack: PackName, _ id: Int64? = nil, in transaction: borrowing Transaction
    ) throws -> CheckView? {
        try transaction.first(
            """
            \(selection)
            where c.server_id = \(server) and c.pack_name = \(pack) and (\(id)::bigint is null or c.check_id = \(id))
            order by c.check_id desc limit 1
            """, of: CheckView.self)
    }

    /// The checks that jobs wrote, by server and pack.
    package static func checks(ofJobs ids: [Int64], in transaction: borrowing Transaction) throws -> [CheckView] {
        try transaction.rows(
            "\(selection) where c.job_id = any(\(ids)::bigint[]) order by c.server_id, c.pack_name", of: CheckView.self)
    }

    private static let selection: SQL = """
        select c.check_id, c.job_id, c.server_id, c.pack_name, c.pack_digest, c.slot_at, c.verdict, c.reason,
               c.item_count, c.ok_count, c.mismatch_count, c.unreadable_count, c.waived_count, c.due_count, c.started_at, c.checked_at,
               c.duration_ms, c.items, c.server_name, c.pack_display_name, c.current_digest
        from driftwatch.all_checks c
        """

    /// The pack of a server's check; nil if the server has no check with this id.
    package static func pack(
        of id: Int64, on server: ServerID, in transaction: borrowing Transaction
    ) throws -> PackName? {
        try transaction.first(
            "select pack_name from driftwatch.all_checks where check_id = \(id) and server_id = \(server)",
            as: PackName.self)
    }

    /// Whether a check of this id may have been made and is not kept any more.
    package static func isForgotten(_ id: Int64, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.one(
            """
            select not exists (select from driftwatch.all_checks where check_id = \(id))
                and \(id) between 1 and greatest(
                    (select max(last_check_id) from driftwatch.all_assignments),
                    (select max(check_id) from driftwatch.all_checks), (select max(check_id) from driftwatch.all_alerts))
            """, as: Bool?.self) ?? false
    }
}

/// One check, with the items that there is something to say of.
package struct CheckView: Hashable, Sendable, RowDecodable {
    package var id: Int64
    package var jobID: Int64
    package var serverID: ServerID
    package var serverName: String
    package var packName: PackName
    package var packDisplayName: String
    /// The version that was compared with; nil if none was read.
    package var packDigest: String?
    /// The version in force now; nil if the pack is gone.
    package var currentDigest: String?
    package var slotAt: Date?
    package var verdict: Verdict
    /// Why it failed.
    package var reason: String?
    package var itemCount: Int
    package var okCount: Int
    package var mismatchCount: Int
    package var unreadableCount: Int
    package var waivedCount: Int
    package var dueCount: Int
    package var startedAt: Date?
    package var checkedAt: Date
    package var durationMilliseconds: Int?
    /// Only items that are not ok or have a remark, with secrets masked.
    ///
    /// Nil if the details have been deleted, or if ``hasNewerDetails``.
    package var items: [ItemOutcome]?
    /// A newer version stored the details in a form that this version cannot read.
    package var hasNewerDetails: Bool

    package init(row: Row) throws {
        id = try row.column("check_id")
        jobID = try row.column("job_id")
        serverID = try row.column("server_id")
        serverName = try row.column("server_name")
        packName = try row.column("pack_name")
        packDisplayName = try row.column("pack_display_name")
        packDigest = try row.column("pack_digest")
        currentDigest = try row.column("current_digest")
        slotAt = try row.column("slot_at")
        verdict = try row.column("verdict")
        reason = try row.column("reason")
        itemCount = try row.column("item_count")
        okCount = try row.column("ok_count")
        mismatchCount = try row.column("mismatch_count")
        unreadableCount = try row.column("unreadable_count")
        waivedCount = try row.column("waived_count")
        dueCount = try row.column("due_count")
        startedAt = try row.column("started_at")
        checkedAt = try row.column("checked_at")
        durationMilliseconds = try row.column("duration_ms")
        let stored: JSONText? = try row.column("items")
        items = stored.flatMap { try? StoredItems(json: $0.rawValue).outcomes }
        hasNewerDetails = stored != nil && items == nil
        if items == nil, mismatchCount + unreadableCount + waivedCount + dueCount == 0 { items = [] }
    }
}
