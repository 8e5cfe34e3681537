internal import DriftCore
import Yams

/// What an inventory names besides packs, as the caller has read it.
package struct InventoryFiles: Hashable, Sendable {
    package struct Found: Hashable, Sendable {
        /// As problems shall name it.
        package var path: String
        package var source: TemplateSource

        package init(path: String, source: TemplateSource) {
            self.path = path
            self.source = source
        }
    }

    /// By the patterns of `include`: the files that match, in the order in which they are read.
    package var included: [String: [Found]]
    /// What `ansible` names; nil if it does not exist.
    package var ansible: Found?

    package init(included: [String: [Found]] = [:], ansible: Found? = nil) {
        self.included = included
        self.ansible = ansible
    }
}

/// Which files an inventory names.
package struct InventoryMentions: Hashable, Sendable {
    /// Paths in which `*` and `?` stand for characters of a name.
    package var includes: [String] = []
    package var ansible: String?
}

extension InventoryReader {
    /// Those that are well-formed, without a report of the others.
    static func mentions(in source: SourceFile) -> InventoryMentions {
        // Most inventories name none, and a large one is not read twice for nothing.
        let text = String(decoding: source.bytes, as: UTF8.self)
        guard ["include", "ansible"].contains(where: text.contains),
            let root = try? YAMLDocument.root(of: source, byteLimit: LoadingLimit.inventoryFileBytes),
            let pairs = root.mapping
        else { return InventoryMentions() }
        var entries: [String: Fields.Entry] = [:]
        for case (.scalar(let key), let node) in pairs {
            entries[key.string] = Fields.Entry(key: key.string, node: node, position: node.position)
        }
        let fields = Fields(position: root.position, known: ["include", "ansible"], entries: entries)
        var reader = InventoryReader(file: source.path, packs: nil)
        return InventoryMentions(
            includes: reader.mentions("include", in: fields).map(\.text),
            ansible: reader.mentions("ansible", in: fields).first?.text)
    }

    /// The paths or patterns at a key.
    mutating func mentions(_ key: String, in fields: Fields) -> [InventoryDraft.Mention] {
        guard let entry = fields[key], !entry.node.isNull else { return [] }
        guard key == "include" else {
            return reader.text(key, in: fields, where: Grammar.relativePath).map { text in
                [InventoryDraft.Mention(text: text, position: entry.position)]
            } ?? []
        }
        if let count = entry.node.sequence?.count, count > LoadingLimit.includePatterns {
            reader.error("\(count) patterns", at: entry.position, hint: "at most \(LoadingLimit.includePatterns)")
            return []
        }
        return reader.oneOrMore(entry, where: Grammar.relativePath).map { text, position in
            InventoryDraft.Mention(text: text, position: position)
        }
    }
}

extension Grammar {
    /// A path below the folder of the inventory.
    static func relativePath(_ path: String) -> Fault? {
        if let fault = line(path, limit: pathLimit) { return fault }
        let hint = "a path relative to the inventory's folder, such as fleet.d/*.yaml"
        if path.hasPrefix("/") || path.hasPrefix("~") {
            return Fault("\(quoted(path)) is not below the inventory's folder", hint: hint)
        }
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        if components.contains("..") {
            return Fault("\(quoted(path)) leads out of the inventory's folder", hint: hint)
        }
        guard components.allSatisfy({ !$0.isEmpty && $0 != "." && $0.utf8.count <= pathComponentLimit }) else {
            return Fault("\(quoted(path)) has an empty part, or one that is `.`", hint: hint)
        }
        return nil
    }
}
