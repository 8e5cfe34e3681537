/// Blocks between `-----BEGIN …-----` and `-----END …-----`.
enum Armour {
    /// Labels of blocks that hold nothing secret.
    private static let publicLabels: Set<String> = [
        "CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST",
        "X509 CRL", "PUBLIC KEY", "RSA PUBLIC KEY", "SSH2 PUBLIC KEY", "PGP PUBLIC KEY BLOCK", "PGP SIGNATURE",
        "PGP SIGNED MESSAGE", "SSH SIGNATURE", "DH PARAMETERS", "X9.42 DH PARAMETERS", "EC PARAMETERS", "PKCS7", "CMS",
        "ATTRIBUTE CERTIFICATE", "MINISIGN SIGNATURE",
    ]
    private static let marks = ByteSet("- ")

    /// The range of the first block mark from `start` on.
    static func mark(
        _ word: String, in text: [UInt8], from start: Int, to limit: Int
    ) -> (range: Range<Int>, isPublic: Bool)? {

        var index = start
        while true {
            let first = text.first(of: .dash, from: index, to: limit)
            guard first < limit else { return nil }
            index = text.end(of: .dash, from: first, to: limit)
            guard index - first >= 4 else { continue }
            let inside = text.skippingBlanks(from: index, to: limit)
            let label = inside + word.utf8.count + 1
            guard text.holds(word, at: inside, to: limit), label < limit, text[label - 1] == 0x20 else { continue }
            let labelEnd = text.droppingBlanks(
                before: text.first(of: .dash, from: label, to: min(limit, label + 64)), from: label)
            let close = text.end(of: marks, from: labelEnd, to: limit)
            guard labelEnd > label, close - labelEnd >= 4 else { continue }
            let isPublic = publicLabels.contains(String(decoding: text[label..<labelEnd], as: UTF8.self))
            return (first..<text.droppingBlanks(before: close, from: labelEnd), isPublic)
        }
    }

    /// Whether a line can belong to a block: it is base64 or empty.
    static func isBody(_ line: Range<Int>, of text: [UInt8]) -> Bool {
        let start = text.skippingBlanks(from: line.lowerBound, to: line.upperBound)
        let end = text.droppingBlanks(before: line.upperBound, from: start)
        return end - start >= 4 && text.end(of: .base64, from: start, to: end) == end
    }
}

/// Facts about the following lines, computed in one pass when they are first needed.
struct LinesBelow {
    private let text: [UInt8]
    private let lines: ClueFinder.Lines
    /// For each line, the line of the next `-----END`.
    private var armourEnds: [Int]?
    private var closings: [UInt64: Int]?
    private var quotes: [UInt8: [Int]] = [:]

    init(_ text: [UInt8], _ lines: ClueFinder.Lines) {
        self.text = text
        self.lines = lines
    }

    /// The last line of the block that begins in `line`: its end mark or, if there is none, the last line that looks
    /// like part of a key.
    mutating func armourEnd(after line: Int) -> Int {
        if armourEnds == nil {
            var ends = [Int](repeating: .max, count: lines.ranges.count + 1)
            for number in lines.ranges.indices.reversed() {
                ends[number] = ends[number + 1]
                guard lines.hits(of: number).contains(where: { $0.clue == .armour }) else { continue }
                let range = lines.ranges[number]
                if Armour.mark("END", in: text, from: range.lowerBound, to: range.upperBound) != nil {
                    ends[number] = number
                }
            }
            armourEnds = ends
        }
        if let end = armourEnds?[line + 1], end < line + 400 { return end }
        var last = line
        var isHeader = true
        while last + 1 < lines.ranges.count, last < line + 400 {
            let next = lines.ranges[last + 1]
            let isBlank = text.skippingBlanks(from: next.lowerBound, to: next.upperBound) == next.upperBound
            let isBody = Armour.isBody(next, of: text)
            if isBody { isHeader = false }
            guard isBody || isBlank || (isHeader && text[next].contains(UInt8(ascii: ":"))) else { break }
            last += 1
        }
        return last
    }

    /// Whether the element with the name in `name` ends in a later line.
    mutating func closes(_ name: Range<Int>, after line: Int) -> Bool {
        if closings == nil {
            var last: [UInt64: Int] = [:]
            for number in lines.ranges.indices {
                for hit in lines.hits(of: number) where hit.clue == .closing {
                    let start = Int(hit.end)
                    let end = text.end(
                        of: .element, from: start,
                        to: min(start + 128, lines.ranges[number].upperBound))
                    last[text.wordHash(start..<end)] = number
                }
            }
            closings = last
        }
        return closings?[text.wordHash(name)].map { $0 > line && $0 < line + 400 } ?? false
    }

    /// Whether a string that opens in `line` may close in a later line.
    mutating func holds(_ quote: UInt8, after line: Int) -> Bool {
        if quotes[quote] == nil {
            var next = [Int](repeating: .max, count: lines.ranges.count + 1)
            for number in lines.ranges.indices.reversed() {
                next[number] = text[lines.ranges[number]].contains(quote) ? number : next[number + 1]
            }
            quotes[quote] = next
        }
        return quotes[quote].map { $0[line + 1] < line + 200 } ?? false
    }
}
