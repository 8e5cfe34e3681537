internal import DriftCore
import Yams

extension ItemForm {
    static let setting = ItemForm("a setting", keys: ["key", "expected", "type", "file", "literal"]) { $0.setting($1) }
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
            case .config, nil: Grammar.configKey(key, literal: literal)
            }
        }
        let expected = reader.requiredText("expected", in: fields, of: "a setting") { text in
            text.isEmpty ? nil : Grammar.line(text, limit: 4096, literal: literal)
        }
        let file = reader.text("file", in: fields) { Grammar.path($0, literal: literal) }
        guard let kind else { return nil }
        warnWhereUnsupported(kind, at: fields.position)
        refuseWrongFile(in: fields, kind: kind)
        guard let key, let expected else { return nil }
        if !literal {
            reader.doubt("key", in: fields, ItemDoubt.key(key))
            reader.doubt("expected", in: fields, ItemDoubt.value(expected, of: kind))
            reader.doubt("file", in: fields, file.flatMap(PathDoubt.fault(of:)))
        }
        return .setting(SettingExpectation(name: key, expected: expected, kind: kind, file: file))
    }

    private mutating func refuseWrongFile(in fields: Fields, kind: SettingExpectation.Kind) {
        let entry = fields["file"].flatMap { $0.node.isNull ? nil : $0 }
        if kind == .config, entry == nil {
            reader.error(
                "a setting of type config needs `file`", at: fields.position, hint: "file: /etc/ssh/sshd_config")
        }
        if kind != .config, let entry {
            reader.error("`file` has no effect with type: \(kind.rawValue)", at: entry.position)
        }
    }

    private mutating func warnWhereUnsupported(_ kind: SettingExpectation.Kind, at position: Position) {
        guard kind != .environmentVariable else { return }
        reader.warn(
            "this version cannot judge settings of type \(kind.rawValue)", at: position,
            hint: "the item will show as unreadable (unsupported)")
    }
}
