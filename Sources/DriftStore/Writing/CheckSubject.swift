package import DriftCore
package import Foundation
package import Postgres

/// What a check is about: where to look, and the packs to compare with, as they are when the attempt begins.
package struct CheckSubject: Sendable {
    package struct AssignedPack: Sendable {
        package var pack: Pack
        package var digest: SHA256Digest
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
    /// In the order of their names.
    package var packs: [AssignedPack]
    /// Packs whose stored text is not to be believed; nothing is compared with them.
    package var alteredPacks: [AlteredPack]
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
        var packs: [AssignedPack] = []
        var alteredPacks: [AlteredPack] = []
        for (digest, stored) in try StoredPacks.assigned(to: server, in: transaction) {
            switch stored {
            case .success(let pack): packs.append(AssignedPack(pack: pack, digest: digest))
            case .failure(let altered): alteredPacks.append(altered)
            }
        }
        let location = Location(
            serverID: server, connection: connection, address: address, port: port, user: user, configUser: configUser)
        return CheckSubject(location: location, packs: packs, alteredPacks: alteredPacks, startedAt: startedAt)
    }
}
