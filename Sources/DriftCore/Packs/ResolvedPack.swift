import Foundation

extension Pack {
    /// The pack as the database keeps it: JSON in the words of the pack files, with its parents' items and the
    /// contents of its templates.
    ///
    /// Readable in `psql`, and one line with sorted keys, so that equal packs give equal texts.
    package func resolvedJSON() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(ResolvedPack(self)), as: UTF8.self)
    }

    /// Reads what ``resolvedJSON()`` wrote, in this version or an earlier one.
    ///
    /// - Throws: `DecodingError` for anything else, a later format included: a worker that is too old for a pack
    ///   must not judge by the half that it understands.
    package init(resolvedJSON text: String) throws {
        self = try JSONDecoder().decode(ResolvedPack.self, from: Data(text.utf8)).pack()
    }

    /// Reads a stored pack, and checks that it matches its name and digest in the database.
    ///
    /// - Throws: ``AlteredPack``, or `DecodingError` as ``init(resolvedJSON:)`` does.
    package init(resolvedJSON text: String, named name: PackName, digest: SHA256Digest) throws {
        try self.init(resolvedJSON: text)
        guard self.name == name, self.digest == digest else { throw AlteredPack(name: name, digest: digest) }
    }
}

/// A stored pack whose text was changed after it was applied: it no longer matches its name and digest.
package struct AlteredPack: Error, Hashable, Sendable, CustomStringConvertible {
    package var name: PackName
    package var digest: SHA256Digest

    /// Stored as the reason of a check.
    package static let reason = "pack_altered"

    package var description: String {
        "the stored text of the pack \(name) does not match its digest: somebody changed it in the database;"
            + " driftwatch apply restores it"
    }
}

/// A pack in JSON; the names are those of the pack files.
///
/// ```
/// {"format": 1, "name": "base", "display_name": "Base Pack", "description": …, "extends": …,
///  "items": {"files": […], "packages": […], …}}
/// ```
///
/// A later version may add sections, and keys and words to items, without another `format`: see ``StoredSections``.
private struct ResolvedPack: Codable {
    static let currentFormat = 1

    var format: Int
    var name: PackName
    var displayName: String
    var description: String?
    /// The parents in one text, such as `base, web`.
    var extends: String?
    var items: StoredSections

    enum CodingKeys: String, CodingKey {
        case format, name, description, extends, items
        case displayName = "display_name"
    }

    init(_ pack: Pack) {
        format = Self.currentFormat
        name = pack.name
        displayName = pack.displayName
        description = pack.description
        extends = pack.parents
        items = StoredSections(expectations: pack.expectations)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        format = try container.decode(Int.self, forKey: .format)
        guard format <= Self.currentFormat else {
            throw DecodingError.dataCorruptedError(
                forKey: .format, in: container,
                debugDescription: "the pack was stored by a newer version (format \(format))")
        }
        name = try container.decode(PackName.self, forKey: .name)
        displayName = try container.decode(String.self, forKey: .displayName)
        description = try container.decodeIfPresent(String.self, forKey: .description)
        extends = try container.decodeIfPresent(String.self, forKey: .extends)
        items = try container.decode(StoredSections.self, forKey: .items)
    }

    func pack() throws -> Pack {
        guard Set(items.expectations.map(\.key)).count == items.expectations.count else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [CodingKeys.items], debugDescription: "an item appears twice"))
        }
        return Pack(
            name: name, displayName: displayName, description: description,
            extends: (extends ?? "").split(separator: ",").map {
                PackName(rawValue: String($0.drop { $0 == " " }))
            },
            expectations: items.expectations)
    }
}
