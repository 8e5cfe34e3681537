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
    /// `file`, `package`, `setting`, `service`, or the section of an item that only a later version knows.
    package var section: String
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
        section =
            switch expectation.subject {
            case .file: "file"
            case .package: "package"
            case .setting: "setting"
            case .service: "service"
            case .unknown(let unknown): unknown.section
            }
        item = expectation.item
        self.fields = fields
    }
}

extension ItemChange.Field {
    fileprivate static func between(_ old: Expectation, _ new: Expectation) -> [Self] {
        var fields: [Self] = []
        func compare(_ name: String, _ old: String?, _ new: String?) {
            if old != new { fields.append(Self(name: name, old: old, new: new)) }
        }
        switch (old.subject, new.subject) {
        case (.file(let old), .file(let new)):
            compare("state", old.state.rawValue, new.state.rawValue)
            compare("mode", old.mode.map(FileMode.text), new.mode.map(FileMode.text))
            compare("owner", old.owner, new.owner)
            compare("group", old.group, new.group)
            compare("content_hash", old.content?.hash, new.content?.hash)
            compare("template", old.content?.template, new.content?.template)
            compare("target", old.target, new.target)
            compare("show", old.show.rawValue, new.show.rawValue)
        case (.package(let old), .package(let new)):
            compare("state", old.state.rawValue, new.state.rawValue)
            compare("min_version", old.minimumVersion, new.minimumVersion)
        case (.setting(let old), .setting(let new)):
            compare("type", old.kind.rawValue, new.kind.rawValue)
            if old.expected != new.expected { fields.append(Self(name: "expected", old: nil, new: nil)) }
        case (.service(let old), .service(let new)):
            compare("enabled", old.enabled?.description, new.enabled?.description)
            compare("running", old.running?.description, new.running?.description)
        default:
            break
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

extension FileExpectation.Content {
    fileprivate var hash: String? {
        if case .hash(let digest) = self { digest.description } else { nil }
    }

    /// The name with a hash of its contents, so that a new text under the same name is a new value.
    fileprivate var template: String? {
        if case .template(let name, let bytes) = self { "\(name) \(SHA256Digest(of: bytes))" } else { nil }
    }
}
