internal import DriftCore
internal import Redaction
import Yams

/// One pack file as it is written, before its parent's items are merged in.
struct PackDraft {
    struct Parent {
        var name: PackName
        var position: Position
    }

    struct Item {
        var expectation: Expectation
        var position: Position
    }

    var name: PackName
    var file: String
    var displayName: String?
    var description: String?
    var parent: Parent?
    /// Each key once.
    var items: [Item] = []
}

/// Reads one pack file.
struct PackFileReader {
    var reader: FileReader
    /// Nil while only the names of templates are asked for.
    let templates: [String: TemplateSource]?
    /// Well-formed ones only.
    private(set) var templateNames: Set<String> = []

    init(file: String, templates: [String: TemplateSource]?) {
        reader = FileReader(file: file)
        self.templates = templates
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
        if let entry = fields["extends"], !entry.node.isBlank,
            let parent = reader.text("extends", in: fields, where: { Grammar.name($0, of: "pack name") })
        {
            draft.parent = PackDraft.Parent(name: PackName(rawValue: parent), position: entry.position)
        }
        guard let entry = fields["items"] else {
            reader.error(
                "a pack needs `items`", at: fields.position,
                hint: "items: {} for a pack that only extends another")
            return
        }
        guard !entry.node.isBlank, !entry.node.isNull else { return }
        readItems(entry.node, into: &draft)
    }

    private mutating func readItems(_ node: Node, into draft: inout PackDraft) {
        guard let sections = reader.fields(node, of: .items) else { return }
        var items: [PackDraft.Item] = []
        for section in Expectation.Section.allCases {
            for node in nodes(section.rawValue, in: sections) {
                guard let expectation = item(node, in: section) else { continue }
                items.append(PackDraft.Item(expectation: expectation, position: node.position))
            }
        }
        draft.items = withoutDuplicates(items)
    }

    /// A section whose items are all commented out is an empty one.
    private mutating func nodes(_ section: String, in sections: Fields) -> [Node] {
        guard let entry = sections[section], !entry.node.isBlank, !entry.node.isNull else { return [] }
        return reader.list(entry) ?? []
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

    /// Records the template's name, and returns its bytes.
    ///
    /// Nil with an error if the template does not exist; nil without an error while only names are collected.
    mutating func template(_ name: String, at position: Position) -> [UInt8]? {
        let isFirst = templateNames.insert(name).inserted
        guard let templates else { return nil }
        switch templates[name] {
        case nil:
            reader.error(
                "the template \(quoted(name)) does not exist", at: position,
                hint: didYouMean(name, among: templates.keys) ?? "looked for packs/templates/\(name)")
        case .unusable(let why):
            reader.error("the template \(quoted(name)) \(why)", at: position)
        case .bytes(let bytes):
            if bytes.count <= LoadingLimit.templateBytes {
                if isFirst { warnOfSecrets(in: bytes, name) }
                return bytes
            }
            reader.error(
                "the template \(quoted(name)) has \(bytes.count) bytes", at: position,
                hint: "at most \(LoadingLimit.templateBytes); use content_hash for larger files")
        }
        return nil
    }

    /// A template is stored, and shown to everybody who may see the pack.
    private mutating func warnOfSecrets(in bytes: [UInt8], _ name: String) {
        let lines = MaskedText(bytes).maskedLines
        guard let first = lines.first else { return }
        let folder = reader.file.split(separator: "/", omittingEmptySubsequences: false).dropLast().map { $0 + "/" }
        let others = lines.count > 1 ? ", and \(lines.count - 1) more of its lines" : ""
        reader.report(
            Problem(
                .warning, file: folder.joined() + "templates/" + name, line: first + 1,
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
