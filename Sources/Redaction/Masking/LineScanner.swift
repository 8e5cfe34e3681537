/// Finds in one line the values of settings whose names promise a secret.
struct LineScanner {
    /// What the end of the line leaves to the lines after it.
    enum Rest: Hashable {
        case nothing
        /// The secret goes on in all lines that are indented deeper than this column; list items may stand at it.
        case section(column: Int, mayHoldItems: Bool)
        /// Until this quote closes.
        case quote(UInt8)
        /// Until this many brackets close.
        case brackets(depth: Int)
        /// A backslash at the end: the next line too.
        case continuation
        /// Until the closing tag.
        case element
    }

    private let line: [UInt8]
    /// Which quotes occur in a later line, so that a string that opens here may close there.
    private let quotesBelow: Set<UInt8>
    private(set) var ranges: [Range<Int>] = []
    private(set) var rest = Rest.nothing
    /// A setting called `name` or `key` has a secret's name as its value, so that the `value` beside it is secret.
    private var namesSecret: Bool
    /// What this line says of that; nil where it has no such setting.
    private(set) var nameFound: Bool?

    init(_ line: [UInt8], from start: Int, namesSecret: Bool, quotesBelow: Set<UInt8>) {
        self.line = line
        self.namesSecret = namesSecret
        self.quotesBelow = quotesBelow
        scanSettings(from: start)
        if rest == .nothing { scanElements(from: start) }
        if rest == .nothing { ranges += SpacedSecrets.ranges(in: line, from: start) }
    }

    // MARK: key = value

    private mutating func scanSettings(from start: Int) {
        var index = start
        while index < line.count, rest == .nothing {
            guard line[index] == UInt8(ascii: "=") || line[index] == UInt8(ascii: ":"),
                !line.starts(with: "://", at: index), let key = Key(endingAt: index, in: line, from: start)
            else {
                index += 1
                continue
            }
            var valueStart = index + 1
            while valueStart < line.count, "=>~".utf8.contains(line[valueStart]) { valueStart += 1 }
            valueStart = line.run(from: valueStart, while: \.isASCIISpace).upperBound
            // In `ls:pwd:exit` the colon parts the entries of a list.
            let isEntry =
                line[index] == UInt8(ascii: ":") && valueStart == index + 1 && valueStart < line.count && !key.isQuoted
                && !line[valueStart].isQuote
            var strength = strength(of: key, valueStart: valueStart)
            if strength == .weak && isEntry { strength = .none }
            index = strength > .none ? maskValue(of: key, at: valueStart, strength: strength) : index + 1
        }
    }

    private mutating func strength(of key: Key, valueStart: Int) -> SecretKeys.Strength {
        let strength = max(SecretKeys.strength(of: key.text), SecretKeys.strength(of: key.phrase))
        guard strength == .none else { return strength }
        let name = key.text.lowercased()
        if namesSecret && ["value", "default", "content", "defaultvalue"].contains(name) { return .strong }
        if ["name", "key", "id", "property"].contains(name) {
            let quoted = valueStart < line.count && line[valueStart].isQuote
            let value = line.run(from: valueStart + (quoted ? 1 : 0), limit: 128) { byte in
                byte.isASCIIAlphanumeric || "_-.".utf8.contains(byte)
            }
            let isSecret = SecretKeys.strength(of: String(decoding: line[value], as: UTF8.self)) == .strong
            namesSecret = isSecret
            nameFound = isSecret
        }
        return .none
    }

    /// Masks the value that begins at `start`; returns where to go on.
    private mutating func maskValue(of key: Key, at start: Int, strength: SecretKeys.Strength) -> Int {
        let isSection = strength == .strong && key.opensLine
        guard start < line.count else {
            if isSection { rest = .section(column: key.column, mayHoldItems: true) }
            return start
        }
        let first = line[start]
        if first.isQuote { return maskQuoted(of: key, at: start) }
        if "[{(".utf8.contains(first) { return strength == .strong ? maskBrackets(at: start) : start }
        if isSection, "|>".utf8.contains(first),
            line[(start + 1)...].allSatisfy({ "+-0123456789 \t\r".utf8.contains($0) })
        {
            rest = .section(column: key.column, mayHoldItems: false)
            return line.count
        }
        let end = bareEnd(of: key, from: start)
        let value = start..<trimmed(end, from: start)
        if HarmlessValues.contains(line[value], ofKey: key.text) { return end }
        ranges.append(value)
        if end == line.count {
            if line[value].last == UInt8(ascii: "\\") {
                rest = .continuation
            } else if isSection {
                rest = .section(column: key.column, mayHoldItems: false)
            }
        }
        return end
    }

    private mutating func maskQuoted(of key: Key, at start: Int) -> Int {
        let quote = line[start]
        guard let close = Quotes.end(of: quote, in: line, from: start + 1) else {
            // With the quote open to the end, all that follows belongs to the value.
            ranges.append((start + 1)..<line.count)
            if quotesBelow.contains(quote) { rest = .quote(quote) }
            return line.count
        }
        // A shell goes on after the quote: `"abc"def`.
        let isClosingElement = line.starts(with: "/>", at: close + 1)
        let end = line.run(from: close + 1, limit: isClosingElement ? 0 : .max) {
            !$0.isASCIISpace && !",;)}]>#&|".utf8.contains($0)
        }.upperBound
        let content = (start + 1)..<(end == close + 1 ? close : end)
        if !HarmlessValues.contains(line[content], ofKey: key.text) { ranges.append(content) }
        return end
    }

    private mutating func maskBrackets(at start: Int) -> Int {
        var depth = 0
        if let end = Quotes.closing(of: &depth, in: line, from: start) {
            if end > start + 1 { ranges.append((start + 1)..<end) }
            return end + 1
        }
        if start + 1 < line.count { ranges.append((start + 1)..<line.count) }
        rest = .brackets(depth: depth)
        return line.count
    }

    /// Where a value without quotes ends, by what stands before its key.
    private func bareEnd(of key: Key, from start: Int) -> Int {
        func first(_ stops: String) -> Int {
            line[start...].firstIndex { stops.utf8.contains($0) } ?? line.count
        }
        if key.isQuoted {
            // JSON: a number or a literal; else YAML, where the value goes on.
            let token = line.run(from: start) { $0.isASCIIAlphanumeric || "+-.".utf8.contains($0) }
            let isNumber = line[token].allSatisfy { $0.isASCIIDigit || "+-.eE".utf8.contains($0) }
            return isNumber || HarmlessValues.contains(line[token], ofKey: "") ? token.upperBound : line.count
        }
        if key.opensLine { return line.count }
        let before = line[key.start - 1]
        if "?&".utf8.contains(before) { return first("&# \t\"'<>") }
        let mark = line[..<key.start].last { !$0.isASCIISpace } ?? before
        if mark == UInt8(ascii: ";") { return first(";\"'") }
        if ",{[(".utf8.contains(mark) { return endInList(from: start) }
        if before.isQuote { return Quotes.end(of: before, in: line, from: start) ?? line.count }
        return endBeforeNextWord(from: start)
    }

    /// The value may hold spaces; it ends where a flag or another setting begins.
    private func endBeforeNextWord(from start: Int) -> Int {
        var index = start
        while index < line.count {
            guard line[index].isASCIISpace else {
                index += 1
                continue
            }
            let next = line.run(from: index, while: \.isASCIISpace).upperBound
            let word = line.run(from: next) { $0.isASCIIAlphanumeric || "_.-".utf8.contains($0) }
            let isFlag = word.count > 1 && line[next] == UInt8(ascii: "-")
            let isKey = !word.isEmpty && word.upperBound < line.count && "=:".utf8.contains(line[word.upperBound])
            if isFlag || isKey { return index }
            index = max(word.upperBound, next)
        }
        return line.count
    }

    /// Ends at a comma with another setting behind it, or at the bracket that closes the list.
    private func endInList(from start: Int) -> Int {
        for index in start..<line.count where ",}])".utf8.contains(line[index]) {
            let next = line.run(from: index + 1, while: \.isASCIISpace).upperBound
            if next == line.count { return index }
            if line[index] != UInt8(ascii: ",") {
                if ",;}])".utf8.contains(line[next]) || next > index + 1 { return index }
            } else {
                let word = line.run(from: next, limit: 128) { $0.isASCIIAlphanumeric || "_.-\"'".utf8.contains($0) }
                if word.upperBound < line.count, "=:".utf8.contains(line[word.upperBound]) { return index }
            }
        }
        return line.count
    }

    private func trimmed(_ end: Int, from start: Int) -> Int {
        var end = end
        while end > start, line[end - 1].isASCIISpace { end -= 1 }
        return end
    }

    // MARK: <element>value</element>

    private mutating func scanElements(from start: Int) {
        var index = start
        while index < line.count, rest == .nothing {
            guard line[index] == UInt8(ascii: "<") else {
                index += 1
                continue
            }
            let name = line.run(from: index + 1, limit: 128) { $0.isASCIIAlphanumeric || "_-.:".utf8.contains($0) }
            index = max(name.upperBound, index + 1)
            let isSecret = SecretKeys.strength(of: String(decoding: line[name], as: UTF8.self)) == .strong
            guard isSecret, let close = line[index...].prefix(1024).firstIndex(of: UInt8(ascii: ">")),
                line[close - 1] != UInt8(ascii: "/")
            else { continue }
            let end = (close + 1..<line.count).first { line.starts(with: "</", at: $0) }
            if end == nil { rest = .element }
            let value = (close + 1)..<(end ?? line.count)
            if !HarmlessValues.contains(line[value], ofKey: "") { ranges.append(value) }
            index = value.upperBound
        }
    }
}
