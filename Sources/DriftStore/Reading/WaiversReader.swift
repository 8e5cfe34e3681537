package import DriftCore
package import FoundationEssentials
package import Postgres

/// Reads waivers.
package enum WaiversReader {
    /// Those in force, or all, the newest first.
    package static func list(
        all: Bool, server: ServerID? = nil, limit: Int, in transaction: borrowing Transaction
    ) throws -> [WaiverLine] {
        try transaction.rows(
            """
            select w.waiver_id, w.source, w.server_id, w.labels, w.pack_name, w.item_key, w.item, w.reason, w.author,
                   w.until_at, w.created_at, w.ended_at, w.ended_by, w.in_force, w.servers
            from driftwatch.all_waivers w
            where (\(all) or w.in_force) and (\(server)::text is null or \(server) = any(w.servers))
            order by w.waiver_id desc limit \(limit)
            """, of: WaiverLine.self)
    }
}

/// One waiver, in force or not.
package struct WaiverLine: Hashable, Sendable, RowDecodable {
    package var id: Int64
    /// `inventory` or `command`.
    package var source: String
    /// Nil if labels say which servers.
    package var serverID: ServerID?
    package var labels: [String: String]?
    package var packName: PackName
    package var key: ItemKey
    package var item: String
    package var reason: String
    package var author: String
    package var until: Date?
    package var createdAt: Date
    package var endedAt: Date?
    package var endedBy: String?
    package var isInForce: Bool
    /// The servers that it is about now.
    package var servers: [ServerID]

    /// Whether both accept the same item, on the same servers.
    package func isAboutTheSame(as other: WaiverLine) -> Bool {
        (serverID, packName, key) == (other.serverID, other.packName, other.key) && labels == other.labels
    }

    package init(row: Row) throws {
        id = try row.column("waiver_id")
        source = try row.column("source")
        serverID = try row.column("server_id")
        labels = try row.column("labels", as: JSON<[String: String]>?.self)?.value
        packName = try row.column("pack_name")
        key = try row.column("item_key")
        item = try row.column("item")
        reason = try row.column("reason")
        author = try row.column("author")
        until = try row.column("until_at")
        createdAt = try row.column("created_at")
        endedAt = try row.column("ended_at")
        endedBy = try row.column("ended_by")
        isInForce = try row.column("in_force")
        servers = try row.column("servers")
    }
}
