internal import Foundation

/// What an item of a pack has to say so that what a server has is what is wanted.
///
/// Only where the value is known in full: what is masked, cut or was never read cannot be accepted.
package struct Acceptance: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case text(String)
        case flag(Bool)
        /// One more value of a list.
        case element(String)
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
        let stored = expectation.subject.kind.stored
        if case .unknown = expectation.subject {
            throw Refusal(reason: "only a later version knows what the item says")
        }
        if expectation.section == "files", ["glob", "only", "tree"].contains(where: { stored[$0] != nil }) {
            throw Refusal(reason: "the item is about several files")
        }
        for mismatch in mismatches {
            if case .templated = expectation.subject, mismatch.type == .wrongContent {
                throw Refusal(reason: "its text is another one on each server")
            }
            for (key, value) in try Self.changes(by: mismatch, in: stored) { changes[key] = value }
            if mismatch.type == .wrongContent { diff = mismatch.diff }
        }
        if let old = stored[text: "content"], let new = wholeContent(insteadOf: Array(old.utf8)),
            let text = String(validating: new, as: UTF8.self)
        {
            changes["content_hash"] = nil
            changes["content"] = .text(text)
        }
    }

    /// What the server has in place of the content `old`; nil if that is not known in full.
    package func wholeContent(insteadOf old: [UInt8]) -> [UInt8]? {
        guard let contentHash else { return nil }
        if SHA256Digest(of: old) == contentHash { return old }
        return diff.flatMap { FilePatch.applied($0, to: old, giving: contentHash) }
    }

    /// The same, for an item whose values are meant as they are written.
    package var literal: Acceptance {
        var acceptance = self
        acceptance.changes["literal"] = .flag(true)
        return acceptance
    }

    /// The same, if the content is accepted by changing the template.
    package func keepingTemplate() -> Acceptance {
        var acceptance = self
        for key in ["content_hash", "template", "content"] { acceptance.changes[key] = nil }
        return acceptance
    }

    /// The hash of what the server has, if a content is accepted.
    private var contentHash: SHA256Digest? {
        guard case .text(let text)?? = changes["content_hash"] else { return nil }
        return SHA256Digest(text)
    }

    private static func changes(
        by mismatch: Mismatch, in stored: [String: StoredValue]
    ) throws(Refusal) -> [String: Value?] {
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
        case .wrongPermissions:
            guard let most = mismatch.expected["max_mode"] else { return try texts(["mode"]) }
            let modes = [most, try actual("mode")].compactMap(FileMode.number)
            guard modes.count == 2 else { throw Refusal(reason: "its mode is not known") }
            return ["max_mode": .text(FileMode.text(modes[0] | modes[1]))]
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
            let value = try actual("value")
            if let key = widened(stored, toHave: value) { return key }
            var changes = gone(["one_of", "min", "max", "matches"])
            changes["expected"] = .text(value)
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

    /// Of a setting: the list or the limit that lets a value in; nil if it has neither.
    private static func widened(_ stored: [String: StoredValue], toHave value: String) -> [String: Value?]? {
        guard stored["matches"] == nil else { return nil }
        let limits = ["min", "max"].filter { stored[$0] != nil }
        guard stored["one_of"] == nil else { return limits.isEmpty ? ["one_of": .element(value)] : nil }
        guard let limit = limits.first, let number = ExactNumber(value) else { return nil }
        let least = stored[text: "min"].flatMap { ExactNumber($0) }
        let isLow = least.flatMap { number.isLess(than: $0) } ?? (limits == ["min"])
        return [isLow ? limit : limits.last ?? limit: .text(value)]
    }

    /// Whether a value is what the server has, and not only what is shown of it.
    private static func isWhole(_ value: String) -> Bool { !value.contains { "‹›…".contains($0) } }
}

extension Expectation {
    /// The item with these changes as one line of YAML, such as `{"mode":"0600","path":"/etc/motd"}`.
    ///
    /// - Throws: ``Acceptance/Refusal`` if a new value would be taken for a variable; `EncodingError`, which no value of
    ///   these types causes.
    package func yaml(with acceptance: Acceptance) throws -> String {
        var fields = stored
        let hasVariables = fields.removeValue(forKey: TemplatedExpectation.mark) != nil
        if case .object(let template) = fields["template"] { fields["template"] = template["name"] }
        for (key, value) in acceptance.changes {
            switch value {
            case nil: fields[key] = nil
            case .text(let text)?: fields[text: key] = text
            case .flag(let flag)?: fields[flag: key] = flag
            case .element(let text)?: fields[texts: key] = (fields[texts: key] ?? []) + [text]
            }
            if hasVariables, fields[key]?.texts.contains(where: { $0.contains("{{") }) ?? false {
                throw Acceptance.Refusal(reason: "its value would be taken for a variable")
            }
        }
        if !hasVariables, fields.values.flatMap(\.texts).contains(where: { $0.contains("{{") }) {
            fields[flag: "literal"] = true
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
        guard case .object(let template)? = stored["template"] else { return nil }
        return template[text: "name"]
    }
}
