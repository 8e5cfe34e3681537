internal import DriftCore

/// Cuts a line into words as Python's `shlex.split(line, comments=True)` does.
struct ShellWords {
    private let line: String
    private var rest: String.UnicodeScalarView.Iterator
    private var words: [String] = []
    /// Nil between two words; an empty one is a word too.
    private var word: String.UnicodeScalarView?

    static func split(_ line: String) throws(Fault) -> [String] {
        var words = ShellWords(line: line, rest: line.unicodeScalars.makeIterator())
        try words.read()
        words.endWord()
        return words.words
    }

    private mutating func read() throws(Fault) {
        while let character = rest.next() {
            switch character {
            case " ", "\t": endWord()
            // It ends a word as well.
            case "#": return
            case "'", "\"": try readQuoted(until: character)
            case "\\":
                guard let next = rest.next() else {
                    throw Fault("\(quoted(line)) ends in a backslash", hint: "a backslash quotes what follows it")
                }
                append(next)
            default: append(character)
            }
        }
    }

    private mutating func endWord() {
        if let word { words.append(String(word)) }
        word = nil
    }

    private mutating func append(_ character: Unicode.Scalar) {
        if word == nil { word = String.UnicodeScalarView() }
        word?.append(character)
    }

    private mutating func readQuoted(until sign: Unicode.Scalar) throws(Fault) {
        if word == nil { word = String.UnicodeScalarView() }
        while let character = rest.next() {
            if character == sign { return }
            guard character == "\\", sign == "\"" else {
                append(character)
                continue
            }
            guard let next = rest.next() else { break }
            if next != "\\", next != "\"" { append(character) }
            append(next)
        }
        throw Fault("\(quoted(line)) has a quotation mark without its end")
    }
}
