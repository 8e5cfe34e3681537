/// Reads files of the style `ini`.
struct IniReader {
    let dialect: IniDialect

    /// An entry while it is not known whether the next line belongs to it.
    private struct Entry {
        var name: String
        var key: Substring
        var value: String
        var indentation: Int
        var hasValue: Bool
        /// Whether the line ended in a `\`.
        var goesOn: Bool
    }

    func read(_ text: String) throws(ConfigurationText.Malformed) -> KeyedValues {
        if dialect == .git { return try GitReader.read(text) }
        var values = KeyedValues(repetition: dialect == .systemd || dialect == .other ? .unclear : .last)
        if dialect == .mysql { values.normalize = { $0.replacing("-", with: "_") } }
        var section = ""
        var entry: Entry?
        func finish() {
            if let entry { add(entry, in: section, to: &values) }
            entry = nil
        }
        for (index, raw) in text.configurationLines.enumerated() {
            let line = raw.trimmed
            let isComment = line.hasPrefix("#") || line.hasPrefix(";")
            if entry?.goesOn == true {
                // systemd looks through comments between the lines of a value.
                if isComment, dialect == .systemd { continue }
                let (part, goesOn) = joined(line)
                entry?.value += " " + part
                entry?.goesOn = goesOn
                continue
            }
            if line.isEmpty || isComment { continue }
            if line.hasPrefix("!"), dialect == .mysql { continue }
            let indentation = raw.prefix { $0 == " " || $0 == "\t" }.count
            let (separator, isSection) = (separator(in: line), line.hasPrefix("["))
            if dialect == .other, separator == nil, !isSection, let before = entry, indentation > before.indentation {
                entry?.value += "\n" + line
                continue
            }
            finish()
            if isSection {
                guard let end = line.lastIndex(of: "]") else {
                    throw ConfigurationText.Malformed(
                        line: index + 1, reason: "`[` begins a section, which is not closed")
                }
                section = String(line[line.index(after: line.startIndex)..<end].trimmed)
                continue
            }
            let key = separator.map { line[..<$0].trimmed } ?? line
            let rest = separator.map { line[line.index(after: $0)...].trimmed } ?? ""
            let (value, goesOn) = joined(rest)
            entry = Entry(
                name: section.isEmpty ? String(key) : "\(section).\(key)", key: key, value: value,
                indentation: indentation,
                hasValue: separator != nil, goesOn: goesOn)
        }
        finish()
        return values
    }

    /// Where the name ends: at the first `=`, or in files of no known program at a `:` with a blank behind it.
    private func separator(in line: Substring) -> Substring.Index? {
        let equals = line.firstIndex(of: "=")
        guard dialect == .other, let colon = line.firstIndex(of: ":"), equals.map({ colon < $0 }) ?? true else {
            return equals
        }
        let next = line.index(after: colon)
        return next == line.endIndex || line[next] == " " || line[next] == "\t" ? colon : equals
    }

    private func joined(_ line: Substring) -> (String, goesOn: Bool) {
        guard dialect == .systemd || dialect == .other, line.hasSuffix("\\") else { return (String(line), false) }
        return (String(line.dropLast().trimmed), true)
    }

    private func add(_ entry: Entry, in section: String, to values: inout KeyedValues) {
        if dialect == .systemd {
            // What stands behind an empty value begins anew. Dependencies cannot be cleared.
            let isAnew = section != "Unit" && values.reading(of: entry.name) == .value("")
            if entry.value.isEmpty || isAnew { values.unset(entry.name) }
            values.set(entry.name, .value(entry.value))
            return
        }
        let reading = self.reading(of: entry.value)
        values.set(entry.name, reading)
        if dialect == .phpGlobal, !section.isEmpty, !section.contains("=") { values.set(String(entry.key), reading) }
    }

    private func reading(of value: String) -> ConfigurationText.Reading {
        switch dialect {
        case .mysql: return .value(Self.unescaped(Self.unquoted(Self.uncommented(value, by: "#"))))
        case .php, .phpGlobal:
            let text = Self.unquoted(Self.uncommented(value, by: ";"))
            return text.contains("${") ? .computed : .value(text)
        case .systemd, .git: return .value(value)
        case .other:
            let whole = Self.unquoted(value)
            let part = Self.unquoted(Self.uncommentedBehindBlank(value))
            return whole == part ? .value(whole) : .ambiguous([part, whole])
        }
    }

    /// Without a comment, which `mark` begins anywhere but in quotes.
    private static func uncommented(_ value: String, by mark: Unicode.Scalar) -> String {
        var quote: Unicode.Scalar?
        var isEscaped = false
        let scalars = value.unicodeScalars
        for index in scalars.indices {
            let scalar = scalars[index]
            if scalar == mark, quote == nil { return String(Substring(scalars[..<index]).trimmed) }
            if !isEscaped, scalar == "'" || scalar == "\"" {
                if quote == nil { quote = scalar } else if quote == scalar { quote = nil }
            }
            isEscaped = quote != nil && scalar == "\\" && !isEscaped
        }
        return value
    }

    /// Without what follows a `#` or `;` with a blank before it, outside of quotes that begin the value.
    private static func uncommentedBehindBlank(_ value: String) -> String {
        let scalars = value.unicodeScalars
        var start = scalars.startIndex
        if let first = scalars.first, first == "'" || first == "\"",
            let end = scalars.dropFirst().firstIndex(of: first)
        {
            start = end
        }
        var isBehindBlank = false
        for index in scalars.indices where index >= start {
            let scalar = scalars[index]
            if isBehindBlank, scalar == "#" || scalar == ";" { return String(Substring(scalars[..<index]).trimmed) }
            isBehindBlank = scalar.isBlank
        }
        return value
    }

    /// Without the quotes around it.
    private static func unquoted(_ value: String) -> String {
        guard let first = value.utf8.first, first == UInt8(ascii: "'") || first == UInt8(ascii: "\""),
            value.utf8.count > 1, value.utf8.last == first
        else { return value }
        return String(value.dropFirst().dropLast())
    }

    /// MySQL's own escapes.
    private static func unescaped(_ value: String) -> String {
        guard value.contains("\\") else { return value }
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in value.unicodeScalars {
            guard isEscaped else {
                if scalar == "\\" { isEscaped = true } else { result.append(scalar) }
                continue
            }
            isEscaped = false
            switch scalar {
            case "n": result.append("\n")
            case "t": result.append("\t")
            case "r": result.append("\r")
            case "b": result.append("\u{08}")
            case "s": result.append(" ")
            case "\\", "\"", "'": result.append(scalar)
            default: result.append(contentsOf: ["\\", scalar])
            }
        }
        if isEscaped { result.append("\\") }
        return String(result)
    }
}
