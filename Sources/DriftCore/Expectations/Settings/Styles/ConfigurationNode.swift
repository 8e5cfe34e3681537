/// Nested data, as JSON, YAML and TOML have it.
indirect enum ConfigurationNode: Sendable {
    /// A number, `true`, `null`, or in YAML any text without quotes: as the file writes it.
    case plain(String)
    case text(String)
    case list([ConfigurationNode])
    /// In the file's order, each name once.
    case mapping([(name: String, value: ConfigurationNode)])
    /// What a program puts in when it reads the file, such as YAML's `!vault`.
    case computed

    /// What stands at the end of `path`: names and numbers with dots between them.
    ///
    /// A name that has dots itself is written as it is; where that can be read in two ways, the shorter name counts.
    func reading(of path: String) -> ConfigurationText.Reading {
        let parts = path.split(separator: ".", omittingEmptySubsequences: false)
        return find(parts[...])?.shown ?? .unset
    }

    /// Each node is looked at once at most, as only one path leads to it.
    private func find(_ parts: ArraySlice<Substring>) -> ConfigurationNode? {
        guard let first = parts.first else { return self }
        switch self {
        case .list(let items):
            guard let number = Int(first), items.indices.contains(number), String(number) == first else { return nil }
            return items[number].find(parts.dropFirst())
        case .mapping(let entries):
            var name = ""
            for end in parts.indices {
                name += (end == parts.startIndex ? "" : ".") + parts[end]
                let value = entries.first { $0.name == name }?.value
                if let found = value?.find(parts[(end + 1)...]) { return found }
            }
            return nil
        case .computed: return .computed
        case .plain, .text: return nil
        }
    }

    private var shown: ConfigurationText.Reading {
        switch self {
        case .plain(let text), .text(let text): return .value(text)
        case .computed: return .computed
        case .list, .mapping:
            var json = ""
            return appendJSON(to: &json) ? .value(json) : .computed
        }
    }

    /// The whole of a list or a mapping is JSON without blanks; false if a part of it is computed.
    private func appendJSON(to json: inout String) -> Bool {
        switch self {
        case .plain(let text): json += text
        case .text(let text): Self.appendQuoted(text, to: &json)
        case .computed: return false
        case .list(let items):
            json += "["
            for (index, item) in items.enumerated() {
                if index > 0 { json += "," }
                if !item.appendJSON(to: &json) { return false }
            }
            json += "]"
        case .mapping(let entries):
            json += "{"
            for (index, entry) in entries.enumerated() {
                if index > 0 { json += "," }
                Self.appendQuoted(entry.name, to: &json)
                json += ":"
                if !entry.value.appendJSON(to: &json) { return false }
            }
            json += "}"
        }
        return true
    }

    private static func appendQuoted(_ text: String, to json: inout String) {
        json += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\n": json += "\\n"
            case "\t": json += "\\t"
            case "\r": json += "\\r"
            default: json.unicodeScalars.append(scalar)
            }
        }
        json += "\""
    }
}
