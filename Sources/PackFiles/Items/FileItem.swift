internal import DriftCore
internal import Redaction
import Yams

extension ItemForm {
    static let file = ItemForm(
        "a file",
        [
            Key("path", .text(.path), "The file; `~` is the home of `config_user`, or else of the login user"),
            Key("glob", .text(.glob), "In place of `path`: each file that the pattern finds, as a shell would find it"),
            Key("at_least", .integer(PackFileReader.foundFiles), "How many files `glob` must find"),
            Key(
                "state", .words(of: FileExpectation.State.self),
                "What it must be. `file` (the default) and `directory` look at what a link leads to"),
            Key("only", .list(.text(.fileName)), "Of a directory: the names that may be in it"),
            Key("tree", .mapping(.tree), "Of a directory: what holds for all that is below it"),
            Key("mode", .text(.mode), "Its mode"),
            Key("max_mode", .text(.mode), "The bits that its mode may have"),
            Key("owner", .text(.account), "Its owner"),
            Key("group", .text(.account), "Its group"),
            Key("content_hash", .text(.contentHash), "The SHA-256 of its content"),
            Key(
                "template", .text(.template),
                "A file with the content that it must have; differences are shown as a diff"),
            Key("content", .text(.prose), "The content that it must have"),
            Key("contains", .list(.line, mayBeEmpty: false, isSet: false), "Lines that it must have"),
            Key("lacks", .list(.line, mayBeEmpty: false, isSet: false), "Lines that it must not have"),
            Key("min_size", .text(.size), "How large it must be at least"),
            Key("max_age", .text(.age), "When its content was last changed, at most so long ago"),
            Key("optional", .boolean, "`true`: it need not be there; the rest holds if it is"),
            Key("target", .text(.linkTarget), "Of a symlink: where it must point, as `readlink` prints it"),
            Key(
                "show", .words([FileExpectation.Show.text, .hidden].map(\.rawValue)),
                "`text`: its text is shown although not every account may read it; `hidden`: it is never shown"),
            .literal,
        ],
        rules: [
            .exactlyOne(["path", "glob"]), .excludes("glob", FileExpectation.keysWithoutPattern),
            .beside("at_least", ["glob"]), .beside("show", FileExpectation.textKeys), .excludes("mode", ["max_mode"]),
            .excludes("content_hash", ["template", "content"]), .excludes("template", ["content"]),
            .without("state", [nil, "file"], FileExpectation.keysWithoutEffect(as: .file)),
        ]
            + FileExpectation.State.allCases.filter { $0 != .file }.map {
                .without("state", [$0.rawValue], FileExpectation.keysWithoutEffect(as: $0))
            }
    ) { $0.file($1) }
}

extension Shape {
    fileprivate static let line = either(.text(.fileLine), .mapping(.line))
}

extension Form {
    fileprivate static let line = Form(
        "a line", [Key("regex", .text(.regularExpression), .required, "A regular expression that matches in the line")],
        schemaName: "line")

    fileprivate static let tree = Form(
        "`tree`",
        [
            Key("max_mode", .text(.mode), "The bits that each mode may have"),
            Key("owner", .text(.account), "The owner of all"), Key("group", .text(.account), "The group of all"),
        ],
        rules: [.atLeastOne(["max_mode", "owner", "group"])])
}

extension PackFileReader {
    /// More are not looked at.
    fileprivate static let foundFiles = 1...2000

    fileprivate mutating func file(_ fields: Fields) -> Expectation.Subject? {
        let literal = isLiteral(fields)
        let isPattern = fields["glob"].map { !$0.node.isNull } ?? false
        let path =
            isPattern
            ? pattern(in: fields)
            : reader.requiredText("path", in: fields, of: "a file") { Grammar.path($0, literal: literal) }
        let state: FileExpectation.State? = reader.choice("state", in: fields)
        var file = FileExpectation(path: path ?? "", state: state ?? .file)
        file.isPattern = isPattern
        file.atLeast =
            reader.integer("at_least", in: fields) {
                Self.foundFiles.contains($0) ? nil : Fault("\($0) files", hint: "1 to 2000")
            }
            ?? 0
        file.only = only(in: fields)
        file.tree = tree(in: fields)
        file.mode = mode("mode", in: fields)
        file.maximumMode = mode("max_mode", in: fields)
        file.owner = reader.text("owner", in: fields) { Grammar.account($0, literal: literal) }
        file.group = reader.text("group", in: fields) { Grammar.account($0, literal: literal) }
        file.content = content(in: fields)
        file.target = reader.text("target", in: fields) { Grammar.linkTarget($0, literal: literal) }
        file.contains = lines("contains", in: fields)
        file.lacks = lines("lacks", in: fields)
        file.minimumSize = reader.quantity("min_size", in: fields, of: "size", such: "1MiB", Quantity.bytes)
        file.maximumAge = reader.quantity("max_age", in: fields, of: "time span", such: "26h", Quantity.seconds)
        file.isOptional = reader.boolean("optional", in: fields) ?? false
        file.show = show(in: fields, of: file)
        if state != nil || fields["state"].map(\.node.isNull) ?? true {
            refuseContradictions(in: fields, state: file.state)
        }
        if !literal {
            let isAbsent = state == .absent
            if !isPattern {
                reader.doubt("path", in: fields, path.flatMap(PathDoubt.fault(of:)), wouldNeverBeWrong: isAbsent)
            }
            reader.doubt("owner", in: fields, file.owner.flatMap(ItemDoubt.account))
            reader.doubt("group", in: fields, file.group.flatMap(ItemDoubt.account))
            reader.doubt("target", in: fields, file.target.flatMap(PathDoubt.fault(ofTarget:)))
        }
        return path.map { _ in .file(file) }
    }

    /// Reads `glob`, beside which only what `lstat` tells can be judged.
    private mutating func pattern(in fields: Fields) -> String? {
        if let entry = fields["path"], !entry.node.isNull {
            reader.error("an item has `path` or `glob`, not both", at: entry.position, hint: "remove one of them")
        }
        for key in FileExpectation.keysWithoutPattern {
            guard let entry = fields[key], !entry.node.isNull else { continue }
            reader.error(
                "\(quoted(key)) has no effect with `glob`", at: entry.position, hint: "name the file by its path")
        }
        return reader.text("glob", in: fields) { Grammar.glob($0) }
    }

    private mutating func only(in fields: Fields) -> [NamePattern]? {
        guard let entry = fields["only"], !entry.node.isNull, let nodes = reader.list(entry) else { return nil }
        return nodes.compactMap { node in
            reader.text(node, named: "only", at: node.position) { text in
                Grammar.line(text, limit: Grammar.pathComponentLimit)
                    ?? (text.contains("/") ? Fault("\(quoted(text)) is not a name", hint: "names have no slash") : nil)
            }
        }.map(NamePattern.init)
    }

    private mutating func tree(in fields: Fields) -> FileExpectation.TreeRule? {
        guard let entry = fields["tree"], !entry.node.isNull,
            let fields = reader.fields(entry.node, of: .tree)
        else { return nil }
        if fields.keys.isEmpty {
            reader.error("`tree` wants nothing", at: entry.position, hint: "tree: { owner: root, max_mode: \"0755\" }")
        }
        return FileExpectation.TreeRule(
            maximumMode: mode("max_mode", in: fields), owner: reader.text("owner", in: fields) { Grammar.account($0) },
            group: reader.text("group", in: fields) { Grammar.account($0) })
    }

    private mutating func mode(_ key: String, in fields: Fields) -> UInt16? {
        guard let entry = fields[key] else { return nil }
        if let scalar = entry.node.scalar, ScalarValue.hasPlainTag(entry.node),
            case .number(_, let written) = ScalarValue(scalar)
        {
            reader.error(
                "\(quoted(key)) must be quoted: YAML reads \(written) as a number", at: entry.position,
                hint: Grammar.modeHint(written))
            return nil
        }
        let text = reader.text(key, in: fields) { text in
            FileMode.number(text) == nil ? Fault("\(quoted(text)) is not a mode", hint: Grammar.modeHint(text)) : nil
        }
        return text.flatMap(FileMode.number)
    }

    private mutating func content(in fields: Fields) -> FileExpectation.Content? {
        let hash = reader.text("content_hash", in: fields, where: Grammar.contentHash).flatMap { SHA256Digest($0) }
        let name = reader.text("template", in: fields, where: Grammar.templateName)
        let bytes = fields["template"].flatMap { entry in name.flatMap { template($0, at: entry.position) } }
        let text = reader.text("content", in: fields, where: Grammar.content)
        let given = FileExpectation.contentKeys.compactMap { key in fields[key].flatMap { $0.node.isNull ? nil : $0 } }
        if given.count > 1 {
            reader.error(
                "a file has one of \(FileExpectation.contentKeys.map(quoted).joined(separator: ", "))",
                at: given[1].position, hint: "remove the others")
        }
        if let name, let bytes { return .template(name: name, bytes: bytes) }
        return text.map(FileExpectation.Content.text) ?? hash.map(FileExpectation.Content.hash)
    }

    /// Lines, each a text or `{ regex: … }`.
    private mutating func lines(_ key: String, in fields: Fields) -> [LineExpectation] {
        guard let entry = fields[key], !entry.node.isNull, let nodes = reader.list(entry) else { return [] }
        if nodes.isEmpty { reader.error("\(quoted(key)) is an empty list", at: entry.position) }
        return nodes.compactMap { line($0, in: key) }
    }

    private mutating func line(_ node: Node, in key: String) -> LineExpectation? {
        guard node.mapping != nil else {
            return reader.text(node, named: key, at: node.position, where: Grammar.fileLine).map(LineExpectation.line)
        }
        guard let fields = reader.fields(node, of: .line) else { return nil }
        return reader.requiredText("regex", in: fields, of: "a line", where: Grammar.pattern)
            .flatMap { try? LinearPattern($0) }.map(LineExpectation.pattern)
    }

    private mutating func show(in fields: Fields, of file: FileExpectation) -> FileExpectation.Show {
        let show: FileExpectation.Show? = reader.choice("show", in: fields, among: [.text, .hidden])
        guard let show, let entry = fields["show"], file.state == .file else { return .worldReadable }
        if FileExpectation.textKeys.allSatisfy({ fields[$0]?.node.isNull ?? true }) {
            reader.error(
                "`show` has no effect without a content to compare", at: entry.position,
                hint: "add content_hash or another key about the content, or remove show")
        } else if show == .hidden, !file.contains.isEmpty || !file.lacks.isEmpty {
            reader.error(
                "`show: hidden` keeps the text on the server, where lines of it cannot be looked for",
                at: entry.position, hint: "remove show, or contains and lacks")
        } else if show == .text, !Masking.mayReadContent(of: file.path) {
            reader.warn(
                "the text of \(quoted(file.path)) is never shown", at: entry.position,
                hint: "files at this path hold secrets; remove show")
        }
        return show
    }

    /// Reports keys that have no effect with this state.
    private mutating func refuseContradictions(in fields: Fields, state: FileExpectation.State) {
        for key in FileExpectation.keysWithoutEffect(as: state) {
            guard let entry = fields[key], !entry.node.isNull else { continue }
            let hint: String? =
                switch (key, state) {
                case ("target", _): "target goes with state: symlink"
                case (_, .symlink): "state: file follows links and looks at what they lead to"
                default: nil
                }
            reader.error("\(quoted(key)) has no effect with state: \(state.rawValue)", at: entry.position, hint: hint)
        }
        if let entry = fields["max_mode"], !entry.node.isNull, fields["mode"].map({ !$0.node.isNull }) ?? false {
            reader.error("`max_mode` has no effect beside `mode`", at: entry.position, hint: "remove one of them")
        }
        if let entry = fields["at_least"], !entry.node.isNull, fields["glob"].map(\.node.isNull) ?? true {
            reader.error("`at_least` has no effect without `glob`", at: entry.position)
        }
        if state == .symlink, fields["glob"].map(\.node.isNull) ?? true, fields["target"].map(\.node.isNull) ?? true {
            reader.error("a symlink needs `target`", at: fields.position, hint: "what readlink prints")
        }
    }
}

extension FileExpectation {
    /// The keys that say what the whole content is.
    fileprivate static let contentKeys = ["content_hash", "template", "content"]
    /// The keys for which the content is read.
    fileprivate static let textKeys = contentKeys + ["contains", "lacks"]
    /// The keys that have no effect beside `glob`.
    fileprivate static let keysWithoutPattern = textKeys + ["target", "only", "tree", "optional", "show"]

    fileprivate static func keysWithoutEffect(as state: State) -> [String] {
        let ofFiles = textKeys + ["show", "min_size", "max_age"]
        return switch state {
        case .file: ["target", "only", "tree"]
        case .directory: ["target"] + ofFiles
        case .symlink: ["mode", "max_mode", "only", "tree"] + ofFiles
        case .absent:
            ["only", "tree", "at_least", "mode", "max_mode", "owner", "group", "optional", "target"] + ofFiles
        }
    }
}

extension Grammar {
    static let contentLimit = 65536

    /// The whole text of a file.
    static func content(_ text: String) -> Fault? {
        if text.utf8.count > contentLimit {
            return Fault("a content of \(text.utf8.count) bytes", hint: "at most \(contentLimit); use a template")
        }
        return text.unicodeScalars.contains("\0") ? Fault("a content with a NUL", hint: "use a template") : nil
    }

    /// A path with patterns of the shell in it.
    static func glob(_ text: String) -> Fault? {
        if let fault = path(text) { return fault }
        return text.contains { "*?[".contains($0) }
            ? nil : Fault("\(quoted(text)) has no pattern in it", hint: "use path, or write * where names differ")
    }

    /// One line of a file.
    static func fileLine(_ text: String) -> Fault? {
        if text.contains(where: \.isNewline) {
            return Fault("a line with a line break in it", hint: "write one item a line")
        }
        return text.utf8.count > 4096 ? Fault("a line of \(text.utf8.count) bytes", hint: "at most 4096") : nil
    }

    /// A regular expression.
    static func pattern(_ text: String) -> Fault? {
        do {
            _ = try LinearPattern(text)
            return nil
        } catch {
            return Fault("\(quoted(text)) is not a regular expression: \(error)")
        }
    }
}
