import DriftCore
import Postgres

/// Reads packs as they are stored, and finds those that somebody changed there.
enum StoredPacks {
    /// The versions in force of the packs that a server is checked against, by name.
    ///
    /// - Throws: `DatabaseError`, or `DecodingError` for a pack that a newer version stored.
    static func assigned(
        to server: ServerID, in transaction: borrowing Transaction
    ) throws -> [(digest: SHA256Digest, pack: Result<Pack, AlteredPack>)] {
        try transaction.rows(
            """
            select p.pack_name, p.digest, p.resolved
            from driftwatch.all_assignments a
            join driftwatch.all_packs p on p.pack_name = a.pack_name and p.resolved is not null
            where a.server_id = \(server) order by a.pack_name
            """, as: (PackName, String, JSONText).self
        ).map { name, text, resolved in
            guard let digest = SHA256Digest(text) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: [], debugDescription: "the digest of the pack \(name) is not a SHA-256"))
            }
            do {
                let pack = try Pack(resolvedJSON: resolved.rawValue, named: name, digest: digest)
                return (digest, .success(pack))
            } catch let altered as AlteredPack {
                return (digest, .failure(altered))
            }
        }
    }

    /// The versions in force of these packs; one that somebody changed in the database, or that a newer version stored,
    /// is left out.
    ///
    /// - Throws: `DatabaseError`
    static func inForce(_ names: [PackName], in transaction: borrowing Transaction) throws -> [PackName: Pack] {
        guard !names.isEmpty else { return [:] }
        var packs: [PackName: Pack] = [:]
        for (name, text, resolved) in try transaction.rows(
            """
            select p.pack_name, p.digest, p.resolved
            from driftwatch.all_packs p where p.pack_name = any(\(names)) and p.resolved is not null
            """, as: (PackName, String, JSONText).self)
        {
            packs[name] = SHA256Digest(text).flatMap {
                try? Pack(resolvedJSON: resolved.rawValue, named: name, digest: $0)
            }
        }
        return packs
    }
}
