internal import DriftCore
internal import Redaction
import Yams

// One function for each kind of item: nil, with a report, where the item is wrong in a way that leaves no expectation.

extension PackFileReader {
    mutating func fileItem(_ node: Node) -> Expectation? {
        let known = [
            "path", "state", "mode", "owner", "group", "content_hash", "template", "target", "show", "literal",
            "description",
        ]
        guard let fields = reader.fields(node, of: "a file", known: known) else { return nil }
        let literal = isLiteral(fields)
        let path = reader.requiredText("path", in: fields, of: "a file") { Grammar.path($0, literal: literal) }
        let state: FileExpectation.State? = reader.choice("state", in: fields)
        var file = FileExpectation(path: path ?? "", state: state ?? .file)
        file.mode = mode(in: fields)
        file.owner = reader.text("owner", in: fields) { Grammar.account($0, literal: literal) }
        file.group = reader.text("group", in: fields) { Grammar.account($0, literal: literal) }
        file.content = content(in: fields)
        file.target = reader.text("target", in: fields) { Grammar.linkTarget($0, literal: literal) }
        file.show = show(in: fields, of: file)
        if state != nil || fields["state"].map(\.node.isNull) ?? true {
            refuseContradictions(in: fields, state: file.state)
        }
        if !literal {
            let isAbsent = state == .absent
            reader.doubt("path", in: fields, path.flatMap(PathDoubt.fault(of:)), wouldNeverBeWrong: isAbsent)
            reader.doubt("owner", in: fields, file.owner.flatMap(ItemDoubt.account))
            reader.doubt("group", in: fields, file.group.flatMap(ItemDoubt.account))
            reader.doubt("target", in: fields, file.target.flatMap(PathDoubt.fault(ofTarget:)))
        }
        let description = description(in: fields)
        return path.map { _ in Expectation(.file(file), description: description) }
    }

    /// Whether the item's names and values are meant exactly as they are written, odd as they look.
    ///
    /// It changes how the file is read, not what it means, so it is not part of the pack.
    private mutating func isLiteral(_ fields: Fields) -> Bool { reader.boolean("literal", in: fields) ?? false }

    private mutating func mode(in fields: Fields) -> UInt16? {
        guard let entry = fields["mode"] else { return nil }
        if let scalar = entry.node.scalar, ScalarValue.hasPlainTag(entry.node),
            case .number(_, let written) = ScalarValue(scalar)
        {
            reader.error(
                "`mode` must be quoted: YAML reads \(written) as a number", at: entry.position,
                hint: Grammar.modeHint(written))
            return nil
        }
        let text = reader.text("mode", in: fields) { text in
            FileMode.number(text) == nil ? Fault("\(quoted(text)) is not a mode", hint: Grammar.modeHint(text)) : nil
        }
        return text.flatMap(FileMode.number)
    }

    private mutating func content(in fields: Fields) -> FileExpectation.Content? {
        let hash = reader.text("content_hash", in: fields, where: Grammar.contentHash).flatMap { SHA256Digest($0) }
        let name = reader.text("template", in: fields, where: Grammar.templateName)
        let bytes = fields["template"].flatMap { entry in name.flatMap { template($0, at: entry.position) } }
        if let entry = fields["template"], !entry.node.isNull, fields["content_hash"].map({ !$0.node.isNull }) ?? false
        {
            reader.error(
                "a file has `content_hash` or `template`, not both", at: entry.position, hint: "remove one of them")
        }
        if let name, let bytes { return .template(name: name, bytes: bytes) }
        return hash.map(FileExpectation.Content.hash)
    }

    private mutating func show(in fields: Fields, of file: FileExpectation) -> FileExpectation.Show {
        let show: FileExpectation.Show? = reader.choice("show", in: fields, among: [.text, .hidden])
        guard let show, let entry = fields["show"], file.state == .file else { return .worldReadable }
        if ["content_hash", "template"].allSatisfy({ fields[$0]?.node.isNull ?? true }) {
            reader.error(
                "`show` has no effect without a content to compare", at: entry.position,
                hint: "add content_hash or template, or remove show")
        } else if show == .text, !Masking.mayReadContent(of: file.path) {
            reader.warn(
                "the text of \(quoted(file.path)) is never shown", at: entry.position,
                hint: "files at this path hold secrets; remove show")
        }
        return show
    }

    /// Reports keys that have no effect with this state.
    private mutating func refuseContradictions(in fields: Fields, state: FileExpectation.State) {
        let contradictions: [String] =
            switch state {
            case .file: ["target"]
            case .directory: ["target", "content_hash", "template", "show"]
            case .symlink: ["mode", "content_hash", "template", "show"]
            case .absent: ["mode", "owner", "group", "content_hash", "template", "target", "show"]
            }
        for key in contradictions {
            guard let entry = fields[key], !entry.node.isNull else { continue }
            let hint: String? =
                switch (key, state) {
                case ("target", _): "target goes with state: symlink"
                case (_, .symlink): "state: file follows links and looks at what they lead to"
                default: nil
                }
            reader.error("\(quoted(key)) has no effect with state: \(state.rawValue)", at: entry.position, hint: hint)
        }
        if state == .symlink, fields["target"].map(\.node.isNull) ?? true {
            reader.error("a symlink needs `target`", at: fields.position, hint: "what readlink prints")
        }
    }

    mutating func packageItem(_ node: Node) -> Expectation? {
        let known = ["name", "state", "min_version", "literal", "description"]
        guard let fields = reader.fields(node, of: "a package", known: known) else { return nil }
        let name = reader.requiredText("name", in: fields, of: "a package", where: Grammar.packageName)
        let state: PackageExpectation.State = reader.choice("state", in: fields) ?? .present
        let version = reader.text("min_version", in: fields, where: Grammar.packageVersion)
        if state == .absent, let entry = fields["min_version"], !entry.node.isNull {
            reader.error("`min_version` has no effect with state: absent", at: entry.position)
        } else if let entry = fields["min_version"], let fault = version.flatMap(ItemDoubt.minimumVersion) {
            reader.warn(
                "`min_version`: \(fault.message), so dpkg cannot compare it", at: entry.position, hint: fault.hint)
        }
        if !isLiteral(fields) {
            let fault = name.flatMap(ItemDoubt.packageName)
            reader.doubt("name", in: fields, fault, wouldNeverBeWrong: state == .absent)
        }
        let description = description(in: fields)
        return name.map {
            Expectation(
                .package(PackageExpectation(name: $0, state: state, minimumVersion: version)), description: description)
        }
    }

    mutating func settingItem(_ node: Node) -> Expectation? {
        let known = ["key", "expected", "type", "file", "literal", "description"]
        guard let fields = reader.fields(node, of: "a setting", known: known) else { return nil }
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
        let description = description(in: fields)
        guard let kind else { return nil }
        warnWhereUnsupported(kind, at: fields.position)
        refuseWrongFile(in: fields, kind: kind)
        guard let key, let expected else { return nil }
        if !literal {
            reader.doubt("key", in: fields, ItemDoubt.key(key))
            reader.doubt("expected", in: fields, ItemDoubt.value(expected, of: kind))
            reader.doubt("file", in: fields, file.flatMap(PathDoubt.fault(of:)))
        }
        return Expectation(
            .setting(SettingExpectation(key: key, expected: expected, kind: kind, file: file)), description: description
        )
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

    mutating func serviceItem(_ node: Node) -> Expectation? {
        let known = ["name", "enabled", "running", "description"]
        guard let fields = reader.fields(node, of: "a service", known: known) else { return nil }
        let name = reader.requiredText("name", in: fields, of: "a service", where: Grammar.unitName)
        let enabled = reader.boolean("enabled", in: fields)
        let running = reader.boolean("running", in: fields)
        let isEmpty = ["enabled", "running"].allSatisfy { fields[$0].map(\.node.isNull) ?? true }
        if isEmpty {
            reader.error("a service needs `enabled` or `running`", at: fields.position, hint: "running: true")
        }
        if running != nil, let entry = fields["name"], let fault = name.flatMap(ItemDoubt.runningUnit) {
            if running == true {
                reader.warn("`name`: \(fault.message)", at: entry.position, hint: fault.hint)
            } else {
                reader.error(
                    "`name`: \(fault.message), so running: false would never be wrong", at: entry.position,
                    hint: fault.hint)
            }
        }
        let description = description(in: fields)
        reader.warn(
            "this version cannot judge services", at: fields.position,
            hint: "the item will show as unreadable (unsupported)")
        return name.map {
            Expectation(
                .service(ServiceExpectation(name: $0, enabled: enabled, running: running)), description: description)
        }
    }
}
