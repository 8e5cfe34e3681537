internal import DriftCore

/// Cuts a line into words as Python's `shlex.split(line, comments=True)` does.
enum ShellWords {
    static func split(_ line: String) throws(Fault) -> [String] {
        var words: [String] = []
        var word: String?
        var characters = line.unicodeScalars.makeIterator()
        while let character = characters.next() {
            switch character {
            case " ", "\t":
                if let done = word { words.append(done) }
                word = nil
            case "#":
                // It ends a word as well.
                return words + [word].compactMap(\.self)
            case "'", "\"":
                word = (word ?? "") + (try quotedText(&characters, until: character, line))
            case "\\":
                guard let next = characters.next() else {
                    throw Fault("\(quoted(line)) ends in a backslash", hint: "a backslash quotes what follows it")
                }
                word = (word ?? "") + String(Character(next))
            default:
                word = (word ?? "") + String(Character(character))
            }
        }
        return words + [word].compactMap(\.self)
    }

    private static func quotedText(
        _ characters: inout String.UnicodeScalarView.Iterator, until sign: Unicode.Scalar, _ line: String
    ) throws(Fault) -> String {
        var text = String.UnicodeScalarView()
        while let character = characters.next() {
            if character == sign { return String(text) }
            guard character == "\\", sign == "\"" else {
                text.append(character)
                continue
            }
            guard let next = characters.next() else { break }
            if next != "\\", next != "\"" { text.append(character) }
            text.append(next)
        }
        throw Fault("\(quoted(line)) has a quotation mark without its end")
    }
}
