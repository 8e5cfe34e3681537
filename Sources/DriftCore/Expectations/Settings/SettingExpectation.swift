/// A setting and the value it must have.
package struct SettingExpectation: Hashable, Sendable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case environmentVariable = "env_var"
        case config
        case sysctl
    }

    /// Its key in the pack.
    package var name: String
    package var expected: String
    package var kind: Kind
    /// The file that holds a `config` setting.
    package var file: String?

    package init(name: String, expected: String, kind: Kind, file: String? = nil) {
        self.name = name
        self.expected = expected
        self.kind = kind
        self.file = file
    }
}

extension SettingExpectation: KnownKind {
    static let section = Expectation.Section.settings
    var noun: String { "setting" }
    var key: ItemKey { ItemKey(rawValue: "setting:\(name)" + (file.map { "@\($0)" } ?? "")) }
    var item: String { name }
    var subject: Expectation.Subject { .setting(self) }
    var unshownFields: Set<String> { ["expected"] }

    init?(_ fields: inout StoredFields) {
        guard let name = fields.text("key"), let expected = fields.text("expected"),
            let kind = fields.word("type", as: Kind.self)
        else { return nil }
        self.init(name: name, expected: expected, kind: kind, file: fields.text("file"))
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "key"] = name
        fields[text: "expected"] = expected
        fields[text: "type"] = kind.rawValue
        fields[text: "file"] = file
        return fields
    }

    func ask(_ questions: inout QuestionSet) {
        if kind == .environmentVariable { questions.ask(variable: name) }
    }

    func evidence(in facts: Facts) -> Evidence { SettingComparison.evidence(on: self, facts: facts) }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        kind != other.kind || expected == other.expected ? nil : ("one value", "another value")
    }

    var needs: [PackConflicts.Need] {
        guard let file else { return [] }
        return [PackConflicts.Need(key: FileExpectation.key(of: file), thing: .file)]
            + FileExpectation.foldersAbove(file)
    }
}
