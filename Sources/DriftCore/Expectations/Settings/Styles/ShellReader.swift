internal import Redaction

/// Reads the assignments of a shell's file, as `/etc/default/…` and `/etc/os-release` have them.
///
/// The last assignment counts. A value that the shell computes is ``ConfigurationText/Reading/computed``. Where the file has
/// any command besides assignments, `export` and `unset`, what it sets depends on what they do: all is computed.
struct ShellReader {
    private var scalars: Substring.UnicodeScalarView
    private var line = 1

    static func read(_ text: String) throws(ConfigurationText.Malformed) -> KeyedValues {
        var values = KeyedValues(repetition: .last)
        var reader = ShellReader(scalars: Substring(text).unicodeScalars)
        while try reader.skipToWord() {
            guard try reader.command(&values) else {
                values.isProgram = true
                break
            }
            if reader.scalars.first == ";" { reader.take() }
        }
        return values
    }

    private struct Word {
        var text = ""
        var isComputed = false
        /// Quotes or escapes: `"export"` is not the command.
        var isPlain = true
    }

    /// Passes blanks, empty lines and comments; false at the end of the text.
    private mutating func skipToWord() throws(ConfigurationText.Malformed) -> Bool {
        while let scalar = scalars.first {
            if scalar == "#" {
                while let scalar = scalars.first, scalar != "\n" { scalars.removeFirst() }
            } else if scalar.isBlank || scalar == "\n" || isJoinedLine {
                take()
            } else {
                return true
            }
        }
        return false
    }

    private var isJoinedLine: Bool { scalars.first == "\\" && scalars.dropFirst().first == "\n" }

    @discardableResult private mutating func take() -> Unicode.Scalar? {
        guard let scalar = scalars.popFirst() else { return nil }
        if scalar == "\n" { line += 1 }
        return scalar
    }

    /// One command; false if it is not one that is known.
    private mutating func command(_ values: inout KeyedValues) throws(ConfigurationText.Malformed) -> Bool {
        enum Kind { case assignments, export, unset }
        if scalars.first == ";" { return false }
        var kind: Kind?
        while let scalar = scalars.first {
            if scalar == "\n" || scalar == ";" { break }
            if scalar.isBlank {
                take()
                continue
            }
            if isJoinedLine {
                take()
                take()
                continue
            }
            if scalar == "#" {
                _ = try skipToWord()
                break
            }
            if let name = assignedName() {
                if kind == .unset { return false }
                kind = kind ?? .assignments
                guard let word = try word() else { return false }
                values.set(name, word.isComputed ? .computed : .value(word.text))
                continue
            }
            guard let word = try word(), word.isPlain, !word.isComputed else { return false }
            switch (kind, word.text) {
            case (nil, "export"): kind = .export
            case (nil, "unset"): kind = .unset
            case (.unset, _) where Self.isName(word.text): values.unset(word.text)
            case (.export, _) where Self.isName(word.text): break
            // `NAME=value command` sets NAME only for that command.
            default: return false
            }
        }
        return true
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !first.isDigit else { return false }
        return text.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0.isAlphanumeric }
    }

    /// Takes a name and its `=`; nil, and nothing taken, if the word is not an assignment.
    private mutating func assignedName() -> String? {
        var rest = scalars
        var name = String.UnicodeScalarView()
        while let scalar = rest.first, scalar != "=", ScalarSet.word.contains(scalar.value) {
            name.append(scalar)
            rest.removeFirst()
        }
        guard rest.first == "=", Self.isName(String(name)) else { return nil }
        rest.removeFirst()
        scalars = rest
        return String(name)
    }

    /// The rest of a word; nil at a character that makes it more than a word.
    private mutating func word() throws(ConfigurationText.Malformed) -> Word? {
        var word = Word()
        if scalars.first == "~" { word.isComputed = true }
        while let scalar = scalars.first {
            switch scalar {
            case _ where scalar.isBlank && scalar != "\r": return word
            case "\n", ";": return word
            case "&", "|", "<", ">", "(", ")": return nil
            case "'":
                take()
                word.isPlain = false
                try quoted(until: "'", into: &word)
            case "\"":
                take()
                word.isPlain = false
                try doubleQuoted(into: &word)
            case "$", "`":
                word.isComputed = true
                try skipExpansion()
            case "\\":
                take()
                word.isPlain = false
                guard let next = take() else { throw malformed("`\\` has nothing behind it") }
                if next != "\n" { word.text.unicodeScalars.append(next) }
            default:
                take()
                // A file with Windows' line ends: the shell keeps the sign.
                word.text.unicodeScalars.append(scalar)
            }
        }
        return word
    }

    private mutating func quoted(until end: Unicode.Scalar, into word: inout Word) throws(ConfigurationText.Malformed) {
        let start = line
        while let scalar = take() {
            if scalar == end { return }
            word.text.unicodeScalars.append(scalar)
        }
        throw ConfigurationText.Malformed(line: start, reason: "quotes are not closed")
    }

    private mutating func doubleQuoted(into word: inout Word) throws(ConfigurationText.Malformed) {
        let start = line
        while let scalar = scalars.first {
            switch scalar {
            case "\"":
                take()
                return
            case "$", "`":
                word.isComputed = true
                try skipExpansion()
            case "\\":
                take()
                guard let next = take() else { break }
                switch next {
                case "\n": break
                case "$", "`", "\"", "\\": word.text.unicodeScalars.append(next)
                default: word.text.unicodeScalars.append(contentsOf: ["\\", next])
                }
            default:
                take()
                word.text.unicodeScalars.append(scalar)
            }
        }
        throw ConfigurationText.Malformed(line: start, reason: "quotes are not closed")
    }

    /// Passes a `$…` or a command in backquotes; what it gives is not known anyway.
    private mutating func skipExpansion() throws(ConfigurationText.Malformed) {
        let start = line
        var open: [Unicode.Scalar] = []
        if take() == "`" {
            open = ["`"]
        } else {
            switch scalars.first {
            case "(": open = [")"]
            case "{": open = ["}"]
            default: return
            }
            take()
        }
        while let end = open.last, let scalar = take() {
            switch scalar {
            case end: open.removeLast()
            case "\\": take()
            case _ where end == "'": break
            case "'" where end != "\"": open.append("'")
            case "\"": open.append("\"")
            case "(" where end == ")": open.append(")")
            case "{" where end == "}": open.append("}")
            default: break
            }
        }
        if !open.isEmpty {
            throw ConfigurationText.Malformed(line: start, reason: "a command or variable is not closed")
        }
    }

    private func malformed(_ reason: String) -> ConfigurationText.Malformed {
        ConfigurationText.Malformed(line: line, reason: reason)
    }
}
