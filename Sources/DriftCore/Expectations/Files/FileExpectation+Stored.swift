internal import Foundation

extension FileExpectation: KnownKind {
    static let section = Expectation.Section.files
    var noun: String { "file" }
    var key: ItemKey { isPattern ? ItemKey(rawValue: "glob:\(path)") : Self.key(of: path) }
    var item: String { path }
    var subject: Expectation.Subject { .file(self) }

    static func key(of path: String) -> ItemKey { ItemKey(rawValue: "file:\(path)") }

    init?(_ fields: inout StoredFields) {
        let pattern = fields.text("glob")
        guard let path = pattern ?? fields.text("path"), let state = fields.word("state", as: State.self) else {
            return nil
        }
        self.init(path: path, state: state)
        isPattern = pattern != nil
        atLeast = fields.whole("at_least").flatMap { Int(exactly: $0) } ?? 0
        only = fields.texts("only").map { $0.map(NamePattern.init) }
        tree = fields.read("tree", TreeRule.init(stored:))
        mode = fields.read("mode") { $0.text.flatMap(FileMode.number) }
        owner = fields.text("owner")
        group = fields.text("group")
        content = fields.read("content_hash") { $0.text.flatMap { SHA256Digest($0) }.map(Content.hash) }
        if let template = fields.read("template", Content.init(template:)) { content = template }
        target = fields.text("target")
        if let text = fields.text("content") { content = .text(text) }
        show = fields.word("show") ?? .worldReadable
        maximumMode = fields.read("max_mode") { $0.text.flatMap(FileMode.number) }
        isOptional = fields.flag("optional") ?? false
        contains = fields.read("contains", Self.lines) ?? []
        lacks = fields.read("lacks", Self.lines) ?? []
        minimumSize = fields.whole("min_size").flatMap { Int(exactly: $0) }
        maximumAge = fields.whole("max_age").flatMap { Int(exactly: $0) }
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: isPattern ? "glob" : "path"] = path
        fields[whole: "at_least"] = atLeast == 0 ? nil : Int64(atLeast)
        fields[texts: "only"] = only?.map(\.text)
        fields["tree"] = tree?.stored
        fields[text: "state"] = state.rawValue
        fields[text: "mode"] = mode.map(FileMode.text)
        fields[text: "owner"] = owner
        fields[text: "group"] = group
        switch content {
        case .hash(let digest): fields[text: "content_hash"] = digest.description
        case .template(let name, let bytes): fields["template"] = .template(named: name, bytes)
        case .text(let text): fields[text: "content"] = text
        case nil: break
        }
        fields[text: "max_mode"] = maximumMode.map(FileMode.text)
        fields[flag: "optional"] = isOptional ? true : nil
        if !contains.isEmpty { fields["contains"] = .list(contains.map(\.stored)) }
        if !lacks.isEmpty { fields["lacks"] = .list(lacks.map(\.stored)) }
        fields[whole: "min_size"] = minimumSize.map { Int64($0) }
        fields[whole: "max_age"] = maximumAge.map { Int64($0) }
        fields[text: "target"] = target
        fields[text: "show"] = show == .worldReadable ? nil : show.rawValue
        return fields
    }

    private static func lines(_ value: StoredValue) -> [LineExpectation]? {
        guard case .list(let list) = value else { return nil }
        let lines = list.compactMap(LineExpectation.init(stored:))
        return lines.count == list.count ? lines : nil
    }
}

extension FileExpectation.TreeRule {
    fileprivate init?(stored value: StoredValue) {
        guard case .object(let values) = value else { return nil }
        var fields = StoredFields(values)
        maximumMode = fields.read("max_mode") { $0.text.flatMap(FileMode.number) }
        owner = fields.text("owner")
        group = fields.text("group")
        guard fields.isUnderstood else { return nil }
    }

    fileprivate var stored: StoredValue {
        var fields: [String: StoredValue] = [:]
        fields[text: "max_mode"] = maximumMode.map(FileMode.text)
        fields[text: "owner"] = owner
        fields[text: "group"] = group
        return .object(fields)
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
