/// Reads git's configuration files, character by character as git does.
struct GitReader {
    private var scalars: Substring.UnicodeScalarView
    private var line = 1

    static func read(_ text: String) throws(ConfigurationText.Malformed) -> KeyedValues {
        var values = KeyedValues(repetition: .last)
        values.normalize = normalized
        var reader = GitReader(scalars: Substring(text).unicodeScalars)
        var section = ""
        while let scalar = reader.next() {
            switch scalar {
            case "#", ";": reader.skipLine()
            case "[": section = try reader.section()
            case _ where scalar.isBlank || scalar == "\n": break
            case _ where isName(scalar):
                var name = String(scalar)
                while let scalar = reader.scalars.first, isName(scalar) {
                    name.unicodeScalars.append(reader.scalars.removeFirst())
                }
                while let scalar = reader.scalars.first, scalar.isBlank { reader.scalars.removeFirst() }
                guard !section.isEmpty else { throw reader.malformed("a name stands before the first section") }
                values.set("\(section).\(name)", .value(try reader.value()))
            default: throw reader.malformed("a name begins with a letter")
            }
        }
        return values
    }

    /// Case counts only in the part between the first dot and the last.
    @Sendable private static func normalized(_ key: String) -> String {
        guard let first = key.firstIndex(of: "."), let last = key.lastIndex(of: ".") else { return key.lowercased() }
        return key[..<first].lowercased() + key[first..<last] + key[last...].lowercased()
    }

    private static func isName(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "-" || (scalar != "_" && ScalarSet.word.contains(scalar.value))
    }

    private mutating func next() -> Unicode.Scalar? {
        guard let scalar = scalars.popFirst() else { return nil }
        if scalar == "\n" { line += 1 }
        return scalar
    }

    private mutating func skipLine() {
        while let scalar = next(), scalar != "\n" {}
    }

    private func malformed(_ reason: String) -> ConfigurationText.Malformed {
        ConfigurationText.Malformed(line: line, reason: reason)
    }

    /// What follows `[`, up to and with `]`.
    private mutating func section() throws(ConfigurationText.Malformed) -> String {
        var name = ""
        while let scalar = next() {
            switch scalar {
            case "]": return name
            case "\"":
                name += "."
                while let scalar = next(), scalar != "\"" {
                    if scalar == "\n" { throw malformed("the name of a section is not closed") }
                    name.unicodeScalars.append(scalar == "\\" ? next() ?? scalar : scalar)
                }
            case "\n": throw malformed("the name of a section is not closed")
            case _ where scalar.isBlank: break
            default: name.unicodeScalars.append(scalar)
            }
        }
        throw malformed("the name of a section is not closed")
    }

    /// What follows a name: nothing, which is `true`, or `=` and the value.
    private mutating func value() throws(ConfigurationText.Malformed) -> String {
        switch scalars.first {
        case "=": scalars.removeFirst()
        case nil, "\n": return "true"
        default: throw malformed("`=` is missing")
        }
        var value = String.UnicodeScalarView()
        var blanks = String.UnicodeScalarView()
        var isQuoted = false
        while let scalar = next(), scalar != "\n" || isQuoted {
            if scalar == "\n" { throw malformed("quotes are not closed") }
            if !isQuoted, scalar == "#" || scalar == ";" {
                skipLine()
                break
            }
            if !isQuoted, scalar.isBlank {
                if !value.isEmpty { blanks.append(scalar) }
                continue
            }
            value.append(contentsOf: blanks)
            blanks.removeAll()
            switch scalar {
            case "\"": isQuoted.toggle()
            case "\\":
                switch next() {
                case "n": value.append("\n")
                case "t": value.append("\t")
                case "b": value.append("\u{08}")
                case "\"": value.append("\"")
                case "\\": value.append("\\")
                case "\n": break
                default: throw malformed("`\\` stands before a character that it does not go with")
                }
            default: value.append(scalar)
            }
        }
        if isQuoted { throw malformed("quotes are not closed") }
        return String(value)
    }
}
