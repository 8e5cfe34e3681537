internal import DriftCore
internal import Redaction
import Yams

/// One pack file as it is written: its items are not read yet, because what they say depends on variables.
struct PackDraft {
    struct Parent {
        var name: PackName
        var position: Position
    }

    /// An item as it is written.
    struct Source {
        var section: Expectation.Section
        var node: Node
    }

    struct Item {
        var expectation: Expectation
        var position: Position
    }

    var name: PackName
    var file: String
    var displayName: String?
    var description: String?
    /// Each once; later ones win.
    var parents: [Parent] = []
    /// Nil if they could not be read whole.
    var variables: [String: PackVariable]?
    var sources: [Source] = []
}

/// Reads one pack file.
struct PackFileReader {
    var reader: FileReader
    let templates: [String: TemplateSource]
    let variables: PackVariables
    /// The names of variables that items mention.
    var used: Set<String> = []
    /// While an item is read whose values were put in; nil for one that is `literal`.
    var expansion: ItemExpansion?
    private var checkedTemplates: Set<String> = []

    init(
        file: String, templates: [String: TemplateSource] = [:], variables: PackVariables = PackVariables()
    ) {
        reader = FileReader(file: file)
        self.templates = templates
        self.variables = variables
    }

    /// What could be read; `reader` has the errors.
    mutating func draft(of source: SourceFile, named name: PackName) -> PackDraft {
        var draft = PackDraft(name: name, file: source.path)
        do throws(Problem) {
            guard let root = try YAMLDocument.root(of: source, byteLimit: LoadingLimit.packFileBytes), !root.isBlank
            else {
                reader.error(
                    "the file is empty", at: Position(line: 1, column: 1),
                    hint: "a pack has name, description, extends and items")
                return draft
            }
            read(root, into: &draft)
        } catch {
            reader.report(error)
        }
        return draft
    }

    private mutating func read(_ root: Node, into draft: inout PackDraft) {
        guard let fields = reader.fields(root, of: .pack)
        else { return }
        draft.displayName = reader.text("name", in: fields) { Grammar.line($0, limit: 200) }
        if let entry = fields["name"], let fault = draft.displayName.flatMap(ItemDoubt.displayName) {
            reader.warn("`name`: \(fault.message)", at: entry.position, hint: fault.hint)
        }
        draft.description = description(in: fields)
        draft.parents = parents(in: fields)
        draft.variables = variables(in: fields)
        guard let entry = fields["items"] else {
            reader.error(
                "a pack needs `items`", at: fields.position,
                hint: "items: {} for a pack that only extends another")
            return
        }
        guard !entry.node.isBlank, !entry.node.isNull else { return }
        let known = Expectation.Section.allCases
        guard let sections = reader.fields(entry.node, of: .items) else { return }
        draft.sources = known.flatMap { section in
            nodes(section.rawValue, in: sections).map { PackDraft.Source(section: section, node: $0) }
        }
    }

    /// One parent, or a list of them.
    private mutating func parents(in fields: Fields) -> [PackDraft.Parent] {
        guard let entry = fields["extends"], !entry.node.isBlank, !entry.node.isNull else { return [] }
        let nodes = entry.node.sequence == nil ? [entry.node] : reader.list(entry) ?? []
        var parents: [PackDraft.Parent] = []
        for node in nodes {
            let text = reader.text(node, named: "extends", at: node.position) { Grammar.name($0, of: "pack name") }
            guard let name = text.map(PackName.init(rawValue:)) else { continue }
            if parents.contains(where: { $0.name == name }) {
                reader.error(
                    "the parent pack \(quoted(name.rawValue)) appears twice", at: node.position, hint: "keep one")
            } else {
                parents.append(PackDraft.Parent(name: name, position: node.position))
            }
        }
        return parents
    }

    /// A section whose items are all commented out is an empty one.
    private mutating func nodes(_ section: String, in sections: Fields) -> [Node] {
        guard let entry = sections[section], !entry.node.isBlank, !entry.node.isNull else { return [] }
        return reader.list(entry) ?? []
    }

    /// What could be read of a file's items; `reader` has the errors.
    mutating func items(_ sources: [PackDraft.Source]) -> [PackDraft.Item] {
        let items = sources.compactMap { source in
            expandedItem(source).map {
                PackDraft.Item(expectation: $0, position: source.node.position)
            }
        }
        return withoutDuplicates(items)
    }

    private mutating func withoutDuplicates(_ items: [PackDraft.Item]) -> [PackDraft.Item] {
        var firsts: [ItemKey: Position] = [:]
        return items.filter { item in
            guard let first = firsts[item.expectation.key] else {
                firsts[item.expectation.key] = item.position
                return true
            }
            reader.error(
                "\(quoted(item.expectation.item)) appears twice in this pack", at: item.position,
                hint: "first on line \(first.line); keep one")
            return false
        }
    }

    mutating func description(in fields: Fields) -> String? {
        guard let entry = fields["description"], !entry.node.isBlank else { return nil }
        let text = reader.text("description", in: fields) { Grammar.prose($0, limit: 4000) }
        return text.map { String($0.trimmingWhitespace()) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

// MARK: Templates

extension PackFileReader {
    /// The names of templates that items mention, as far as they are well-formed.
    static func templateNames(in sources: [PackDraft.Source]) -> Set<String> {
        sources.reduce(into: []) { names, source in
            guard let scalar = source.node.mapping?.first(where: { $0.key.scalar?.string == "template" })?.value.scalar,
                case .text(let name) = ScalarValue(scalar), Grammar.templateName(name) == nil
            else { return }
            names.insert(name)
        }
    }

    /// The bytes of a template; nil, with an error, if it does not exist or cannot be used.
    mutating func template(_ name: String, at position: Position) -> [UInt8]? {
        switch templates[name] {
        case nil:
            reader.error(
                "the template \(quoted(name)) does not exist", at: position,
                hint: didYouMean(name, among: templates.keys) ?? "looked for packs/templates/\(name)")
        case .unusable(let why):
            reader.error("the template \(quoted(name)) \(why)", at: position)
        case .bytes(let bytes):
            if bytes.count <= LoadingLimit.templateBytes {
                if checkedTemplates.insert(name).inserted { warnOfSecrets(in: bytes, name) }
                guard let expanded = expanded(template: name, bytes) else { return nil }
                guard expanded.count > LoadingLimit.templateBytes else { return expanded }
                reader.error(
                    "the template \(quoted(name)) has \(expanded.count) bytes with its values put in", at: position,
                    hint: "at most \(LoadingLimit.templateBytes)")
                return nil
            }
            reader.error(
                "the template \(quoted(name)) has \(bytes.count) bytes", at: position,
                hint: "at most \(LoadingLimit.templateBytes); use content_hash for larger files")
        }
        return nil
    }

    /// Where the file of a template lies.
    func templatePath(_ name: String) -> String {
        let folder = reader.file.split(separator: "/", omittingEmptySubsequences: false).dropLast().map { $0 + "/" }
        return folder.joined() + "templates/" + name
    }

    /// A template is stored, and shown to everybody who may see the pack.
    private mutating func warnOfSecrets(in bytes: [UInt8], _ name: String) {
        let lines = MaskedText(bytes).maskedLines
        guard let first = lines.first else { return }
        let others = lines.count > 1 ? ", and \(lines.count - 1) more of its lines" : ""
        reader.report(
            Problem(
                .warning, file: templatePath(name), line: first + 1,
                message: "this line looks as if it held a secret\(others)",
                hint: "keep secrets out of packs: use content_hash for this file"))
    }
}

extension String {
    fileprivate func trimmingWhitespace() -> Substring {
        let start = drop(while: \.isWhitespace)
        return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
    }
}
