import DriftCore
import Postgres
import Synchronization

/// The packs that this process has read, so that each version is fetched and decoded once, not at every check.
///
/// A version never changes, so there is nothing to invalidate. When the texts that are kept exceed the limit, all are
/// forgotten: a fleet that has more versions in use than that reads them again now and then.
package final class PackCache: Sendable {
    private struct Version: Hashable {
        var name: PackName
        var digest: SHA256Digest
    }

    private struct Contents {
        var packs: [Version: Pack] = [:]
        var bytes = 0
    }

    private let limit: Int
    private let contents = Mutex(Contents())

    /// `limit` is for the stored texts of all packs together, in bytes.
    package init(limit: Int = 64 << 20) { self.limit = limit }

    /// One version of a pack.
    ///
    /// - Throws: `DatabaseError`, ``AlteredPack``, or `DecodingError` where a later version than this binary's stored it.
    func pack(_ name: PackName, _ digest: SHA256Digest, from database: Database) async throws -> Pack {
        let version = Version(name: name, digest: digest)
        if let pack = contents.withLock({ $0.packs[version] }) { return pack }
        let texts = try await database.rows(
            """
            select resolved from driftwatch.all_pack_versions
            where pack_name = \(name) and digest = \(digest.description)
            """, as: JSONText.self)
        guard let text = texts.first?.rawValue else {
            throw DecodingError.valueNotFound(
                Pack.self, .init(codingPath: [], debugDescription: "the pack \(name) has no version \(digest)"))
        }
        let pack = try Pack(resolvedJSON: text, named: name, digest: digest)
        contents.withLock { contents in
            if contents.bytes + text.utf8.count > limit { contents = Contents() }
            if contents.packs.updateValue(pack, forKey: version) == nil { contents.bytes += text.utf8.count }
        }
        return pack
    }
}
