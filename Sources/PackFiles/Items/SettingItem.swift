internal import DriftCore
internal import Redaction
import Yams

extension ItemForm {
    static let setting = ItemForm(
        "a setting",
        [
            Key(
                "key", .text(.line), .required, "The name of the setting, such as `PermitRootLogin` or `vm.swappiness`"),
            Key(
                "type", .words(of: SettingExpectation.Kind.self), .required,
                "What is asked: a login shell's environment, a file, the kernel (`/proc/sys`), or sshd (`sshd -T`)"),
            Key("expected", .text(.any), "The value, byte for byte"),
            Key("one_of", .list(.text(.any)), "The value is one of these"),
            Key("min", .number, "The value is a number, and no less; a unit behind it must be the same, as in `64MB`"),
            Key("max", .number, "The value is a number, and no more"),
            Key("matches", .text(.regularExpression), "The regular expression matches somewhere in the value"),
            Key("file", .text(.path), "Of `type: config`: the file that is read"),
            Key(
                "style", .words(of: ConfigurationStyle.self),
                "Of `type: config`: how the file is written, where neither its name nor its text tells"),
            Key(
                "show", .words(of: SettingExpectation.Show.self),
                "Of `type: config`. `text`: a file that not every account may read is read as well"),
            .literal,
        ],
        rules: [
            .atLeastOne(["expected", "one_of", "min", "max", "matches"]),
            .excludes("expected", ["one_of", "min", "max", "matches"]),
            .needs("type", SettingExpectation.Kind.config.rawValue, "file"),
            .without(
                "type", SettingExpectation.Kind.allCases.filter { $0 != .config }.map(\.rawValue),
                ["file", "style", "show"]),
        ]
    ) { $0.setting($1) }
}

extension PackFileReader {
    fileprivate mutating func setting(_ fields: Fields) -> Expectation.Subject? {
        let literal = isLiteral(fields)
        let words = SettingExpectation.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        let kind: SettingExpectation.Kind? = reader.choice("type", in: fields)
        if fields["type"].map(\.node.isNull) ?? true {
            reader.error("a setting needs `type`", at: fields.position, hint: "one of \(words)")
        }
        let key = reader.requiredText("key", in: fields, of: "a setting") { key in
            switch kind {
            case .environmentVariable: Grammar.environmentVariable(key)
            case .sysctl: Grammar.sysctlKey(key)
            case .sshd: Grammar.sshdKeyword(key)
            case .config, nil: Grammar.configKey(key, literal: literal)
            }
        }
        let wanted = wantedValue(in: fields, literal: literal)
        let file = reader.text("file", in: fields) { Grammar.path($0, literal: literal) }
        let style: ConfigurationStyle? = reader.choice("style", in: fields)
        let show: SettingExpectation.Show? = reader.choice("show", in: fields)
        guard let kind else { return nil }
        refuseWrongFields(in: fields, kind: kind)
        guard let key, let wanted else { return nil }
        if !literal {
            reader.doubt("key", in: fields, ItemDoubt.key(key))
            doubtValues(in: fields, kind)
            reader.doubt("file", in: fields, file.flatMap(PathDoubt.fault(of:)))
        }
        if let file, !Masking.mayReadContent(of: file), let entry = fields["file"] {
            reader.warn("\(quoted(file)) exists to hold secrets, so its text is never read", at: entry.position)
        }
        return .setting(
            SettingExpectation(
                name: key, wanted: wanted, kind: kind, file: file, style: style, showsPrivateText: show != nil))
    }

    // MARK: Values

    private mutating func wantedValue(in fields: Fields, literal: Bool) -> WantedValue? {
        let count = reader.problems.count
        let expected = written("expected", in: fields) { Self.valueFault($0, literal) }
        let choices = choices(in: fields, literal)
        let minimum = number("min", in: fields)
        let maximum = number("max", in: fields)
        let pattern = written("matches", in: fields) { Grammar.line($0, limit: 4096, literal: literal) }
        // What is wrong is reported already.
        guard reader.problems.count == count else { return nil }
        do throws(WantedValue.Fault) {
            return try WantedValue(expected: expected, oneOf: choices, min: minimum, max: maximum, matches: pattern)
        } catch {
            let place = error.field.flatMap { fields[$0]?.position } ?? fields.position
            let message = error.field.map { "\(quoted($0)): \(error.message)" } ?? error.message
            reader.error(message, at: place, hint: error.hint)
            return nil
        }
    }

    private static func valueFault(_ text: String, _ literal: Bool) -> Fault? {
        text.isEmpty ? nil : Grammar.line(text, limit: 4096, literal: literal)
    }

    private mutating func choices(in fields: Fields, _ literal: Bool) -> [String]? {
        guard let entry = fields["one_of"], let nodes = reader.list(entry) else { return nil }
        return nodes.compactMap { node in
            reader.text(node, named: "one_of", at: node.position) { Self.valueFault($0, literal) }
        }
    }

    /// A number, with quotation marks or without.
    private mutating func number(_ key: String, in fields: Fields) -> String? {
        fields[key]?.node.writtenNumber ?? written(key, in: fields) { Grammar.line($0, limit: 100) }
    }

    /// The text of a key; if the key is there, it must have one.
    private mutating func written(_ key: String, in fields: Fields, where fault: (String) -> Fault?) -> String? {
        fields[key] == nil ? nil : reader.requiredText(key, in: fields, of: "a setting", where: fault)
    }

    private mutating func doubtValues(in fields: Fields, _ kind: SettingExpectation.Kind) {
        if let text = fields["expected"]?.node.scalar?.string {
            reader.doubt("expected", in: fields, ItemDoubt.value(text, of: kind))
        }
        let texts = fields["one_of"]?.node.sequence?.compactMap(\.scalar?.string) ?? []
        reader.doubt("one_of", in: fields, texts.lazy.compactMap { ItemDoubt.value($0, of: kind) }.first)
    }

    // MARK: Files

    private mutating func refuseWrongFields(in fields: Fields, kind: SettingExpectation.Kind) {
        func written(_ key: String) -> Fields.Entry? { fields[key].flatMap { $0.node.isNull ? nil : $0 } }
        if kind == .config, written("file") == nil {
            reader.error(
                "a setting of type config needs `file`", at: fields.position, hint: "file: /etc/ssh/sshd_config")
        }
        guard kind != .config else { return }
        for key in ["file", "style", "show"] {
            guard let entry = written(key) else { continue }
            reader.error("`\(key)` has no effect with type: \(kind.rawValue)", at: entry.position)
        }
    }
}

extension Grammar {
    /// A keyword of `sshd_config`.
    static func sshdKeyword(_ name: String) -> Fault? {
        guard consists(name, of: "", limit: 60), let first = name.utf8.first, !first.isDigit else {
            return Fault("\(quoted(name)) is not a keyword of sshd", hint: "such as PermitRootLogin")
        }
        return nil
    }
}
