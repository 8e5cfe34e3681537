package import DriftCore
package import Foundation
package import Postgres

/// What a check is about: where to look, and the packs to compare with, as they are when the attempt begins.
package struct CheckSubject: Sendable {
    package struct AssignedPack: Sendable {
        package var pack: Pack
        package var digest: SHA256Digest
        /// The check that was last taken into account when the attempt began; 0 if there was none.
        package var lastCheckID: Int64
    }

    /// Where to look, as the server's row says it.
    package struct Location: Sendable {
        package var serverID: ServerID
        /// Such as `ssh`, or a word that only a later version knows.
        package var connection: String
        package var address: String
        package var port: Int?
        package var user: String?
        package var configUser: String?

        /// What a prober is given.
        ///
        /// - Throws: ``ProbeFailure`` (`misconfigured`) where this version does not know the connection.
        package func target() throws(ProbeFailure) -> ProbeTarget {
            try ProbeTarget(
                serverID: serverID, connection: .named(connection), address: address, port: port, user: user,
                configUser: configUser)
        }
    }

    package var location: Location
    /// As the inventory has it.
    package var server: ServerVariables
    /// In the order of their names.
    package var packs: [AssignedPack]
    /// Packs whose stored text was changed in the database; they are not compared.
    package var alteredPacks: [AlteredPack]
    /// When the attempt began, by the database's clock.
    package var startedAt: Date

    /// Nil if the server is not eligible (any more).
    ///
    /// - Throws: `DatabaseError`, or `DecodingError` if a newer version stored a pack.
    package static func load(
        _ server: ServerID, from database: Database, packs cache: PackCache
    ) async throws -> CheckSubject? {
        let rows = try await database.rows(
            """
            select s.display_name, s.address, s.port, s.ssh_user, s.config_user, s.connection, s.labels, driftwatch.clock(),
                   array_agg(p.pack_name order by p.pack_name), array_agg(p.digest order by p.pack_name),
                   array_agg(coalesce(a.last_check_id, 0) order by p.pack_name)
            from driftwatch.all_servers s
            join driftwatch.all_assignments a on a.server_id = s.server_id
            join driftwatch.all_packs p on p.pack_name = a.pack_name
            where s.server_id = \(server) and driftwatch.server_is_eligible(s.server_id)
            group by s.server_id, s.display_name, s.address, s.port, s.ssh_user, s.config_user, s.connection, s.labels
            """,
            as: (
                String, String, Int?, String?, String?, String, JSON<[String: String]>, Date, [PackName], [String],
                [Int64]
            )
            .self)
        guard
            let (name, address, port, user, configUser, connection, labels, startedAt, names, digests, lastChecks) =
                rows
                .first
        else {
            return nil
        }
        var packs: [AssignedPack] = []
        var alteredPacks: [AlteredPack] = []
        for ((name, text), lastCheck) in zip(zip(names, digests), lastChecks) {
            guard let digest = SHA256Digest(text) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: [], debugDescription: "the digest of the pack \(name) is not a SHA-256"))
            }
            do {
                packs.append(
                    AssignedPack(
                        pack: try await cache.pack(name, digest, from: database), digest: digest, lastCheckID: lastCheck
                    ))
            } catch let altered as AlteredPack {
                alteredPacks.append(altered)
            }
        }
        let location = Location(
            serverID: server, connection: connection, address: address, port: port, user: user, configUser: configUser)
        return CheckSubject(
            location: location,
            server: ServerVariables(id: server, name: name, address: address, labels: labels.value), packs: packs,
            alteredPacks: alteredPacks, startedAt: startedAt)
    }
}
