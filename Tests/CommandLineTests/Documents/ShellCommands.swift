/// The simple commands of a shell text, in order, as far as the documentation needs a shell.
///
/// Quotes, comments, lines that go on, redirections, here-documents and `$(…)`; no `if`, no `for`.
struct ShellCommands {
    /// Each with its words; assignments in front are words too.
    private(set) var commands: [[String]] = []

    private var words: [String] = []
    private var word: String?
    /// The next word is the name of a file, or the end of a here-document, and not an argument.
    private var redirection: String?
    private var hereDocument: String?
    private var characters: ArraySlice<Character>

    init(_ text: String) throws {
        characters = Array(text)[...]
        while let character = characters.popFirst() { try read(character) }
        endCommand()
    }

    private mutating func read(_ character: Character) throws {
        switch character {
        case "\\":
            let next = characters.popFirst()
            if let next, next != "\n" { append(next) }
        case "'": append(try until("'"))
        case "\"": try readQuoted()
        case "$" where characters.first == "(": try readSubstitution()
        case "#" where word == nil: characters = characters.drop { $0 != "\n" }
        case " ", "\t": endWord()
        case "\n":
            endCommand()
            if let end = hereDocument { skipLines(to: end) }
        case "|", "&", ";": endCommand()
        case ">", "<":
            // `2>file` is no word `2`.
            if let number = word, number.allSatisfy(\.isNumber) { word = nil }
            endWord()
            redirection = (redirection ?? "") + String(character)
        default: append(character)
        }
    }

    private mutating func readQuoted() throws {
        append("")
        while let character = characters.popFirst() {
            switch character {
            case "\"": return
            case "\\": if let next = characters.popFirst() { append(next) }
            case "$" where characters.first == "(": try readSubstitution()
            default: append(character)
            }
        }
        throw DocumentError("a quote has no end")
    }

    private mutating func readSubstitution() throws {
        characters.removeFirst()
        commands += try ShellCommands(try until(")")).commands
        append("$(…)")
    }

    private mutating func until(_ end: Character) throws -> String {
        let text = characters.prefix { $0 != end }
        characters = characters.dropFirst(text.count)
        guard characters.popFirst() != nil else { throw DocumentError("there is no \(end) for \(String(text))") }
        return String(text)
    }

    private mutating func append(_ text: some CustomStringConvertible) { word = (word ?? "") + text.description }

    private mutating func endWord() {
        guard let ended = word else { return }
        word = nil
        guard let operation = redirection else {
            words.append(ended)
            return
        }
        redirection = nil
        if operation == "<<" { hereDocument = ended }
    }

    private mutating func endCommand() {
        endWord()
        if !words.isEmpty { commands.append(words) }
        words = []
    }

    private mutating func skipLines(to end: String) {
        while !characters.isEmpty {
            let line = characters.prefix { $0 != "\n" }
            characters = characters.dropFirst(line.count + 1)
            if String(line) == end { break }
        }
        hereDocument = nil
    }
}
