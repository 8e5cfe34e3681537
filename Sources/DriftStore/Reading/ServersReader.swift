package import DriftCore
package import FoundationEssentials
package import Postgres

/// Reads the servers under watch.
package enum ServersReader {
    /// By id, the removed ones left out.
    package static func list(in transaction: borrowing Transaction) throws -> [ServerLine] {
        try transaction.rows("\(selection) order by s.server_id", of: ServerLine.self)
    }

    /// The servers that a person means, by id.
    package static func list(
        _ selected: ServerSelection, in transaction: borrowing Transaction
    ) throws -> [ServerLine] {
        try transaction.rows("\(selection) and \(selected.condition) order by s.server_id", of: ServerLine.self)
    }

    package static func server(_ id: ServerID, in transaction: borrowing Transaction) throws -> ServerLine? {
        try transaction.first("\(selection) and s.server_id = \(id)", of: ServerLine.self)
    }

    /// The versions in force of the packs that a server is checked against, by name.
    ///
    /// - Throws: `DecodingError` for a pack that a newer version stored, or ``AlteredPack``.
    package static func packs(of id: ServerID, in transaction: borrowing Transaction) throws -> [Pack] {
        try StoredPacks.assigned(to: id, in: transaction).map { try $0.pack.get() }
    }

    /// The items that have never been read, by server and pack; packs without such items are left out.
    package static func unverified(
        of servers: [ServerID], in transaction: borrowing Transaction
    ) throws -> [ServerID: [PackName: DriftState]] {
        let rows = try transaction.rows(
            """
            select d.server_id, d.pack_name, d.state, d.unverified, d.unverified_contents
            from driftwatch.all_assignments d
            where d.server_id = any(\(servers)::text[])
              and cardinality(d.unverified) + cardinality(d.unverified_contents) > 0
            """, as: (ServerID, PackName, DriftStatus, [ItemKey], [ItemKey]).self)
        var states: [ServerID: [PackName: DriftState]] = [:]
        for (server, pack, status, unverified, contents) in rows {
            states[server, default: [:]][pack] = DriftState(
                status: status, mismatches: [], unverified: Set(unverified), unverifiedContents: Set(contents))
        }
        return states
    }

    private static let selection: SQL = """
        select s.server_id, s.display_name, s.address, s.port, s.ssh_user, s.config_user, s.connection, s.queue, s.labels,
               s.drift_detection_enabled, s.disabled_at, s.disabled_by, s.disabled_reason, s.disabled_until, s.on_hold,
               s.failing_streak, s.packs, s.expect, s.failing_after, extract(epoch from s.stale_after)::bigint as stale_after_s
        from driftwatch.all_servers s
        where s.removed_at is null
        """
}

/// One server, as in the inventory, with its hold if there is one.
package struct ServerLine: Hashable, Sendable, RowDecodable {
    package var id: ServerID
    package var displayName: String
    package var address: String
    package var port: Int?
    package var sshUser: String?
    package var configUser: String?
    package var connection: Server.Transport
    /// Where its jobs go: `local:ID` of a local one.
    package var queue: String
    /// A JSON object of texts.
    package var labels: [String: String]
    package var driftDetectionEnabled: Bool
    package var disabledAt: Date?
    package var disabledBy: String?
    package var disabledReason: String?
    package var disabledUntil: Date?
    /// Whether an operator's hold is in force now.
    package var isOnHold: Bool
    package var failingStreak: Int
    package var packs: [PackName]
    package var expect: Server.Presence
    /// After how many slots in a row without a look an alert opens; 0: never.
    package var failingAfter: Int
    /// In seconds; nil: two slots.
    package var staleAfter: Int?

    package var target: ProbeTarget {
        ProbeTarget(
            serverID: id, connection: connection, address: address, port: port, user: sshUser, configUser: configUser)
    }

    /// What placeholders of packs stand for on it.
    package var variables: ServerVariables {
        ServerVariables(id: id, name: displayName, address: address, labels: labels)
    }

    package init(row: Row) throws {
        id = try row.column("server_id")
        displayName = try row.column("display_name")
        address = try row.column("address")
        port = try row.column("port")
        sshUser = try row.column("ssh_user")
        configUser = try row.column("config_user")
        connection = try row.column("connection")
        queue = try row.column("queue")
        labels = try row.column("labels", as: JSON<[String: String]>.self).value
        driftDetectionEnabled = try row.column("drift_detection_enabled")
        disabledAt = try row.column("disabled_at")
        disabledBy = try row.column("disabled_by")
        disabledReason = try row.column("disabled_reason")
        disabledUntil = try row.column("disabled_until")
        isOnHold = try row.column("on_hold")
        failingStreak = try row.column("failing_streak")
        packs = try row.column("packs")
        expect = try row.column("expect")
        failingAfter = try row.column("failing_after")
        staleAfter = try row.column("stale_after_s")
    }
}
