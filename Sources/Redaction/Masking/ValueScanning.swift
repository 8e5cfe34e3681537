/// Masks values according to how they are written.
extension DocumentMasker {
    private static let blockMarks = ByteSet("+-0123456789 \t\r")
    private static let heredocMarks = ByteSet("-~<\"'")
    private static let afterQuote = ByteSet(" \t\r,;)}]>#&|")
    private static let entryOpening = ByteSet(" \t\r\"'-")
    private static let literal = ByteSet.alphanumeric.union(ByteSet("+-."))
    private static let number = ByteSet("0123456789+-.eE")
    private static let afterQuery = ByteSet("&# \t\"'<>")
    private static let brace = ByteSet("}")
    private static let dumpAndPass = ByteSet("0123456789 \t")

    /// Masks the value that begins at `start`.
    ///
    /// Returns where to continue.
    mutating func maskValue(of key: Key, at start: Int) -> Int {
        if key.strength == .weak { return maskWeak(key, at: start) }
        let end = line.upperBound
        let isSection = key.opensLine
        guard start < end else {
            if isSection {
                let separator = text.droppingBlanks(before: end, from: key.end)
                open = .value(column: indentation, isYAML: text[separator - 1] == UInt8(ascii: ":"))
            }
            return start
        }
        let first = text[start]
        if text.holds("<<", at: start, to: end), isSection, let word = heredocWord(from: start + 2) {
            open = .heredoc(word)
            return end
        }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'"),
            text.holds(first == 0x22 ? "\"\"\"" : "'''", at: start, to: end)
        {
            return maskTriple(first, at: start + 3)
        }
        if first.isQuote { return maskQuoted(of: key, at: start) }
        if "[{(".utf8.contains(first) { return maskBrackets(at: start) }
        if isSection, first == UInt8(ascii: "|") || first == UInt8(ascii: ">"),
            text.end(of: Self.blockMarks, from: start + 1, to: end) == end
        {
            open = .section(column: indentation, mayHoldItems: false)
            return end
        }
        return maskBare(of: key, at: start, isSection)
    }

    /// The indentation of the line, without a list's dash.
    ///
    /// What belongs to it is indented deeper.
    private var indentation: Int {
        text.end(of: .indentation, from: line.lowerBound, to: line.upperBound) - line.lowerBound
    }

    private mutating func maskBare(of key: Key, at start: Int, _ isSection: Bool) -> Int {
        let end = line.upperBound
        let stop = bareEnd(of: key, from: start)
        let value = start..<text.droppingBlanks(before: stop, from: start)
        guard isSecret(value) else { return stop }
        found.append(value)
        guard stop == end else { return stop }
        if text[value].last == UInt8(ascii: "\\") {
            open = .continuation
        } else if isSection, key.end < end, text[key.end] == UInt8(ascii: ":") {
            open = .section(column: indentation, mayHoldItems: false)
        }
        return stop
    }

    private func isSecret(_ value: Range<Int>) -> Bool {
        !value.isEmpty && !SecretValue.isHarmless(value, of: text) && !isSentence(value)
    }

    /// The value of a name that may announce a secret is masked if it looks like one; otherwise it is read on.
    private mutating func maskWeak(_ key: Key, at start: Int) -> Int {
        let end = min(line.upperBound, start + 2048)
        guard start < end else { return start }
        var value = start..<end
        if text[start].isQuote {
            guard let close = Quotes.end(of: text[start], in: text, from: start + 1, to: end) else { return key.end }
            value = (start + 1)..<close
        } else if text.holdsFolded("cookie", at: key.end - 6, to: key.end) {
            value = start..<text.first(of: Self.afterCookie, from: start, to: end)
        } else {
            value = start..<text.first(of: Self.afterWeak, from: start, to: end)
        }
        let isCookie =
            text.holdsFolded("cookie", at: key.end - 6, to: key.end) && text[value].contains(UInt8(ascii: "="))
        guard !SecretValue.isHarmless(value, of: text), isCookie || SecretValue.looksRandom(value, of: text) else {
            return key.end
        }
        found.append(value)
        return value.upperBound
    }

    private static let afterCookie = ByteSet("\"'`")
    private static let afterWeak = ByteSet(" \t\r,;\"'`)}]<>")

    /// In a comment, two or more words are a remark about a secret.
    private func isSentence(_ value: Range<Int>) -> Bool {
        let first = content
        guard
            text[first] == UInt8(ascii: "#") || text[first] == UInt8(ascii: ";")
                || text.holds("//", at: first, to: line.upperBound)
                || text.holds("--", at: first, to: line.upperBound) || text[first] == UInt8(ascii: "*")
        else { return false }
        var words = 1
        for index in value {
            if text[index].isBlank { words += 1 }
            guard
                text[index].isBlank || ByteSet.letters.contains(text[index])
                    || ".,'()/\"-;:<>!?_".utf8.contains(text[index])
            else { return false }
        }
        return words > 1
    }

    private func heredocWord(from start: Int) -> Range<Int>? {
        let first = text.end(of: Self.heredocMarks, from: start, to: min(line.upperBound, start + 4))
        let last = text.end(
            of: .word, from: first, to: min(line.upperBound, first + 64))
        return last > first ? first..<last : nil
    }

    // MARK: quotes and brackets

    private mutating func maskTriple(_ quote: UInt8, at start: Int) -> Int {
        let end = line.upperBound
        if let close = Quotes.triple(quote, in: text, from: start, to: end) {
            if close > start { found.append(start..<close) }
            return close + 3
        }
        if start < end { found.append(start..<end) }
        if below.holds(quote, after: index) { open = .tripleQuote(quote) }
        return end
    }

    private mutating func maskQuoted(of key: Key, at start: Int) -> Int {
        let end = line.upperBound
        let quote = text[start]
        guard let close = Quotes.end(of: quote, in: text, from: start + 1, to: end) else {
            // With the quote open to the end, all that follows belongs to the value.
            let value = (start + 1)..<end
            if !value.isEmpty, !SecretValue.isHarmless(value, of: text) { found.append(value) }
            if below.holds(quote, after: index) { open = .quote(quote) }
            return end
        }
        // A shell goes on after the quote: `"abc"def`.
        let isClosingElement = text.holds("/>", at: close + 1, to: end)
        let stop = isClosingElement ? close + 1 : text.first(of: Self.afterQuote, from: close + 1, to: end)
        let content = (start + 1)..<(stop == close + 1 ? close : stop)
        if isSecret(content) { found.append(content) }
        return stop
    }

    private mutating func maskBrackets(at start: Int) -> Int {
        let end = line.upperBound
        var depth = 0
        if let close = Quotes.closing(of: &depth, in: text, from: start, to: end) {
            let content = (start + 1)..<close
            if !content.isEmpty, !SecretValue.isHarmless(content, of: text), !isReference(content) {
                found.append(content)
            }
            return close + 1
        }
        let content = (start + 1)..<end
        if !content.isEmpty, !SecretValue.isHarmless(content, of: text) { found.append(content) }
        open = .brackets(depth: depth)
        return end
    }

    private static let references = WordSet(
        """
        name key path file secretname secret optional namespace \
        expirationseconds audience type kind mode items ref from id \
        defaultmode mountpath readonly env enabled anonymous
        """)

    /// `{name: app, key: db}`: where the secret is.
    private func isReference(_ content: Range<Int>) -> Bool {
        guard content.count < 512 else { return false }
        var entries = 0
        for entry in text[content].split(whereSeparator: { ",{}[]".utf8.contains($0) }) {
            let start = text.end(of: Self.entryOpening, from: entry.startIndex, to: entry.endIndex)
            guard start < entry.endIndex else { continue }
            let word = text.end(of: .letters, from: start, to: entry.endIndex)
            let colon = text.end(of: .beforeColon, from: word, to: entry.endIndex)
            guard colon < entry.endIndex, ":=".utf8.contains(text[colon]),
                Self.references.contains(start..<word, of: text)
            else { return false }
            entries += 1
        }
        return entries > 0
    }

    // MARK: where a value without quotes ends

    private func bareEnd(of key: Key, from start: Int) -> Int {
        let end = line.upperBound
        if key.isQuoted {
            // JSON: a number or a literal; else YAML or PHP, where the value goes on.
            let token = text.end(of: Self.literal, from: start, to: end)
            let isNumber = text.end(of: Self.number, from: start, to: token) == token && token > start
            return isNumber || SecretValue.isHarmless(start..<token, of: text) && token > start ? token : end
        }
        if key.opensLine { return end }
        guard key.start > line.lowerBound else { return end }
        let before = text[key.start - 1]
        if "?&".utf8.contains(before) { return text.first(of: Self.afterQuery, from: start, to: end) }
        let markEnd = text.droppingBlanks(before: key.start, from: line.lowerBound)
        let mark = markEnd > line.lowerBound ? text[markEnd - 1] : before
        if mark == UInt8(ascii: ";") { return connectionEnd(from: start) }
        if ",{[(".utf8.contains(mark) { return endInList(from: start) }
        if before.isQuote { return Quotes.end(of: before, in: text, from: start, to: end) ?? end }
        return endBeforeNextWord(from: start)
    }

    /// ADO.NET and ODBC: up to `;`, except inside `{a;b}` and `"a;b"`.
    private func connectionEnd(from start: Int) -> Int {
        let end = line.upperBound
        if text[start] == UInt8(ascii: "{") { return text.first(of: Self.brace, from: start, to: end) }
        // A quote ends the whole text, unless another setting follows it.
        var index = start
        while index < end, text[index] != UInt8(ascii: ";") { index += 1 }
        var quote = index
        while quote > start, text[quote - 1].isQuote || ",)".utf8.contains(text[quote - 1]) { quote -= 1 }
        return index == end ? quote : index
    }

    /// The value may contain spaces.
    ///
    /// It ends at a flag, at another setting, or at the quote that encloses it.
    private func endBeforeNextWord(from start: Int) -> Int {
        let end = line.upperBound
        var index = start
        while index < end {
            guard text[index].isBlank else {
                if text[index] == UInt8(ascii: ","), index > start {
                    let word = text.end(of: .word, from: index + 1, to: min(end, index + 64))
                    if word > index + 1, word < end, text[word] == UInt8(ascii: "=") { return index }
                }
                index += 1
                continue
            }
            let next = text.skippingBlanks(from: index, to: end)
            let word = text.end(of: .word, from: next, to: end)
            let isFlag = word - next > 1 && text[next] == UInt8(ascii: "-")
            let isKey =
                word > next && word < end && (text[word] == UInt8(ascii: "=") || text[word] == UInt8(ascii: ":"))
            let isRest = next < end && "|&>#".utf8.contains(text[next])
            if isFlag || isKey || isRest { return index }
            index = max(word, next + 1)
        }
        return end
    }

    private static let mountOptions = WordSet(
        """
        rw ro noauto auto user users nouser nofail _netdev defaults
        exec noexec suid nosuid dev nodev soft hard intr guest
        sync async relatime noatime bg fg mfsymlinks noperm seal sfu serverino noserverino nobrl cifsacl
        """)

    /// Ends at a comma before another setting, or at the bracket that closes the list.
    private func endInList(from start: Int) -> Int {
        let end = line.upperBound
        var index = start
        while index < end {
            let byte = text[index]
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
                || byte == UInt8(ascii: ")")
            {
                let next = text.skippingBlanks(from: index + 1, to: end)
                if next == end { return index }
                if byte != UInt8(ascii: ",") {
                    if ",;}])".utf8.contains(text[next]) || next > index + 1 { return index }
                } else {
                    let word = text.end(
                        of: .quotedWord, from: next, to: min(end, next + 64))
                    if word < end, text[word] == UInt8(ascii: "=") || text[word] == UInt8(ascii: ":") { return index }
                    if Self.mountOptions.contains(next..<word, of: text) { return index }
                }
            } else if byte.isBlank {
                let next = text.skippingBlanks(from: index, to: end)
                // The numbers behind a mount's options.
                if text.end(of: Self.dumpAndPass, from: next, to: end) == end { return index }
                index = next
                continue
            }
            index += 1
        }
        return end
    }
}
