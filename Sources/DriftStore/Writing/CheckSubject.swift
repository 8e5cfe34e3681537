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
        /// What was remembered then.
        package var remembered: DriftState
        /// Why the remembered mismatches came about, where that is known.
        package var causes: [MismatchID: Cause]
        /// How that check looked; nil if there was none.
        package var lastLook: LastLook?
        /// What counts for nothing, as of when the attempt began.
        package var exemptions: Exemptions
    }

    /// How the check looked that was last taken into account.
    package struct LastLook: Sendable {
        /// The version of the pack.
        package var digest: String
        package var server: ServerVariables
        /// How long before this attempt its own began.
        package var age: Duration
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
            select s.display_name, s.address, s.port, s.ssh_user, s.config_user, s.connection, s.labels,
                   driftwatch.clock() as started_at, p.pack_name, p.digest, coalesce(a.last_check_id, 0) as last_check_id,
                   a.state, a.unverified, a.unverified_contents, a.pack_digest, a.checked_as, a.last_started_at,
                   (select jsonb_agg(jsonb_build_object('key', m.item_key, 'type', m.type, 'cause',
                        jsonb_build_object('kind', m.cause) || m.cause_detail))
                    from driftwatch.known_mismatches m
                    where m.server_id = a.server_id and m.pack_name = a.pack_name) as remembered,
                   array(select u.item_key from driftwatch.known_unreadables u
                    where u.server_id = a.server_id and u.pack_name = a.pack_name and u.was_readable) as dark,
                   \(StoredExemptions.columns)
            from driftwatch.all_servers s
            join driftwatch.all_assignments a on a.server_id = s.server_id
            join driftwatch.all_packs p on p.pack_name = a.pack_name
            where s.server_id = \(server) and driftwatch.server_is_eligible(s.server_id)
            order by a.pack_name
            """, of: AssignmentRow.self)
        guard let first = rows.first else { return nil }
        let exemptions = StoredExemptions(at: first.startedAt, day: first.day, waivers: first.waivers)
        var packs: [AssignedPack] = []
        var alteredPacks: [AlteredPack] = []
        for row in rows {
            guard let digest = SHA256Digest(row.digest) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: [], debugDescription: "the digest of the pack \(row.pack) is not a SHA-256"))
            }
            do {
                let pack = try await cache.pack(row.pack, digest, from: database)
                packs.append(
                    AssignedPack(
                        pack: pack, digest: digest, lastCheckID: row.lastCheckID, remembered: row.remembered,
                        causes: row.causes, lastLook: row.lastLook(of: server),
                        exemptions: exemptions.of(row.pack)))
            } catch let altered as AlteredPack {
                alteredPacks.append(altered)
            }
        }
        let location = Location(
            serverID: server, connection: first.connection, address: first.address, port: first.port, user: first.user,
            configUser: first.configUser)
        return CheckSubject(
            location: location,
            server: ServerVariables(id: server, name: first.name, address: first.address, labels: first.labels),
            packs: packs, alteredPacks: alteredPacks, startedAt: first.startedAt)
    }
}

extension CheckSubject.AssignedPack {
    /// The pack as the last look compared it; nil if there was none, or if that version cannot be read any more.
    package func packOfLastLook(from database: Database, packs cache: PackCache) async -> Pack? {
        guard let lastLook, let digest = SHA256Digest(lastLook.digest) else { return nil }
        return digest == self.digest ? pack : try? await cache.pack(pack.name, digest, from: database)
    }
}

/// One assignment of the server that is looked at, with what is remembered of it.
private struct AssignmentRow: Sendable, RowDecodable {
    /// A remembered mismatch.
    private struct Known: Codable, Sendable {
        var key: ItemKey
        var type: MismatchType
        var cause: Cause?
    }

    /// What the placeholders of a pack stand for.
    private struct Values: Codable, Sendable {
        var name: String
        var address: String
        var labels: [String: String]
    }

    let (name, address, connection): (String, String, String)
    let port: Int?
    let (user, configUser): (String?, String?)
    let labels: [String: String]
    let startedAt: Date
    let pack: PackName
    let digest: String
    let lastCheckID: Int64
    let remembered: DriftState
    let causes: [MismatchID: Cause]
    let day: String
    let waivers: [StoredWaiver]
    private let lastDigest: String?
    private let lastValues: Values?
    private let lastStartedAt: Date?

    init(row: Row) throws {
        name = try row.column("display_name")
        address = try row.column("address")
        connection = try row.column("connection")
        port = try row.column("port")
        user = try row.column("ssh_user")
        configUser = try row.column("config_user")
        labels = try row.column("labels", as: JSON<[String: String]>.self).value
        startedAt = try row.column("started_at")
        pack = try row.column("pack_name")
        digest = try row.column("digest")
        lastCheckID = try row.column("last_check_id")
        let known = try row.column("remembered", as: JSON<[Known]>?.self)?.value ?? []
        causes = Dictionary(
            known.compactMap { mismatch in
                mismatch.cause.map { (MismatchID(key: mismatch.key, type: mismatch.type), $0) }
            },
            uniquingKeysWith: { first, _ in first })
        remembered = DriftState(
            status: try row.column("state"),
            mismatches: Set(known.map { MismatchID(key: $0.key, type: $0.type) }),
            unverified: Set(try row.column("unverified", as: [ItemKey].self)),
            unverifiedContents: Set(try row.column("unverified_contents", as: [ItemKey].self)),
            dark: Set(try row.column("dark", as: [ItemKey].self)))
        day = try row.column("day")
        waivers = try row.column("waivers", as: JSON<[StoredWaiver]>.self).value
        lastDigest = try row.column("pack_digest")
        lastValues = try row.column("checked_as", as: JSON<Values>?.self)?.value
        lastStartedAt = try row.column("last_started_at")
    }

    func lastLook(of server: ServerID) -> CheckSubject.LastLook? {
        guard let lastDigest, let lastValues, let lastStartedAt else { return nil }
        return CheckSubject.LastLook(
            digest: lastDigest,
            server: ServerVariables(
                id: server, name: lastValues.name, address: lastValues.address, labels: lastValues.labels),
            age: .seconds(startedAt.timeIntervalSince(lastStartedAt)))
    }
}
