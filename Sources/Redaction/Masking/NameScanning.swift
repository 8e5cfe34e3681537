/// Finds in one line the values of settings whose names announce a secret.
extension DocumentMasker {
    /// The name of a secret, and how it is written.
    struct Key {
        var start: Int
        var end: Int
        /// In quotes of its own, as in JSON.
        var isQuoted: Bool
        /// Only indentation, a list's dash, a comment mark, or a word such as `export` comes before it.
        var opensLine: Bool
        var strength: SecretName.Strength
    }

    private static let longest = 128
    private static let bracket = ByteSet("]")
    private static let brace = ByteSet("}")
    static let optionEnds = ByteSet(" \t\r\"';|&)")
    private static let valueOpening = ByteSet(" \t\r-<\"'{")
    private static let valueMarks = ByteSet.letters.union(ByteSet("\":= "))
    private static let phraseBytes = ByteSet.letters.union(ByteSet("_-"))

    mutating func scanNames(from start: Int, _ hits: ArraySlice<ClueFinder.Hit>) {
        var position = start
        if namedLines > 0, let value = namedValue(from: start, isFirst: true) { position = maskNamed(value) }
        var next = hits.startIndex

        while next < hits.endIndex, open == .nothing {
            let hit = hits[next]

            guard hit.clue == .name || hit.clue == .part, Int(hit.start) >= position else {
                next += 1
                continue
            }
            let name = name(around: hit, from: position)
            var last = next
            while last < hits.endIndex, Int(hits[last].start) < name.upperBound { last += 1 }
            position = max(name.upperBound, maskBehind(name, from: position, hits[next..<last]))
            next = last
        }
        if open == .nothing, hits.contains(where: { $0.clue == .verb }) {
            found += CommandSecrets.ranges(in: line, of: text, from: start)
        }
    }

    private func name(around hit: ClueFinder.Hit, from lowest: Int) -> Range<Int> {
        var start = Int(hit.start)
        let floor = max(lowest, start - Self.longest)
        while start > floor, ByteSet.name.contains(text[start - 1]) { start -= 1 }
        let limit = min(line.upperBound, Int(hit.end) + Self.longest)
        var end = Int(hit.end)
        if ByteSet.name.contains(text[end - 1]) { end = text.end(of: .name, from: end, to: limit) } else { end -= 1 }
        while end > start + 1, text[end - 1] == UInt8(ascii: ".") { end -= 1 }
        return start..<max(end, start + 1)
    }

    /// Reads what follows a name.
    ///
    /// Returns where to continue.
    private mutating func maskBehind(_ name: Range<Int>, from lowest: Int, _ hits: ArraySlice<ClueFinder.Hit>) -> Int {
        let end = line.upperBound
        let parts = hits
        var key = Key(
            start: name.lowerBound, end: name.upperBound, isQuoted: false, opensLine: false,
            strength: SecretName.strength(of: name, in: text, parts: parts))
        if traits.makeSecret(name, text) { key.strength = .strong }
        let before = key.start > lowest ? text[key.start - 1] : 0
        if before.isQuote, key.end < end, text[key.end] == before {
            key.isQuoted = true
            if isDefined(key) { key.strength = .strong }
        } else if key.end < end, text[key.end].isQuote {
            // The last word of a quoted name: `"api token": x`.
            let next = text.skippingBlanks(from: key.end + 1, to: min(end, key.end + 8))
            key.isQuoted = next < end && (text[next] == UInt8(ascii: ":") || text[next] == UInt8(ascii: "="))
        }
        // A shell's `${PWD#x}`.
        if before == UInt8(ascii: "{"), key.start - 2 >= lowest, text[key.start - 2] == UInt8(ascii: "$") {
            return maskDefault(key)
        }
        if key.strength != .strong { strengthenByPhrase(&key, before, parts) }
        if key.strength == .none { return key.end }
        if key.strength == .strong, let stop = maskNamedElsewhere(key, before) { return stop }

        var after = key.isQuoted ? key.end + 1 : key.end
        if after < end, text[after] == UInt8(ascii: "]") { after += 1 }
        if before == UInt8(ascii: "<"), key.strength == .strong { return maskElement(key) }
        let separator = text.skippingBlanks(from: after, to: end)
        guard separator < end else { return key.end }
        if let value = valueStart(at: separator, key, before) {
            key.opensLine = opensLine(before: key.isQuoted ? key.start - 1 : key.start, from: lowest)
            return maskValue(of: key, at: value)
        }
        if key.strength == .strong, let stop = maskArgument(key, before, at: separator) { return stop }
        guard separator > after || text[separator].isQuote, !key.isQuoted, key.strength == .strong else {
            return key.end
        }
        return maskPhrase(key, at: separator) ?? maskSpaced(key, at: separator)
    }

    /// `API key: x`, `Wi-Fi password: x`: the words before belong to it.
    private func strengthenByPhrase(_ key: inout Key, _ before: UInt8, _ parts: ArraySlice<ClueFinder.Hit>) {
        guard before == 0x20, key.start - 2 >= line.lowerBound else {
            if before == UInt8(ascii: "&") || before == UInt8(ascii: "?"),
                text.holdsFolded("sig", at: key.start, to: key.end)
            {
                key.strength = .strong
            }
            return
        }
        var start = key.start - 1
        while start > line.lowerBound, key.start - start < 32, ByteSet.letters.contains(text[start - 1]) { start -= 1 }
        guard start < key.start - 1 else { return }
        key.strength = max(key.strength, SecretName.strength(of: start..<key.end, in: text, parts: parts))
    }

    /// `define('AUTH_KEY', 'x')`: WordPress's keys and salts.
    private func isDefined(_ key: Key) -> Bool {
        let open = text.droppingBlanks(before: key.start - 1, from: line.lowerBound)
        return open > line.lowerBound && text[open - 1] == UInt8(ascii: "(")
            && text.holdsFolded("define", at: open - 7, to: open)
            && (text.holdsFolded("_key", at: key.end - 4, to: key.end)
                || text.holdsFolded("_salt", at: key.end - 5, to: key.end))
    }

    /// `${DB_PASSWORD:-x}`: what a shell takes where nothing is set.
    private mutating func maskDefault(_ key: Key) -> Int {
        let end = line.upperBound
        guard key.strength == .strong, [":-", ":=", ":+"].contains(where: { text.holds($0, at: key.end, to: end) }),
            !text[key.start..<key.end].elementsEqual("PWD".utf8)
        else { return key.end }
        let value = key.end + 2
        return mask(value..<text.first(of: Self.brace, from: value, to: end))
    }

    // MARK: separators

    /// The start of the value after `=`, `:`, `=>`, `:=` or a similar sign; nil if there is none.
    private func valueStart(at separator: Int, _ key: Key, _ before: UInt8) -> Int? {
        let end = line.upperBound
        var index = separator
        while index < end, "+?|".utf8.contains(text[index]) { index += 1 }
        guard index < end, text[index] == UInt8(ascii: "=") || text[index] == UInt8(ascii: ":") else { return nil }
        let isColon = text[index] == UInt8(ascii: ":")
        if isColon {
            if text.holds("://", at: index, to: end) || text.holds("::", at: index, to: end) { return nil }
            // In `ls:pwd:exit` the colon parts the entries of a list.
            let isTight = index + 1 < end && !text[index + 1].isBlank && !text[index + 1].isQuote
            if isTight, before == UInt8(ascii: ":") { return nil }
        }
        index += 1
        while index < end, "=>~".utf8.contains(text[index]) { index += 1 }
        let value = text.skippingBlanks(from: index, to: end)
        if isColon, text[key.start..<key.end].elementsEqual("PASSWD".utf8), text.holds("ALL", at: value, to: end) {
            return nil
        }
        if isColon, text.holdsFolded("passwd", at: key.start, to: key.end),
            SecretValue.namesServices(value..<end, of: text)
        {
            return nil
        }
        return value
    }

    private static let openers = WordSet("export set declare local readonly env arg typeset var let const x my our")

    private func opensLine(before start: Int, from lowest: Int) -> Bool {
        guard lowest == line.lowerBound else { return false }
        var index = lowest
        for _ in 0..<5 {
            index = text.end(of: .opening, from: index, to: start)
            if index == start { return true }
            let word = text.end(of: .letters, from: index, to: min(start, index + 16))
            guard word > index, word < start, text[word].isBlank, Self.openers.contains(index..<word, of: text) else {
                return false
            }
            index = word
        }
        return false
    }

    /// A name of several words: `Password for root: x`.
    private mutating func maskPhrase(_ key: Key, at start: Int) -> Int? {
        let end = line.upperBound
        var index = start
        var last = start..<start
        for _ in 0..<4 {
            let word = text.end(of: Self.phraseBytes, from: index, to: min(end, index + 32))
            guard word > index else { return nil }
            last = index..<word
            let next = text.skippingBlanks(from: word, to: end)
            if next < end, text[next] == UInt8(ascii: ":") || text[next] == UInt8(ascii: "=") {
                // The last word may say that it is about a secret: `passwd program = x`.
                var parts = text[key.start..<key.end] + [UInt8(ascii: "_")]
                parts += text[last]
                let phrase = Array(parts)
                let strength = SecretName.strength(
                    of: 0..<phrase.count, in: phrase, parts: ClueFinder.shared.lines(of: phrase).hits[...])
                guard strength == .strong, let value = valueStart(at: next, key, 0),
                    value > next + 1 || text[next] == 0x3D
                else { return nil }
                var whole = key
                whole.opensLine = opensLine(before: key.start, from: line.lowerBound)
                return maskValue(of: whole, at: value)
            }
            index = next
        }
        return nil
    }

    // MARK: name and value apart

    private static let names = WordSet("name key id property entry param option field variable setting")
    private static let values = WordSet("value default content defaultvalue string val")

    /// `name: DB_PASSWORD`, `<key>password</key>`, `key="password" value="x"`: the value is called so.
    private mutating func maskNamedElsewhere(_ key: Key, _ before: UInt8) -> Int? {
        let end = line.upperBound
        var index = key.start
        if before.isQuote { index -= 1 }
        let isElement = index > line.lowerBound && text[index - 1] == UInt8(ascii: ">")
        if isElement {
            guard text.holds("</", at: key.end, to: end) else { return nil }
            index -= 1
        } else {
            index = text.droppingBlanks(before: index, from: line.lowerBound)
            guard index > line.lowerBound, text[index - 1] == 0x3A || text[index - 1] == 0x3D else { return nil }
            index = text.droppingBlanks(before: index - 1, from: line.lowerBound)
            if index > line.lowerBound, text[index - 1].isQuote { index -= 1 }
        }
        var start = index
        while start > line.lowerBound, index - start < 16, ByteSet.letters.contains(text[start - 1]) { start -= 1 }
        guard start < index, Self.names.contains(start..<index, of: text) else { return nil }
        let after = key.isQuoted ? key.end + 1 : key.end
        // It is a value itself: nothing more belongs to it.
        let next = text.skippingBlanks(from: after, to: end)
        if next < end, text[next] == UInt8(ascii: "="), !isElement { return nil }
        if let value = namedValue(from: after, isFirst: false) { return maskNamed(value) }
        if next < end, text[next] == UInt8(ascii: ">"), !isElement {
            let close = text.first(of: .less, from: next + 1, to: end)
            if close < end, close > next + 1, !SecretValue.isHarmless((next + 1)..<close, of: text) {
                found.append((next + 1)..<close)
                return close
            }
        }
        namedLines = 3
        return after
    }

    /// Where the value of a named secret begins, in this line.
    private func namedValue(from start: Int, isFirst: Bool) -> Int? {
        let end = min(line.upperBound, start + 512)
        var index = isFirst ? text.end(of: Self.valueOpening, from: start, to: end) : start
        while index < end {
            let word = text.end(of: .letters, from: index, to: end)
            if word > index, Self.values.contains(index..<word, of: text) {
                var after = word
                if after < end, text[after].isQuote { after += 1 }
                after = text.skippingBlanks(from: after, to: end)
                if after < end, ":=>".utf8.contains(text[after]) {
                    return text.skippingBlanks(from: after + 1, to: line.upperBound)
                }
            }
            if isFirst { return nil }
            index = max(word, index + 1)
        }
        return nil
    }

    private mutating func maskNamed(_ value: Int) -> Int {
        namedLines = 0
        let end = line.upperBound
        guard value < end else {
            open = .section(column: content - line.lowerBound, mayHoldItems: true)
            return end
        }
        if text[value - 1] == UInt8(ascii: ">")
            || text.holds("</", at: text.first(of: .less, from: value, to: end), to: end)
        {
            let close = text.first(of: .less, from: value, to: end)
            if !SecretValue.isHarmless(value..<close, of: text) { found.append(value..<close) }
            return close
        }
        let opens = text.end(of: Self.valueOpening, from: line.lowerBound, to: value)
        let isOnly = text.end(of: Self.valueMarks, from: opens, to: value) == value
        let key = Key(start: opens, end: value, isQuoted: false, opensLine: isOnly, strength: .strong)
        return maskValue(of: key, at: value)
    }

    // MARK: <element>value</element>, call("name", "value")

    private mutating func maskElement(_ key: Key) -> Int {
        let end = line.upperBound
        let tag = text.first(of: .greater, from: key.end, to: min(end, key.end + 512))
        guard tag < end, text[tag] == UInt8(ascii: ">"), text[tag - 1] != UInt8(ascii: "/") else { return key.end }
        // `<password value="x">` has its secret inside.
        guard !text[key.end..<tag].contains(UInt8(ascii: "=")) else { return key.end }
        let close = text.first(of: .less, from: tag + 1, to: end)
        if close == end {
            guard below.closes(key.start..<key.end, after: index) else { return key.end }
            open = .element
        } else if !text.holds("</", at: close, to: end) && !text.holds("<![CDATA[", at: close, to: end) {
            return key.end
        }
        if text.holds("<![CDATA[", at: close, to: end) {
            found.append((close + 9)..<text.first(of: Self.bracket, from: close + 9, to: end))
            return end
        }
        let value = (tag + 1)..<close
        if !value.isEmpty, !SecretValue.isHarmless(value, of: text) { found.append(value) }
        return close
    }

    /// `define('DB_PASSWORD', 'x')`, `PASSWORD('x')`.
    private mutating func maskArgument(_ key: Key, _ before: UInt8, at next: Int) -> Int? {
        let end = line.upperBound
        var value: Int
        if key.isQuoted, text[next] == UInt8(ascii: ","), isFirstArgument(key) {
            value = text.skippingBlanks(from: next + 1, to: end)
        } else if !key.isQuoted, text[next] == UInt8(ascii: "("),
            text.holdsFolded("password", at: key.start, to: key.end)
        {
            value = text.skippingBlanks(from: next + 1, to: end)
        } else {
            return nil
        }
        guard value < end, text[value].isQuote else { return nil }
        let close = Quotes.end(of: text[value], in: text, from: value + 1, to: end) ?? end
        value += 1
        if value < close, !SecretValue.isHarmless(value..<close, of: text) { found.append(value..<close) }
        return close
    }

    private func isFirstArgument(_ key: Key) -> Bool {
        let open = text.droppingBlanks(before: key.start - 1, from: line.lowerBound)
        return open > line.lowerBound && text[open - 1] == UInt8(ascii: "(")
    }
}
