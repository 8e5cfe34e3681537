/// Goes through a document from top to bottom and remembers what is open: a key block, a string, a section.
struct DocumentMasker {
    private enum Open: Equatable {
        case nothing
        case rest(LineScanner.Rest)
        /// Between `-----BEGIN … KEY-----` and its end.
        case armour
        /// The lines of a PuTTY key, as many as were announced.
        case counted(Int)
    }

    private let bodies: [[UInt8]]
    /// The last line with each quote.
    private let lastQuote: [UInt8: Int]
    private(set) var lines: [[UInt8]] = []
    private(set) var isMasked: [Bool] = []
    private var open = Open.nothing
    /// For how many lines more a `value` belongs to a secret's name.
    private var namedLines = 0

    init(bodies: [[UInt8]]) {
        self.bodies = bodies
        var lastQuote: [UInt8: Int] = [:]
        for (index, body) in bodies.enumerated() {
            for quote in [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`")] where body.contains(quote) {
                lastQuote[quote] = index
            }
        }
        self.lastQuote = lastQuote
    }

    mutating func run() {
        for index in bodies.indices {
            let body = bodies[index]
            var ranges: [Range<Int>] = []
            let start = continueOpen(body, &ranges)
            if start < body.count && open == .nothing { scan(body, from: start, at: index, &ranges) }
            ranges += SecretShapes.ranges(in: body)
            append(body, ranges)
        }
    }

    private mutating func append(_ body: [UInt8], _ ranges: [Range<Int>]) {
        var masked: [UInt8] = []
        var next = 0
        let ordered = ranges.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
        for range in ordered where range.upperBound > next {
            if range.lowerBound >= next && !(range.lowerBound == next && next > 0) {
                masked += body[next..<range.lowerBound]
                masked += Array(Masking.mask.utf8)
            }
            next = range.upperBound
        }
        masked += body[next...]
        lines.append(masked)
        isMasked.append(next > 0)
    }

    // MARK: what began above

    /// Masks what an earlier line left open; returns from where the line is to be read.
    private mutating func continueOpen(_ body: [UInt8], _ ranges: inout [Range<Int>]) -> Int {
        switch open {
        case .nothing:
            return 0
        case .armour:
            return continueArmour(body, &ranges)
        case .counted(let left):
            open = left > 1 ? .counted(left - 1) : .nothing
            maskAll(body, &ranges)
        case .rest(.section(let column, let mayHoldItems)):
            let indentation = body.prefix { $0.isASCIISpace }.count
            let isItem = mayHoldItems && indentation == column && body[indentation...].starts(with: "- ".utf8)
            guard indentation == body.count || indentation > column || isItem else {
                open = .nothing
                return 0
            }
            maskEntry(body, &ranges)
        case .rest(.quote(let quote)):
            guard let end = Quotes.end(of: quote, in: body, from: 0) else {
                maskAll(body, &ranges)
                break
            }
            open = .nothing
            ranges.append(0..<end)
            return end + 1
        case .rest(.brackets(var depth)):
            if let end = Quotes.closing(of: &depth, in: body, from: 0) {
                open = .nothing
                if !isPunctuation(body[..<end]) { ranges.append(body.prefix { $0.isASCIISpace }.count..<end) }
                return end + 1
            }
            open = .rest(.brackets(depth: depth))
            maskEntry(body, &ranges)
        case .rest(.continuation):
            if body.last != UInt8(ascii: "\\") { open = .nothing }
            maskAll(body, &ranges)
        case .rest(.element):
            guard let end = body.indices.first(where: { body.starts(with: "</", at: $0) }) else {
                maskAll(body, &ranges)
                break
            }
            open = .nothing
            ranges.append(0..<end)
            return end
        case .rest(.nothing):
            open = .nothing
            return 0
        }
        return body.count
    }

    private func maskAll(_ body: [UInt8], _ ranges: inout [Range<Int>]) {
        let start = body.prefix { $0.isASCIISpace }.count
        if start < body.count { ranges.append(start..<body.count) }
    }

    /// Keeps the key of an entry below a secret's name.
    private func maskEntry(_ body: [UInt8], _ ranges: inout [Range<Int>]) {
        guard !isPunctuation(body[...]) else { return }
        let start = body.prefix { $0.isASCIISpace || $0 == UInt8(ascii: "-") }.count
        let name = body.run(from: start, limit: 128) { $0.isASCIIAlphanumeric || "_-.\"'".utf8.contains($0) }
        let colon = name.upperBound
        let isEntry = colon + 1 < body.count && body[colon] == UInt8(ascii: ":") && body[colon + 1].isASCIISpace
        if isEntry && !name.isEmpty {
            ranges.append(body.run(from: colon + 1, while: \.isASCIISpace).upperBound..<body.count)
        } else if colon + 1 != body.count || body[colon] != UInt8(ascii: ":") || name.isEmpty {
            ranges.append(start..<body.count)
        }
    }

    private func isPunctuation(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { $0.isASCIISpace || "[]{}(),;-".utf8.contains($0) }
    }

    // MARK: what begins here

    private mutating func scan(_ body: [UInt8], from start: Int, at index: Int, _ ranges: inout [Range<Int>]) {
        if let lineCount = puttyLines(body) {
            open = .counted(lineCount)
            return
        }
        maskBeforeOrphanEnd(body)
        let quotesBelow = Set(lastQuote.filter { $0.value > index }.keys)
        let scanner = LineScanner(body, from: start, namesSecret: namedLines > 0, quotesBelow: quotesBelow)
        ranges += scanner.ranges
        if scanner.rest != .nothing { open = .rest(scanner.rest) }
        namedLines = scanner.nameFound.map { $0 ? 2 : 0 } ?? max(0, namedLines - 1)
        beginArmour(body, from: start, &ranges)
    }

    private func puttyLines(_ body: [UInt8]) -> Int? {
        let mark = "Private-Lines: "
        guard body.starts(with: mark, at: 0) else { return nil }
        let digits = body.run(from: mark.utf8.count, limit: 6, while: \.isASCIIDigit)
        return Int(String(decoding: body[digits], as: UTF8.self))
    }

    // MARK: armour

    /// Labels of blocks that hold nothing secret.
    private static let publicLabels = [
        "CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST",
        "X509 CRL", "PUBLIC KEY", "RSA PUBLIC KEY", "SSH2 PUBLIC KEY", "PGP PUBLIC KEY BLOCK", "PGP SIGNATURE",
        "PGP SIGNED MESSAGE", "SSH SIGNATURE", "DH PARAMETERS", "X9.42 DH PARAMETERS", "EC PARAMETERS", "PKCS7", "CMS",
    ]

    /// Where the mark of a secret block begins and ends.
    private func mark(_ word: String, in body: [UInt8], from start: Int) -> Range<Int>? {
        var index = start
        while let dash = body[index...].firstIndex(of: UInt8(ascii: "-")) {
            let dashes = body.run(from: dash) { $0 == UInt8(ascii: "-") }
            index = dashes.upperBound
            guard dashes.count >= 4 else { continue }
            let inside = body.run(from: index) { $0 == 0x20 }.upperBound
            guard body.starts(with: word + " ", at: inside) else { continue }
            let label = body.run(from: inside + word.utf8.count + 1, limit: 64) { $0 != UInt8(ascii: "-") }
            let name = String(decoding: body[label], as: UTF8.self).split(separator: " ").joined(separator: " ")
            if Self.publicLabels.contains(name) { continue }
            return dash..<body.run(from: label.upperBound) { $0 == UInt8(ascii: "-") }.upperBound
        }
        return nil
    }

    private mutating func beginArmour(_ body: [UInt8], from start: Int, _ ranges: inout [Range<Int>]) {
        guard let begin = mark("BEGIN", in: body, from: start) else { return }
        if let end = mark("END", in: body, from: begin.upperBound) {
            // A key in one line, its line feeds written as `\n`.
            ranges.append(begin.upperBound..<end.lowerBound)
        } else {
            ranges.append(begin.upperBound..<body.count)
            open = .armour
        }
    }

    private mutating func continueArmour(_ body: [UInt8], _ ranges: inout [Range<Int>]) -> Int {
        guard let end = mark("END", in: body, from: 0) else {
            maskAll(body, &ranges)
            return body.count
        }
        open = .nothing
        if !body[..<end.lowerBound].allSatisfy(\.isASCIISpace) { ranges.append(0..<end.lowerBound) }
        return end.upperBound
    }

    /// A key whose first line is gone is a key all the same.
    private mutating func maskBeforeOrphanEnd(_ body: [UInt8]) {
        guard mark("END", in: body, from: 0) != nil else { return }
        for index in lines.indices.reversed() {
            let above = bodies[index].filter { !$0.isASCIISpace }
            guard above.count >= 4, above.allSatisfy({ $0.isASCIIAlphanumeric || "+/=".utf8.contains($0) }) else {
                break
            }
            lines[index] = Array(Masking.mask.utf8)
            isMasked[index] = true
        }
    }
}
