package import DriftCore
package import Foundation
package import Postgres

/// Reads holds and silences: the view `all_mutes`.
package enum MutesReader {
    package enum Kind: String, Sendable, Bindable, ColumnDecodable { case hold, silence }

    /// Those that have not ended, the oldest first.
    package static func list(_ kind: Kind, in transaction: borrowing Transaction) throws -> [MuteLine] {
        try transaction.rows("\(selection) where m.kind = \(kind) order by m.mute_id", of: MuteLine.self)
    }

    package static func mute(_ id: Int64, in transaction: borrowing Transaction) throws -> MuteLine? {
        try transaction.first("\(selection) where m.mute_id = \(id)", of: MuteLine.self)
    }

    private static let selection: SQL = """
        select m.mute_id, m.kind, m.state, m.server_id, m.labels, m.pack_name, m.servers, m.reason, m.created_by,
               m.created_at, m.cron, extract(epoch from m.lasts)::bigint as lasts_seconds, m.starts_at, m.ends_at, m.problem
        from driftwatch.all_mutes m
        """
}

/// One hold or silence.
package struct MuteLine: Hashable, Sendable, RowDecodable {
    package var id: Int64
    package var kind: MutesReader.Kind
    /// `waiting`, `in force`, `ending`, `broken`.
    package var state: String
    package var serverID: ServerID?
    package var labels: [String: String]
    package var packName: PackName?
    /// How many servers it covers now.
    package var servers: Int
    package var reason: String
    package var createdBy: String
    package var createdAt: Date
    package var cron: String?
    /// Of each window of a recurring one.
    package var lastsSeconds: Int64?
    /// Of the present or the next window.
    package var startsAt: Date?
    package var endsAt: Date?
    /// Why no window can be computed.
    package var problem: String?

    package init(row: Row) throws {
        id = try row.column("mute_id")
        kind = try row.column("kind")
        state = try row.column("state")
        serverID = try row.column("server_id")
        labels = try row.column("labels", as: JSON<[String: String]>.self).value
        packName = try row.column("pack_name")
        servers = try row.column("servers")
        reason = try row.column("reason")
        createdBy = try row.column("created_by")
        createdAt = try row.column("created_at")
        cron = try row.column("cron")
        lastsSeconds = try row.column("lasts_seconds")
        startsAt = try row.column("starts_at")
        endsAt = try row.column("ends_at")
        problem = try row.column("problem")
    }
}
