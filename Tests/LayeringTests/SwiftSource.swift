/// A piece of Swift code: a word, an attribute, a directive, one symbol, or the text of a string literal.
struct Token: Equatable {
    enum Kind {
        /// A name or keyword, without its backticks.
        case word
        /// `@name`
        case attribute
        /// `#name`
        case directive
        /// One character of punctuation.
        case symbol
        /// A string's text, without what is interpolated into it; that follows as tokens of its own.
        case literal
    }

    var kind: Kind
    var text: String
    /// Counted from 1.
    var line: Int
    /// Whether white space stands before it.
    var isSpaced: Bool
}

/// Swift code as tokens, and which of its lines are comments.
///
/// It knows as much of the language as the rules need: comments, strings with interpolation, and regex literals are
/// told from code, so that a rule never trips over an example in a comment or a string.
struct SwiftSource {
    var file: SourceFile
    private(set) var tokens: [Token] = []
    /// Lines that hold nothing but a comment.
    private(set) var commentLines: Set<Int> = []
    /// Those of them that are documentation.
    private(set) var documentationLines: Set<Int> = []
    /// Lines whose code begins with an attribute.
    private(set) var attributeLines: Set<Int> = []

    private var scalars: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var isSpaced = true
    private var lineHasCode = false

    init(_ file: SourceFile) {
        self.file = file
        scalars = Array(file.text.unicodeScalars)
        scanCode(insideInterpolation: false)
    }

    init(path: String, _ text: String) {
        self.init(SourceFile(path: path, text: text))
    }

    /// The token at an offset from another one, if the file reaches that far.
    func token(_ index: Int) -> Token? {
        tokens.indices.contains(index) ? tokens[index] : nil
    }

    func text(_ index: Int) -> String? {
        token(index)?.text
    }

    /// The index of the bracket that closes the one at `index`, or of the last token.
    func closing(_ index: Int) -> Int {
        let pairs = ["(": ")", "[": "]", "{": "}"]
        guard let open = text(index), let close = pairs[open] else { return index }
        var depth = 0
        for at in index..<tokens.count where tokens[at].kind == .symbol {
            if tokens[at].text == open { depth += 1 }
            if tokens[at].text == close { depth -= 1 }
            if depth == 0 { return at }
        }
        return tokens.count - 1
    }
}

// What stands above a declaration.
extension SwiftSource {
    /// The line above another one, past those that begin with an attribute.
    func lineAbove(_ line: Int) -> Int {
        var above = line - 1
        while attributeLines.contains(above) { above -= 1 }
        return above
    }

    func hasComment(above line: Int) -> Bool {
        commentLines.contains(lineAbove(line))
    }
}

// The scanner.
extension SwiftSource {
    private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        position + offset < scalars.count ? scalars[position + offset] : nil
    }

    private func starts(with text: String) -> Bool {
        var at = position
        for scalar in text.unicodeScalars {
            guard at < scalars.count, scalars[at] == scalar else { return false }
            at += 1
        }
        return true
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where position < scalars.count {
            if scalars[position] == "\n" {
                line += 1
                lineHasCode = false
            }
            position += 1
        }
    }

    private mutating func emit(_ kind: Token.Kind, _ text: String, line at: Int? = nil) {
        if kind == .attribute, !lineHasCode { attributeLines.insert(line) }
        tokens.append(Token(kind: kind, text: text, line: at ?? line, isSpaced: isSpaced))
        isSpaced = false
        lineHasCode = true
    }

    private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "$": true
        default: scalar.value > 127 && scalar.properties.isXIDContinue
        }
    }

    private mutating func takeName() -> String {
        var name = String.UnicodeScalarView()
        while let scalar = peek(), Self.isNamePart(scalar) {
            name.append(scalar)
            advance()
        }
        return String(name)
    }

    private mutating func scanCode(insideInterpolation: Bool) {
        var depth = 0
        while let scalar = peek() {
            if scalar == " " || scalar == "\n" || scalar.properties.isWhitespace {
                isSpaced = true
                advance()
            } else if starts(with: "//") {
                scanLineComment()
            } else if starts(with: "/*") {
                scanBlockComment()
            } else if scalar == "\"" {
                scanString(hashes: 0)
            } else if scalar == "#" {
                scanHash()
            } else if scalar == "/", startsRegex() {
                scanRegex(hashes: 0)
            } else if scalar == "`" {
                advance()
                var name = String.UnicodeScalarView()
                while let part = peek(), part != "`", part != "\n" {
                    name.append(part)
                    advance()
                }
                emit(.word, String(name))
                advance()
            } else if scalar == "@", let next = peek(1), Self.isNamePart(next) {
                advance()
                emit(.attribute, "@" + takeName())
            } else if Self.isNamePart(scalar) {
                emit(.word, takeName())
            } else {
                if insideInterpolation, scalar == "(" { depth += 1 }
                if insideInterpolation, scalar == ")" {
                    if depth == 0 { return }
                    depth -= 1
                }
                emit(.symbol, String(scalar))
                advance()
            }
        }
    }

    private mutating func scanLineComment() {
        if !lineHasCode {
            commentLines.insert(line)
            if starts(with: "///") { documentationLines.insert(line) }
        }
        while let scalar = peek(), scalar != "\n" { advance() }
    }

    private mutating func scanBlockComment() {
        let isDocumentation = starts(with: "/**")
        var depth = 0
        repeat {
            if !lineHasCode {
                commentLines.insert(line)
                if isDocumentation { documentationLines.insert(line) }
            }
            if starts(with: "/*") {
                depth += 1
                advance(2)
            } else if starts(with: "*/") {
                depth -= 1
                advance(2)
            } else {
                advance()
            }
        } while depth > 0 && peek() != nil
    }

    private mutating func scanHash() {
        var hashes = 0
        while peek(hashes) == "#" { hashes += 1 }
        switch peek(hashes) {
        case "\"":
            advance(hashes)
            scanString(hashes: hashes)
        case "/":
            advance(hashes)
            scanRegex(hashes: hashes)
        default:
            advance()
            emit(.directive, "#" + takeName())
        }
    }

    private mutating func scanString(hashes: Int) {
        let start = line
        let marks = String(repeating: "#", count: hashes)
        let quote = starts(with: "\"\"\"") ? "\"\"\"" : "\""
        let escape = "\\" + marks
        advance(quote.count)
        let index = tokens.count
        emit(.literal, "", line: start)
        var content = String.UnicodeScalarView()
        while let scalar = peek() {
            if starts(with: quote + marks) {
                advance(quote.count + hashes)
                break
            } else if starts(with: escape + "(") {
                advance(escape.count + 1)
                scanCode(insideInterpolation: true)
                advance()
            } else if starts(with: escape) {
                advance(escape.count + 1)
            } else if scalar == "\n", quote == "\"" {
                break
            } else {
                content.append(scalar)
                advance()
            }
        }
        tokens[index].text = String(content)
        isSpaced = false
        lineHasCode = true
    }

    /// Whether a slash begins a regex literal: an operand is expected, and another slash ends it on the line.
    private func startsRegex() -> Bool {
        guard let next = peek(1), !next.properties.isWhitespace else { return false }
        if let last = tokens.last {
            let expectsOperand = last.kind == .symbol && "(,=:[{!&|?".contains(last.text)
            let isKeyword = last.kind == .word && ["return", "in", "case", "try", "await"].contains(last.text)
            guard expectsOperand || isKeyword else { return false }
        }
        var at = position + 1
        while at < scalars.count, scalars[at] != "\n" {
            if scalars[at] == "\\" { at += 1 } else if scalars[at] == "/" { return true }
            at += 1
        }
        return false
    }

    private mutating func scanRegex(hashes: Int) {
        let end = "/" + String(repeating: "#", count: hashes)
        advance()
        while peek() != nil, !starts(with: end) {
            advance(peek() == "\\" ? 2 : 1)
        }
        advance(end.count)
        emit(.literal, "")
    }
}
