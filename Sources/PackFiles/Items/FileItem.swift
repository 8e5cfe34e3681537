internal import DriftCore
internal import Redaction
import Yams

extension ItemForm {
    static let file = ItemForm(
        "a file",
        keys: ["path", "state", "mode", "owner", "group", "content_hash", "template", "target", "show", "literal"]
    ) { $0.file($1) }
}

extension PackFileReader {
    fileprivate mutating func file(_ fields: Fields) -> Expectation.Subject? {
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
        return path.map { _ in .file(file) }
    }

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
}
