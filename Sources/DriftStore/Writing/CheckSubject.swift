package import DriftCore
package import Foundation
package import Postgres

/// What a check is about: where to look, and the packs to compare with, as they are when the attempt begins.
package struct CheckSubject: Sendable {
    package struct AssignedPack: Sendable {
        package var pack: Pack
        package var digest: SHA256Digest
    }

    package var target: ProbeTarget
    /// In the order of their names.
    package var packs: [AssignedPack]
    /// When the attempt began, by the database's clock.
    package var startedAt: Date

    /// Nil where the server is not eligible (any more).
    ///
    /// - Throws: `DatabaseError`, or `DecodingError` where a stored pack is of a later version than this binary's.
    package static func load(_ server: ServerID, in transaction: borrowing Transaction) throws -> CheckSubject? {
        guard
            let (address, port, user, configUser, connection, startedAt) = try transaction.first(
                """
                select address, port, ssh_user, config_user, connection, driftwatch.clock()
                from driftwatch.servers
                where server_id = \(server) and driftwatch.server_is_eligible(server_id)
                """,
                as: (String, Int?, String?, String?, String, Date).self)
        else { return nil }
        let packs = try transaction.rows(
            """
            select p.pack_name, p.display_name, p.digest, v.resolved::text
            from driftwatch.assignments a
            join driftwatch.packs p on p.pack_name = a.pack_name
            join driftwatch.pack_versions v on v.pack_name = p.pack_name and v.digest = p.digest
            where a.server_id = \(server)
            order by p.pack_name
            """,
            as: (PackName, String, String, String).self
        ).map { name, _, digest, resolved in
            guard let digest = SHA256Digest(digest) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: [], debugDescription: "the digest of pack \(name) is none"))
            }
            return AssignedPack(pack: try Pack(resolvedJSON: resolved), digest: digest)
        }
        let target = ProbeTarget(
            serverID: server, connection: Server.Transport(rawValue: connection) ?? .ssh, address: address,
            port: port, user: user, configUser: configUser)
        return CheckSubject(target: target, packs: packs, startedAt: startedAt)
    }
}
