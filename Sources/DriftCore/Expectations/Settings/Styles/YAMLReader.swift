internal import Yams

/// Reads YAML; of several documents in one file no program's configuration is known, so they are malformed.
enum YAMLReader {
    /// Aliases may make a short text endless; configuration files have few.
    private static let mostAliases = 24
    /// Mappings that are keys of mappings are compared whole by the parser, so a few such keys must do.
    private static let mostExplicitKeys = 16
    private static let mostNodes = 100_000

    static func read(_ text: String) throws(ConfigurationText.Malformed) -> ConfigurationNode {
        let bytes = Array(text.utf8)
        if count(of: UInt8(ascii: "*"), followedByName: true, in: bytes) > mostAliases {
            throw ConfigurationText.Malformed(line: nil, reason: "the file has more than \(mostAliases) aliases")
        }
        if count(of: UInt8(ascii: "?"), followedByName: false, in: bytes) > mostExplicitKeys {
            throw ConfigurationText.Malformed(
                line: nil, reason: "the file has more than \(mostExplicitKeys) keys in the form `? key`")
        }
        do {
            // Without resolver rules every scalar stays the text that was written.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            guard let root = try parser.singleRoot() else { return .mapping([]) }
            var budget = mostNodes
            let node = node(root, &budget)
            guard budget >= 0 else {
                throw ConfigurationText.Malformed(line: nil, reason: "the file has more than \(mostNodes) values")
            }
            return node
        } catch let malformed as ConfigurationText.Malformed {
            throw malformed
        } catch let error as YamlError {
            throw malformed(error)
        } catch {
            throw ConfigurationText.Malformed(line: nil, reason: "the file is not YAML")
        }
    }

    /// Where a sign could be an alias or an explicit key: at the start of a word.
    private static func count(of sign: UInt8, followedByName: Bool, in bytes: [UInt8]) -> Int {
        bytes.indices.count { index in
            guard bytes[index] == sign, index == 0 || " \t\r\n,[{:-?".utf8.contains(bytes[index - 1]) else {
                return false
            }
            guard followedByName else { return true }
            return index + 1 < bytes.count && !" \t\r\n\"'*/".utf8.contains(bytes[index + 1])
        }
    }

    private static func malformed(_ error: YamlError) -> ConfigurationText.Malformed {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigurationText.Malformed(line: mark.line, reason: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(_, let context):
            return ConfigurationText.Malformed(line: context.mark.line, reason: "not YAML: the same key twice")
        default: return ConfigurationText.Malformed(line: nil, reason: "the file is not YAML")
        }
    }

    /// Negative in the end if the tree is larger than `budget`.
    private static func node(_ node: Node, _ budget: inout Int) -> ConfigurationNode {
        budget -= 1
        guard budget >= 0 else { return .computed }
        switch node {
        case .scalar(let scalar):
            if isComputed(scalar.tag) { return .computed }
            guard scalar.style == .plain || scalar.style == .any, JSONReader.isWord(scalar.string) else {
                return .text(scalar.string)
            }
            return .plain(scalar.string)
        case .sequence(let sequence):
            if isComputed(sequence.tag) { return .computed }
            return .list(sequence.map { self.node($0, &budget) })
        case .mapping(let mapping):
            if isComputed(mapping.tag) { return .computed }
            return self.mapping(mapping, &budget)
        case .alias: return .computed
        }
    }

    private static func mapping(_ mapping: Node.Mapping, _ budget: inout Int) -> ConfigurationNode {
        var entries: [(name: String, value: ConfigurationNode)] = []
        var merged: [ConfigurationNode] = []
        for (key, value) in mapping {
            let value = node(value, &budget)
            guard case .scalar(let name) = key else { continue }
            if name.string == "<<", name.style == .plain {
                if case .list(let sources) = value { merged += sources } else { merged.append(value) }
            } else {
                entries.append((name.string, value))
            }
        }
        var names = Set(entries.map(\.name))
        for case .mapping(let more) in merged {
            for entry in more where names.insert(entry.name).inserted { entries.append(entry) }
        }
        return .mapping(entries)
    }

    /// A tag of the program's own, such as `!vault` or `!ENV`.
    private static func isComputed(_ tag: Tag) -> Bool {
        tag.description.hasPrefix("!") && tag.description.count > 1
    }
}
