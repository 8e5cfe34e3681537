/// Properties of a whole document that make parts of it secret.
struct DocumentTraits {
    private enum Row {
        /// `host:5432:database:user:password`
        case fields(Int)
        /// `[host]:587 user:password`
        case pair
    }

    /// The whole file is a secret.
    let isOneSecret: Bool
    /// All lines have the form of the first one, and the last field is a secret.
    private let row: Row?
    /// A key as JSON (RFC 7517).
    private var isWebKey = false
    /// A key of DNSSEC, as `dnssec-keygen` writes it.
    private var isZoneKey = false
    /// Documents of the kind Secret, as Kubernetes writes them.
    private var secretDocuments: [Range<Int>] = []

    var hasRows: Bool { row != nil || isWebKey }

    init(_ text: [UInt8], _ lines: ClueFinder.Lines) {
        isOneSecret = Self.isOneSecret(text, lines)
        row = Self.row(text, lines)
        for (place, hit) in lines.hits.enumerated() where hit.clue == .document {
            let start = Int(hit.start)
            // The last line whose hits begin at this one or before it.
            let number = (lines.firstHit.partitioningIndex { $0 > place }) - 1
            let range = lines.ranges[number]
            if text.holds("\"kty\"", at: start, to: range.upperBound) { isWebKey = true }
            if text.holdsFolded("private-key-format", at: start, to: range.upperBound) { isZoneKey = true }
            if Self.isKind(hit, range, text), secretDocuments.last.map({ $0.upperBound <= start }) ?? true {
                secretDocuments.append(Self.document(around: number, text, lines))
            }
        }
    }

    private static func isKind(_ hit: ClueFinder.Hit, _ line: Range<Int>, _ text: [UInt8]) -> Bool {
        guard
            text.holdsFolded("kind", at: Int(hit.start), to: line.upperBound)
                || text.holdsFolded("\"kind\"", at: Int(hit.start), to: line.upperBound)
        else { return false }
        let value = text.end(of: valueMarks, from: Int(hit.end), to: line.upperBound)
        let end = text.end(of: .letters, from: value, to: line.upperBound)
        return text[value..<end].elementsEqual("Secret".utf8)
    }

    private static let valueMarks = ByteSet("\": \t")
    private static let ports = ByteSet("0123456789*")
    private static let accountEnds = ByteSet(":/")
    private static let colonSet = ByteSet(":")
    private static let doubleQuote = ByteSet("\"")

    private static func document(around line: Int, _ text: [UInt8], _ lines: ClueFinder.Lines) -> Range<Int> {
        func parts(_ number: Int) -> Bool {
            text.holds("---", at: lines.ranges[number].lowerBound, to: lines.ranges[number].upperBound)
        }
        var first = line
        while first > 0, !parts(first) { first -= 1 }
        var last = line
        while last < lines.ranges.count - 1, !parts(last + 1) { last += 1 }
        return lines.ranges[first].lowerBound..<(lines.ranges[last].upperBound + 1)
    }

    // MARK: names

    private static let zoneKeyNames = WordSet("prime1 prime2 exponent1 exponent2 coefficient key")

    /// Whether this name announces a secret in this document.
    func makeSecret(_ name: Range<Int>, _ text: [UInt8]) -> Bool {
        if isZoneKey, Self.zoneKeyNames.contains(name, of: text) { return true }
        guard text.holdsFolded("data", at: name.upperBound - 4, to: name.upperBound) else { return false }
        return secretDocuments.contains { $0.contains(name.lowerBound) }
            && (name.count == 4 || text.holdsFolded("stringdata", at: name.lowerBound, to: name.upperBound))
    }

    // MARK: rows

    /// The secret in a line of a file whose lines are all alike.
    func secretOfRow(_ line: Range<Int>, _ text: [UInt8]) -> Range<Int>? {
        if isWebKey { return Self.partOfWebKey(line, text) }
        switch row {
        case .fields(let count): return Self.lastField(line, text, of: count)
        case .pair: return Self.pair(line, text)
        case nil: return nil
        }
    }

    private static func row(_ text: [UInt8], _ lines: ClueFinder.Lines) -> Row? {
        let first = lines.ranges.prefix(64).first { range in
            let start = text.skippingBlanks(from: range.lowerBound, to: range.upperBound)
            return start < range.upperBound && text[start] != UInt8(ascii: "#")
        }
        guard let first, first.count < 1024 else { return nil }
        if pair(first, text) != nil { return .pair }
        if let range = lastField(first, text, of: 5) {
            // PostgreSQL's: the second is a port.
            let port = text.first(of: colonSet, from: first.lowerBound, to: first.upperBound) + 1
            let end = text.end(of: ports, from: port, to: range.lowerBound)
            if end > port, text[end] == UInt8(ascii: ":"), !range.isEmpty { return .fields(5) }
        }
        if let range = lastField(first, text, of: 3), range.count == 32 || range.count == 64,
            text.end(of: .hexadecimal, from: range.lowerBound, to: range.upperBound) == range.upperBound
        {
            return .fields(3)
        }
        return nil
    }

    private static func lastField(_ line: Range<Int>, _ text: [UInt8], of count: Int) -> Range<Int>? {
        guard line.first.map({ text[$0] != UInt8(ascii: "#") }) ?? false else { return nil }
        var left = count - 1
        for index in line where text[index] == UInt8(ascii: ":") {
            left -= 1
            if left == 0 { return (index + 1)..<text.droppingBlanks(before: line.upperBound, from: index + 1) }
        }
        return nil
    }

    private static func pair(_ line: Range<Int>, _ text: [UInt8]) -> Range<Int>? {
        let end = text.droppingBlanks(before: line.upperBound, from: line.lowerBound)
        let host = text.first(of: .blanks, from: line.lowerBound, to: end)
        let start = text.skippingBlanks(from: host, to: end)
        guard start < end, text[line.lowerBound] != UInt8(ascii: "#"),
            text.first(of: .blanks, from: start, to: end) == end
        else { return nil }
        let isHost =
            text[line.lowerBound] == UInt8(ascii: "[") || text[line.lowerBound..<host].contains(UInt8(ascii: "."))
        let colon = text.first(of: accountEnds, from: start, to: end)
        guard isHost, colon > start, colon + 1 < end, text[colon] == UInt8(ascii: ":"),
            text[colon + 1] != UInt8(ascii: "/")
        else {
            return nil
        }
        let isPort = text.end(of: .digits, from: colon + 1, to: end) == end
        return isPort ? nil : (colon + 1)..<end
    }

    private static let webKeyParts = WordSet("d p q dp dq qi k")

    private static func partOfWebKey(_ line: Range<Int>, _ text: [UInt8]) -> Range<Int>? {
        var first: Range<Int>?
        var index = line.lowerBound
        while index < line.upperBound {
            guard text[index] == UInt8(ascii: "\"") else {
                index += 1
                continue
            }
            let end = text.first(of: doubleQuote, from: index + 1, to: line.upperBound)
            let colon = text.skippingBlanks(from: end + 1, to: line.upperBound)
            let value =
                colon < line.upperBound ? text.skippingBlanks(from: colon + 1, to: line.upperBound) : line.upperBound
            if value < line.upperBound, text[colon] == UInt8(ascii: ":"), text[value] == UInt8(ascii: "\""),
                webKeyParts.contains((index + 1)..<end, of: text)
            {
                let close = text.first(of: doubleQuote, from: value + 1, to: line.upperBound)
                // Between the parts of one line stands nothing that is worth showing.
                first = (first?.lowerBound ?? value + 1)..<close
                index = close + 1
            } else {
                index = end + 1
            }
        }
        return first
    }

    private static let secretBytes = ByteSet.alphanumeric.union(ByteSet("+/-_"))

    private static func isOneSecret(_ text: [UInt8], _ lines: ClueFinder.Lines) -> Bool {
        guard let line = lines.ranges.first, line.count < 1024, text.count <= line.count + 2 else { return false }
        let end = text.droppingBlanks(before: line.upperBound, from: 0)
        var body = end
        while body > 0, text[body - 1] == UInt8(ascii: "=") { body -= 1 }
        guard end >= 20, end - body <= 2, text.end(of: secretBytes, from: 0, to: body) == body else { return false }
        if text.end(of: .hexadecimal, from: 0, to: end) == end { return end >= 40 }
        var kinds: Set<Int> = []
        for byte in text[..<end] { kinds.insert(byte.isUpper ? 1 : byte.isLower ? 2 : byte.isDigit ? 3 : 4) }
        return kinds.isSuperset(of: [1, 2, 3]) && SecretValue.looksRandom(0..<end, of: text)
    }
}

/// A line in which other characters spell ASCII ones: full-width letters, and ones with nothing to see between them.
struct Undisguised {
    private var plain: [UInt8] = []
    /// For each byte its position in the original; one more entry at the end.
    private var places: [Int] = []
    private(set) var isDisguised = false

    init(_ line: Range<Int>, of text: [UInt8]) {
        var index = line.lowerBound
        while index < line.upperBound {
            let (byte, length) = Self.spelled(at: index, in: text, to: line.upperBound)
            if length > 1 { isDisguised = true }
            if let byte {
                plain.append(byte)
                places.append(index)
            }
            index += length
        }
        places.append(line.upperBound)
    }

    private static func spelled(at index: Int, in text: [UInt8], to limit: Int) -> (UInt8?, Int) {
        guard index + 2 < limit else { return (text[index], 1) }
        switch (text[index], text[index + 1], text[index + 2]) {
        case (0xEF, 0xBC, let last) where (0x81...0xBF).contains(last): return (last - 0x80 + 0x20, 3)
        case (0xEF, 0xBD, let last) where (0x80...0x9E).contains(last): return (last - 0x80 + 0x60, 3)
        case (0xE2, 0x80, 0x8B...0x8F), (0xE2, 0x81, 0xA0...0xA4), (0xEF, 0xBB, 0xBF): return (nil, 3)
        case (0xC2, 0xAD, _): return (nil, 2)
        case (0xC2, 0xA0, _): return (0x20, 2)
        default: return (text[index], 1)
        }
    }

    /// In the original.
    func secrets() -> [Range<Int>] {
        MaskedText(plain).maskedRanges.map { places[$0.lowerBound]..<places[$0.upperBound] }
    }
}

extension [Int] {
    /// The first position where `isBehind` holds.
    ///
    /// It holds for all later ones.
    fileprivate func partitioningIndex(where isBehind: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
