internal import Foundation

extension FileExpectation: KnownKind {
    static let section = Expectation.Section.files
    var noun: String { "file" }
    var key: ItemKey { Self.key(of: path) }
    var item: String { path }
    var subject: Expectation.Subject { .file(self) }

    static func key(of path: String) -> ItemKey { ItemKey(rawValue: "file:\(path)") }

    init?(_ fields: inout StoredFields) {
        guard let path = fields.text("path"), let state = fields.word("state", as: State.self) else { return nil }
        self.init(path: path, state: state)
        mode = fields.read("mode") { $0.text.flatMap(FileMode.number) }
        owner = fields.text("owner")
        group = fields.text("group")
        content = fields.read("content_hash") { $0.text.flatMap { SHA256Digest($0) }.map(Content.hash) }
        if let template = fields.read("template", Content.init(template:)) { content = template }
        target = fields.text("target")
        show = fields.word("show") ?? .worldReadable
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "path"] = path
        fields[text: "state"] = state.rawValue
        fields[text: "mode"] = mode.map(FileMode.text)
        fields[text: "owner"] = owner
        fields[text: "group"] = group
        switch content {
        case .hash(let digest): fields[text: "content_hash"] = digest.description
        case .template(let name, let bytes): fields["template"] = .template(named: name, bytes)
        case nil: break
        }
        fields[text: "target"] = target
        fields[text: "show"] = show == .worldReadable ? nil : show.rawValue
        return fields
    }
}

extension FileExpectation.Content {
    /// Nil if it is not a stored template, or its contents are not those that its hash was made of.
    fileprivate init?(template value: StoredValue) {
        guard case .object(let fields) = value, let name = fields[text: "name"], let bytes = value.templateBytes,
            fields[text: "sha256"] == SHA256Digest(of: bytes).description, fields.count == 3
        else { return nil }
        self = .template(name: name, bytes: bytes)
    }
}

extension StoredValue {
    /// A template with its contents: as text where a JSON text in PostgreSQL can hold them, else in base64.
    fileprivate static func template(named name: String, _ bytes: [UInt8]) -> StoredValue {
        var fields: [String: StoredValue] = [:]
        fields[text: "name"] = name
        fields[text: "sha256"] = SHA256Digest(of: bytes).description
        if !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) {
            fields[text: "text"] = text
        } else {
            fields[text: "base64"] = Data(bytes).base64EncodedString()
        }
        return .object(fields)
    }

    /// The contents of a stored template.
    var templateBytes: [UInt8]? {
        guard case .object(let fields) = self else { return nil }
        if let text = fields[text: "text"] { return Array(text.utf8) }
        return fields[text: "base64"].flatMap { Data(base64Encoded: $0) }.map { Array($0) }
    }
}
