/// Goes through a document from top to bottom and remembers what is open: a key block, a string, a section.
///
/// Only lines with a clue, and those that follow an open one, are looked at; each of them a fixed number of times.
struct DocumentMasker {
    /// What a line leaves open for those below it.
    enum Open: Equatable {
        case nothing
        /// The value is on the next line that is not blank.
        case value(column: Int, isYAML: Bool)
        /// All lines that are indented deeper than this column, and list items at this column.
        case section(column: Int, mayHoldItems: Bool)
        /// Until this quote closes.
        case quote(UInt8)
        /// Until three of this quote.
        case tripleQuote(UInt8)
        /// Until this many brackets close.
        case brackets(depth: Int)
        /// A backslash at the end: the next line too.
        case continuation
        /// Until a tag closes.
        case element
        /// Until a line that is this word.
        case heredoc(Range<Int>)
        /// Between `-----BEGIN … KEY-----` and its end, in this line.
        case armour(end: Int)
        /// The lines of a PuTTY key, as many as were announced.
        case counted(Int)
        /// As long as lines are made of hexadecimal digits, as those of an Ansible vault.
        case hexadecimal
    }

    let text: [UInt8]
    let lines: ClueFinder.Lines
    private(set) var masks: [Int: [Range<Int>]] = [:]
    var open = Open.nothing
    /// For how many more lines a `value` belongs to the name of a secret.
    var namedLines = 0
    /// What is found in the current line.
    var found: [Range<Int>] = []
    /// The first byte of the current line that is not blank.
    ///
    /// Computed once, because a line may be all blanks.
    var content = 0
    /// The current line.
    var index = 0
    var line = 0..<0
    let traits: DocumentTraits
    var below: LinesBelow

    init(_ text: [UInt8]) {
        self.text = text
        lines = ClueFinder.shared.lines(of: text)
        traits = DocumentTraits(text, lines)
        below = LinesBelow(text, lines)
    }

    mutating func run() {
        if traits.isOneSecret {
            masks[0] = [lines.ranges[0].lowerBound..<text.droppingBlanks(before: lines.ranges[0].upperBound, from: 0)]
            return
        }
        for number in lines.ranges.indices {
            let isQuiet = lines.firstHit[number] == lines.firstHit[number + 1]
            if isQuiet && namedLines == 0 && !traits.hasRows && open == .nothing { continue }
            let hits = lines.hits(of: number)
            index = number
            line = lines.ranges[number]
            content = text.skippingBlanks(from: line.lowerBound, to: line.upperBound)
            let start = continueOpen()
            if start < line.upperBound && open == .nothing { scan(from: start, hits) }
            if !hits.isEmpty { found += SecretShapes.ranges(in: line, of: text, hits) }
            if let range = traits.secretOfRow(line, text) { found.append(range) }
            keepFound()
        }
    }

    private mutating func keepFound() {
        guard !found.isEmpty else { return }
        var ranges: [Range<Int>] = []
        for range in found.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = ranges.last, range.lowerBound <= last.upperBound {
                ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
        found.removeAll(keepingCapacity: true)
        if !ranges.isEmpty { masks[index] = ranges }
    }

    private mutating func scan(from start: Int, _ hits: ArraySlice<ClueFinder.Hit>) {
        if hits.contains(where: { $0.clue == .disguise }) {
            let plain = Undisguised(line, of: text)
            if plain.isDisguised {
                found += plain.secrets()
                return
            }
        }
        namedLines = max(0, namedLines - 1)
        scanNames(from: start, hits)
        if hits.contains(where: { $0.clue == .armour }) { beginArmour(from: start) }
        if open == .nothing { beginCounted() }
    }

    // MARK: what began above

    /// Masks what an earlier line left open.
    ///
    /// Returns where reading the line starts.
    private mutating func continueOpen() -> Int {
        let (start, end) = (line.lowerBound, line.upperBound)
        switch open {
        case .nothing:
            return start
        case .armour(let last):
            if index < last { maskAll() } else { endArmour() }
            if index >= last { open = .nothing }
            return end
        case .counted(let left):
            open = left > 1 ? .counted(left - 1) : .nothing
            maskAll()
        case .hexadecimal:
            let stop = text.droppingBlanks(before: end, from: start)
            let first = text.skippingBlanks(from: start, to: stop)
            guard stop - first >= 8, text.end(of: .alphanumeric, from: first, to: stop) == stop else {
                open = .nothing
                return start
            }
            maskAll()
        case .value(let column, let isYAML):
            return beginValue(column: column, isYAML: isYAML)
        case .section(let column, let mayHoldItems):
            let first = text.skippingBlanks(from: start, to: end)
            let isItem = mayHoldItems && first - start == column && text.holds("- ", at: first, to: end)
            guard first == end || first - start > column || isItem else {
                open = .nothing
                return start
            }
            maskEntry()
        case .quote(let quote):
            guard let close = Quotes.end(of: quote, in: text, from: start, to: end) else {
                maskAll()
                break
            }
            open = .nothing
            if close > start { found.append(start..<close) }
            return close + 1
        case .tripleQuote(let quote):
            guard let close = Quotes.triple(quote, in: text, from: start, to: end) else {
                maskAll()
                break
            }
            open = .nothing
            found.append(start..<close)
            return close + 3
        case .brackets(var depth):
            if let close = Quotes.closing(of: &depth, in: text, from: start, to: end) {
                open = .nothing
                let first = text.skippingBlanks(from: start, to: close)
                if !isPunctuation(first..<close) { found.append(first..<close) }
                return close + 1
            }
            open = .brackets(depth: depth)
            maskEntry()
        case .continuation:
            if text[start..<end].last != UInt8(ascii: "\\") { open = .nothing }
            maskAll()
        case .element:
            let close = text.first(of: .less, from: start, to: end)
            guard text.holds("</", at: close, to: end) else {
                maskAll()
                break
            }
            open = .nothing
            found.append(text.skippingBlanks(from: start, to: close)..<close)
            return close
        case .heredoc(let word):
            let first = text.skippingBlanks(from: start, to: end)
            let last = text.droppingBlanks(before: end, from: first)
            if text[first..<last] == text[word] {
                open = .nothing
                return end
            }
            maskAll()
        }
        return end
    }

    /// The value of a name at the end of an earlier line.
    private mutating func beginValue(column: Int, isYAML: Bool) -> Int {
        let (start, end) = (line.lowerBound, line.upperBound)
        let first = text.skippingBlanks(from: start, to: end)
        guard first < end else { return end }
        open = .nothing

        if text[first].isQuote || "[{(".utf8.contains(text[first]) {
            if text[first].isQuote, let close = Quotes.end(of: text[first], in: text, from: first + 1, to: end) {
                // A key of the next entry, not a value.
                let after = text.skippingBlanks(from: close + 1, to: end)
                if after < end, text[after] == UInt8(ascii: ":") || text[after] == UInt8(ascii: "=") {
                    return continueSection(column, first)
                }
            }
            let key = Key(start: start, end: start, isQuoted: true, opensLine: true, strength: .strong)
            return maskValue(of: key, at: first)
        }
        return isYAML ? continueSection(column, first) : start
    }

    private mutating func continueSection(_ column: Int, _ first: Int) -> Int {
        let indentation = first - line.lowerBound
        guard indentation > column || (indentation == column && text.holds("- ", at: first, to: line.upperBound)) else {
            return line.lowerBound
        }
        open = .section(column: column, mayHoldItems: true)
        maskEntry()
        return line.upperBound
    }

    private mutating func maskAll() {
        let start = text.skippingBlanks(from: line.lowerBound, to: line.upperBound)
        if start < line.upperBound { found.append(start..<line.upperBound) }
    }

    /// Names below the name of a secret that describe it: its kind, its place, its owner.
    private static let plainEntries = WordSet(
        """
        name names user users username host hostname port \
        path paths file files type kind namespace secretname enabled \
        region optional mode defaultmode items audience expirationseconds \
        id scheme protocol driver ttl external description \
        metadata apiversion labels annotations server url endpoint algorithm realm domain owner role
        """)

    /// Keeps the key of an entry below the name of a secret, and values that clearly are not secret.
    private mutating func maskEntry() {
        let end = line.upperBound
        guard !isPunctuation(line) else { return }
        let start = text.end(of: .indentation, from: line.lowerBound, to: end)
        let nameStart = start < end && text[start].isQuote ? start + 1 : start
        let nameEnd = text.end(
            of: .word, from: nameStart, to: min(end, nameStart + 128))
        let colon = text.end(of: .beforeColon, from: nameEnd, to: end)
        let isEntry = nameEnd > nameStart && colon < end && (text[colon] == 0x3A || text[colon] == 0x3D)
        guard isEntry, colon + 1 == end || text[colon + 1].isBlank || nameStart > start || text[colon] == 0x3D else {
            found.append(start..<end)
            return
        }
        let value = text.skippingBlanks(from: colon + 1, to: end)
        if value == end || SecretValue.isHarmless(value..<end, of: text) { return }
        if Self.plainEntries.contains(nameStart..<nameEnd, of: text), !text[value..<end].contains(UInt8(ascii: "@")) {
            return
        }
        found.append(value..<end)
    }

    private func isPunctuation(_ range: Range<Int>) -> Bool {
        text.end(of: .punctuation, from: range.lowerBound, to: range.upperBound) == range.upperBound
    }

    private mutating func beginCounted() {
        let mark = "Private-Lines: "
        if text.holds(mark, at: line.lowerBound, to: line.upperBound) {
            let start = line.lowerBound + mark.utf8.count
            let digits = text[start..<text.end(of: .digits, from: start, to: min(line.upperBound, start + 4))]
            let count = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            if count > 0 { open = .counted(min(count, 200)) }
        } else if text.holds(
            "$ANSIBLE_VAULT;", at: text.skippingBlanks(from: line.lowerBound, to: line.upperBound), to: line.upperBound)
        {
            open = .hexadecimal
        }
    }

    // MARK: armour

    private mutating func beginArmour(from start: Int) {
        guard let begin = Armour.mark("BEGIN", in: text, from: start, to: line.upperBound), !begin.isPublic else {
            if open == .nothing { maskBeforeOrphanEnd() }
            return
        }
        if let end = Armour.mark("END", in: text, from: begin.range.upperBound, to: line.upperBound) {
            // A key in one line, its line feeds written as `\n`.
            found.append(begin.range.upperBound..<end.range.lowerBound)
            return
        }
        if begin.range.upperBound < line.upperBound { found.append(begin.range.upperBound..<line.upperBound) }
        let last = below.armourEnd(after: index)
        open = last > index ? .armour(end: last) : .nothing
    }

    private mutating func endArmour() {
        guard let end = Armour.mark("END", in: text, from: line.lowerBound, to: line.upperBound) else {
            maskAll()
            return
        }
        let start = text.skippingBlanks(from: line.lowerBound, to: end.range.lowerBound)
        if start < end.range.lowerBound { found.append(start..<end.range.lowerBound) }
    }

    /// A key block without its first line is masked too.
    private mutating func maskBeforeOrphanEnd() {
        guard let end = Armour.mark("END", in: text, from: line.lowerBound, to: line.upperBound), !end.isPublic else {
            return
        }
        var above = index - 1
        while above >= 0, masks[above] == nil, Armour.isBody(lines.ranges[above], of: text) {
            let start = text.skippingBlanks(from: lines.ranges[above].lowerBound, to: lines.ranges[above].upperBound)
            masks[above] = [start..<lines.ranges[above].upperBound]
            above -= 1
        }
    }
}
