/// Reads files of the style `space`: a key, blanks or `=`, and the value, on one line each.
struct SpaceReader {
    let dialect: SpaceDialect

    func read(_ text: String) -> KeyedValues {
        var values = KeyedValues(repetition: dialect.repetition)
        let dialect = dialect
        values.normalize = { dialect.normalized($0) }
        values.accumulating = dialect.accumulating
        var isGlobal = true
        for line in text.configurationLines.lazy.map(\.trimmed) {
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix(";"), dialect == .sysctl || dialect == .other { continue }
            var (key, rest) = Self.parts(of: line)
            if dialect == .sysctl, key.hasPrefix("-") { key = key.dropFirst() }
            if let opens = opensBlock(key, rest) {
                isGlobal = opens
                continue
            }
            guard isGlobal else { continue }
            values.set(String(key), reading(of: rest))
        }
        return values
    }

    /// The key, without a `:` at its end, and what follows it and at most one `=`.
    private static func parts(of line: Substring) -> (Substring, Substring) {
        let scalars = line.unicodeScalars
        let end = scalars.firstIndex { $0.isBlank || $0 == "=" } ?? scalars.endIndex
        var key = Substring(scalars[..<end])
        if key.count > 1, key.last == ":" { key.removeLast() }
        let rest = Substring(scalars[end...]).trimmed
        return (key, rest.first == "=" ? rest.dropFirst().trimmed : rest)
    }

    /// Whether what follows holds always; nil if the line begins no block.
    private func opensBlock(_ key: Substring, _ condition: Substring) -> Bool? {
        guard dialect == .sshd || dialect == .ssh else { return nil }
        switch key.lowercased() {
        case "match": return condition.lowercased() == "all"
        case "host" where dialect == .ssh: return condition == "*"
        default: return nil
        }
    }

    private func reading(of value: Substring) -> ConfigurationText.Reading {
        switch dialect {
        case .sshd, .ssh: return .value(Self.arguments(value).joined(separator: " "))
        case .redis: return .value(Self.unquoted(value))
        case .postgresql: return .value(Self.postgresValue(value))
        case .loginDefs:
            let start = value.drop { $0 == "\"" || $0 == " " || $0 == "\t" }
            return .value(String(start.prefix { $0 != "\"" }))
        case .sysctl: return .value(String(value))
        case .other:
            let whole = Self.unquoted(value)
            guard let comment = Self.commentBehindBlank(in: value) else { return .value(whole) }
            return .ambiguous([Self.unquoted(value[..<comment].trimmed), whole])
        }
    }

    private static func unquoted(_ value: Substring) -> String {
        guard let first = value.first, first == "'" || first == "\"", value.count > 1, value.last == first else {
            return String(value)
        }
        return String(value.dropFirst().dropLast())
    }

    private static func commentBehindBlank(in value: Substring) -> Substring.Index? {
        var start = value.startIndex
        if let first = value.first, first == "'" || first == "\"", let end = value.dropFirst().firstIndex(of: first) {
            start = end
        }
        let scalars = value.unicodeScalars
        var isBehindBlank = false
        for index in scalars.indices where index >= start {
            if scalars[index] == "#", isBehindBlank || index == value.startIndex { return index }
            isBehindBlank = scalars[index].isBlank
        }
        return nil
    }

    /// Words as ssh parts them: quotes and `\` before a quote, a blank or itself; a word that begins with `#` ends the line.
    private static func arguments(_ value: Substring) -> [String] {
        var words: [String] = []
        var word: String.UnicodeScalarView?
        var quote: Unicode.Scalar?
        var rest = value.unicodeScalars
        while let scalar = rest.popFirst() {
            if word == nil, quote == nil, scalar == "#" { break }
            if scalar == "\\", let next = rest.first,
                next == "'" || next == "\"" || next == "\\" || (next == " " && quote == nil)
            {
                word = (word ?? .init()) + [next]
                rest.removeFirst()
            } else if scalar == quote {
                quote = nil
            } else if quote == nil, scalar == "'" || scalar == "\"" {
                quote = scalar
                word = word ?? .init()
            } else if quote == nil, scalar.isBlank {
                if let done = word { words.append(String(done)) }
                word = nil
            } else {
                word = word ?? .init()
                word?.append(scalar)
            }
        }
        if let word { words.append(String(word)) }
        return words
    }

    /// `'it''s'` and `'it\'s'` are `it's`; what is not quoted ends at a blank or `#`.
    private static func postgresValue(_ value: Substring) -> String {
        guard value.first == "'" else { return String(value.prefix { $0 != "#" && $0 != " " && $0 != "\t" }) }
        var result = String.UnicodeScalarView()
        var rest = value.dropFirst().unicodeScalars
        while let scalar = rest.popFirst() {
            if scalar == "'" {
                guard rest.first == "'" else { break }
                result.append("'")
                rest.removeFirst()
            } else if scalar == "\\", let next = rest.popFirst() {
                switch next {
                case "n": result.append("\n")
                case "t": result.append("\t")
                case "r": result.append("\r")
                case "b": result.append("\u{08}")
                case "f": result.append("\u{0C}")
                default: result.append(next)
                }
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
