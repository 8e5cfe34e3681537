internal import Foundation

/// What an item of a pack has to say so that what a server has is what is wanted.
///
/// Only where the value is known in full: what is masked, cut or was never read cannot be accepted.
package struct Acceptance: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case text(String)
        case flag(Bool)
    }

    /// Why the present value cannot become the wanted one.
    package struct Refusal: Error, Hashable, Sendable {
        package var reason: String
    }

    /// By key of the item: the new value, or nil where the key has to go.
    package private(set) var changes: [String: Value?] = [:]
    /// Of a wrong content: the diff from what is wanted to what is there, if the text may be shown.
    package private(set) var diff: String?

    /// `mismatches` are all of one item.
    package init(of mismatches: [Mismatch], in expectation: Expectation) throws(Refusal) {
        switch expectation.subject {
        case .unknown: throw Refusal(reason: "only a later version knows what the item says")
        case .file(let file) where file.isPattern || file.only != nil || file.tree != nil:
            throw Refusal(reason: "the item is about several files")
        default: break
        }
        for mismatch in mismatches {
            for (key, value) in try Self.changes(by: mismatch) { changes[key] = value }
            if mismatch.type == .wrongContent { diff = mismatch.diff }
        }
    }

    /// The same, if the content is accepted by changing the template.
    package func keepingTemplate() -> Acceptance {
        var acceptance = self
        for key in ["content_hash", "template", "content"] { acceptance.changes[key] = nil }
        return acceptance
    }

    /// The hash of what the server has, if a content is accepted.
    package var contentHash: SHA256Digest? {
        guard case .text(let text)?? = changes["content_hash"] else { return nil }
        return SHA256Digest(text)
    }

    private static func changes(by mismatch: Mismatch) throws(Refusal) -> [String: Value?] {
        func actual(_ key: String) throws(Refusal) -> String {
            guard let value = mismatch.actual[key] else {
                throw Refusal(reason: "it is not known what the server has: no \(key.replacing("_", with: " "))")
            }
            guard isWhole(value) else { throw Refusal(reason: "the value is not shown in full") }
            return value
        }

        func gone(_ keys: [String]) -> [String: Value?] {
            [String: Value?](uniqueKeysWithValues: keys.map { ($0, Value?.none) })
        }

        func absent(without keys: String...) -> [String: Value?] {
            var changes = gone(keys)
            changes["state"] = .text("absent")
            return changes
        }

        func texts(_ keys: [String]) throws(Refusal) -> [String: Value?] {
            var changes: [String: Value?] = [:]
            for key in keys where key != "note" { changes[key] = .text(try actual(key)) }
            return changes
        }

        switch mismatch.type {
        case .wrongPermissions: return try texts(["mode"]).merging(gone(["max_mode"])) { $1 }
        case .wrongOwner: return try texts(mismatch.expected.keys.sorted())
        case .wrongTarget: return try texts(["target"])
        case .missingFile where mismatch.actual["state"] == "absent":
            return absent(
                without: "mode", "max_mode", "owner", "group", "template", "content", "content_hash", "contains",
                "lacks", "min_size", "max_age", "optional", "show", "target")
        case .unexpectedFile where ["file", "directory"].contains(mismatch.actual["state"]): return try texts(["state"])
        case .wrongContent:
            return try texts(["content_hash"]).merging(gone(["template", "content"])) { $1 }
        case .missingPackage where mismatch.actual["state"] == "absent":
            return absent(without: "version", "min_version", "max_version", "held")
        case .unexpectedPackage: return ["state": .text("present")]
        case .wrongVersion:
            let version = try actual("version")
            guard !version.contains(", ") else { throw Refusal(reason: "several versions are installed") }
            return mismatch.expected.filter { $0.key != "note" }.mapValues { _ in .text(version) }
        case .wrongHold:
            guard let isHeld = Bool(try actual("held")) else {
                throw Refusal(reason: "only some of the installed packages are on hold")
            }
            return ["held": .flag(isHeld)]
        case .wrongSetting:
            guard mismatch.actual["state"] == nil else {
                throw Refusal(reason: "the setting is not set: remove the item, or say what it should be")
            }
            var changes = gone(["one_of", "min", "max", "matches"])
            changes["expected"] = .text(try actual("value"))
            return changes
        case .wrongService:
            var changes: [String: Value?] = [:]
            for (key, wanted) in mismatch.expected where key != "note" {
                guard let wanted = Bool(wanted) else { throw Refusal(reason: "it is not known what is wanted") }
                changes[key] = .flag(!wanted)
            }
            return changes
        case .missingModule: return ["state": .text("absent")]
        case .unexpectedModule: return ["state": .text("present")]
        default:
            throw Refusal(reason: "no present value can stand in for this: change the item by hand, or waive it")
        }
    }

    /// Whether a value is what the server has, and not only what is shown of it.
    private static func isWhole(_ value: String) -> Bool { !value.contains { "‹›…".contains($0) } }
}

extension Expectation {
    /// The item with these changes as one line of YAML, such as `{"mode":"0600","path":"/etc/motd"}`.
    ///
    /// - Throws: `EncodingError`; no value of these types makes it do so.
    package func yaml(with acceptance: Acceptance) throws -> String {
        var fields = stored
        if case .object(let template) = fields["template"] { fields["template"] = template["name"] }
        for (key, value) in acceptance.changes {
            switch value {
            case nil: fields[key] = nil
            case .text(let text)?: fields[text: key] = text
            case .flag(let flag)?: fields[flag: key] = flag
            }
        }
        fields[text: "description"] = description
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(StoredValue.object(fields)), as: UTF8.self)
    }

    /// The section of a pack that lists it, such as `files`.
    package var section: String { subject.kind.section }

    /// The name of the template that a file is made of; nil if it has none.
    package var templateName: String? {
        guard case .file(let file) = subject, case .template(let name, _)? = file.content else { return nil }
        return name
    }
}
