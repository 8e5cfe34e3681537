/// A setting and what its value may be.
package struct SettingExpectation: Hashable, Sendable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case environmentVariable = "env_var"
        /// What a file says; see ``ConfigurationStyle``.
        case config
        /// What the kernel has now.
        case sysctl
        /// What sshd does in the end.
        case sshd
    }

    /// Its key in the pack.
    package var name: String
    package var wanted: WantedValue
    package var kind: Kind
    /// The file that holds a `config` setting.
    package var file: String?
    /// Of the file; nil if its name and text tell.
    package var style: ConfigurationStyle?
    /// Whether the value may be read and shown although not every account may read the file.
    package var showsPrivateText: Bool

    package init(
        name: String, wanted: WantedValue, kind: Kind, file: String? = nil, style: ConfigurationStyle? = nil,
        showsPrivateText: Bool = false
    ) {
        self.name = name
        self.wanted = wanted
        self.kind = kind
        self.file = file
        self.style = style
        self.showsPrivateText = showsPrivateText
    }

    package init(name: String, expected: String, kind: Kind, file: String? = nil) {
        self.init(name: name, wanted: WantedValue(expected: expected), kind: kind, file: file)
    }
}

extension SettingExpectation: KnownKind {
    static let section = Expectation.Section.settings
    var noun: String { "setting" }
    var item: String { name }
    var subject: Expectation.Subject { .setting(self) }
    var unshownFields: Set<String> { WantedValue.fields }

    var key: ItemKey {
        switch kind {
        case .environmentVariable: ItemKey(rawValue: "setting:\(name)")
        case .config: ItemKey(rawValue: "setting:\(name)" + (file.map { "@\($0)" } ?? ""))
        case .sysctl: ItemKey(rawValue: "setting:\(SysctlName(name).dotted)")
        case .sshd: ItemKey(rawValue: "setting:\(name.lowercased())@sshd")
        }
    }

    init?(_ fields: inout StoredFields) {
        let wanted = WantedValue(&fields)
        guard let name = fields.text("key"), let wanted, let kind = fields.word("type", as: Kind.self) else {
            return nil
        }
        self.init(
            name: name, wanted: wanted, kind: kind, file: fields.text("file"), style: fields.word("style"),
            showsPrivateText: fields.word("show", as: Show.self) != nil)
    }

    var stored: [String: StoredValue] {
        var fields = wanted.stored
        fields[text: "key"] = name
        fields[text: "type"] = kind.rawValue
        fields[text: "file"] = file
        fields[text: "style"] = style?.rawValue
        fields[text: "show"] = showsPrivateText ? Show.text.rawValue : nil
        return fields
    }

    func ask(_ questions: inout QuestionSet) {
        switch kind {
        case .environmentVariable: questions.ask(variable: name)
        case .sysctl: questions.ask(SysctlFacts.self, about: SysctlName(name).path)
        case .sshd: questions.ask(SSHDFacts.self)
        case .config:
            guard let file else { return }
            questions.ask(path: file, needsText: true, show: showsPrivateText ? .text : .worldReadable)
        }
    }

    func evidence(in facts: Facts) -> Evidence { SettingComparison.evidence(on: self, facts: facts) }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        guard kind == other.kind else { return nil }
        return wanted.excludes(other.wanted) ? ("one value", "another value") : nil
    }

    var needs: [PackConflicts.Need] {
        guard let file else { return [] }
        return [PackConflicts.Need(key: FileExpectation.key(of: file), thing: .file)]
            + FileExpectation.foldersAbove(file)
    }
}

extension SettingExpectation {
    /// The one word of a setting's `show`.
    package enum Show: String, Sendable, CaseIterable { case text }
}
