/// What a new version of a pack changes, item by item.
package struct ItemChange: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case added, removed, changed
    }

    /// One field that differs.
    package struct Field: Hashable, Sendable {
        /// As the pack files call it.
        package var name: String
        /// Nil if there is none, or where the value is not to be shown: a setting's may be a secret.
        package var old: String?
        package var new: String?
    }

    package var kind: Kind
    package var key: ItemKey
    /// `file`, `package`, …, or the section of an item that only a later version knows.
    package var noun: String
    /// What people are shown.
    package var item: String
    /// Only of a changed one.
    package var fields: [Field] = []

    /// By key: the differences between `old` and `new`, including descriptions.
    package static func between(_ old: Pack, _ new: Pack) -> [ItemChange] {
        let before = Dictionary(old.expectations.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.expectations.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(before.keys).union(after.keys).sorted().compactMap { key in
            switch (before[key], after[key]) {
            case (nil, let new?): ItemChange(.added, new)
            case (let old?, nil): ItemChange(.removed, old)
            case (let old?, let new?) where old != new: ItemChange(.changed, new, fields: Field.between(old, new))
            default: nil
            }
        }
    }

    private init(_ kind: Kind, _ expectation: Expectation, fields: [Field] = []) {
        self.kind = kind
        key = expectation.key
        noun = expectation.subject.kind.noun
        item = expectation.item
        self.fields = fields
    }
}

extension ItemChange.Field {
    fileprivate static func between(_ old: Expectation, _ new: Expectation) -> [Self] {
        let (before, after) = (old.stored, new.stored)
        let unshown = old.subject.kind.unshownFields.union(new.subject.kind.unshownFields)
        // That an item has placeholders is seen in its texts.
        let names = Set(before.keys).union(after.keys).subtracting([TemplatedExpectation.mark])
        var fields = names.sorted().compactMap { name -> Self? in
            guard before[name] != after[name] else { return nil }
            guard !unshown.contains(name) else { return Self(name: name, old: nil, new: nil) }
            return Self(name: name, old: before[name]?.words, new: after[name]?.words)
        }
        if old.description != new.description { fields.append(Self(name: "description", old: nil, new: nil)) }
        return fields
    }

    /// One line: `mode 0644 → 0600`, `template changed`.
    package var text: String {
        guard old != nil || new != nil, !Self.isTooLong(old), !Self.isTooLong(new) else { return "\(name) changed" }
        return "\(name) \(old ?? "none") → \(new ?? "none")"
    }

    /// Hashes, and templates that are named with theirs, say nothing to people.
    private static func isTooLong(_ text: String?) -> Bool { (text?.count ?? 0) > 60 }
}

extension StoredValue {
    /// For people; those of an object, such as a template, say nothing.
    fileprivate var words: String? {
        switch self {
        case .null, .object: nil
        case .flag, .whole, .number, .text: canonical
        case .list(let list): list.map { $0.words ?? "…" }.joined(separator: ", ")
        }
    }
}
