/// A set of ASCII characters with a lookup of a few instructions.
struct ByteSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private var others = false

    init(_ members: String, andAllAbove ASCII: Bool = false) {
        for byte in members.utf8 where byte < 128 {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
        }
        others = ASCII
    }

    func contains(_ byte: UInt8) -> Bool {
        if byte < 64 { return low >> UInt64(byte) & 1 == 1 }
        return byte < 128 ? high >> UInt64(byte - 64) & 1 == 1 : others
    }

    func union(_ other: ByteSet) -> ByteSet {
        var union = self
        union.low |= other.low
        union.high |= other.high
        union.others = others || other.others
        return union
    }

    static let digits = ByteSet("0123456789")
    static let lower = ByteSet("abcdefghijklmnopqrstuvwxyz")
    static let upper = ByteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    static let letters = lower.union(upper)
    static let alphanumeric = letters.union(digits)
    static let hexadecimal = ByteSet("0123456789abcdefABCDEF")
    static let blanks = ByteSet(" \t\r")
    static let quotes = ByteSet("\"'`")
    /// The characters of names.
    static let name = alphanumeric.union(ByteSet("_-.$@"))
    static let dash = ByteSet("-")
    static let comment = ByteSet("#;")
    static let less = ByteSet("<")
    static let greater = ByteSet(">")
    /// Characters that may come before the first name of a line.
    static let opening = ByteSet(" \t\r-#;/*!\"'{")
    static let indentation = ByteSet(" \t\r-")
    static let punctuation = ByteSet(" \t\r[]{}(),;-\"'")
    static let element = name.union(ByteSet(":"))
    static let word = alphanumeric.union(ByteSet("_.-"))
    static let quotedWord = alphanumeric.union(ByteSet("_.-\"'"))
    static let beforeColon = ByteSet("\"' \t")
    static let base64 = alphanumeric.union(ByteSet("+/=_-"))
    static let token = alphanumeric.union(ByteSet("_-.~+/="))
    static let path = alphanumeric.union(ByteSet("/_-.+@%*,:~"))
}

extension UInt8 {
    var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0D }
    var isQuote: Bool { self == 0x22 || self == 0x27 || self == 0x60 }
    var isUpper: Bool { self &- 0x41 < 26 }
    var isLower: Bool { self &- 0x61 < 26 }
    /// Of ASCII.
    package var isDigit: Bool { self &- 0x30 < 10 }
    /// Of ASCII, in upper or lower case.
    package var isLetter: Bool { isUpper || isLower }
    /// A letter or digit of ASCII.
    package var isAlphanumeric: Bool { isLetter || isDigit }
    /// In lower case.
    var folded: UInt8 { isUpper ? self | 0x20 : self }
}

extension [UInt8] {
    /// The end of the run of bytes from `start` that are in `set`; at most `limit`.
    func end(of set: ByteSet, from start: Int, to limit: Int) -> Int {
        var index = start
        while index < limit, set.contains(self[index]) { index += 1 }
        return index
    }

    /// The position of the first byte in `set`, or `limit` if there is none.
    func first(of set: ByteSet, from start: Int, to limit: Int) -> Int {
        var index = start
        while index < limit, !set.contains(self[index]) { index += 1 }
        return index
    }

    func skippingBlanks(from start: Int, to limit: Int) -> Int {
        var index = start
        while index < limit, self[index].isBlank { index += 1 }
        return index
    }

    func droppingBlanks(before end: Int, from start: Int) -> Int {
        var index = end
        while index > start, self[index - 1].isBlank { index -= 1 }
        return index
    }

    func holds(_ word: String, at index: Int, to limit: Int) -> Bool {
        let word = word.utf8
        guard index >= 0, index + word.count <= limit, index < limit, self[index] == word.first else { return false }
        var place = index
        for byte in word {
            if self[place] != byte { return false }
            place += 1
        }
        return true
    }

    /// The same, ignoring the case of letters; `word` is in lower case.
    func holdsFolded(_ word: String, at index: Int, to limit: Int) -> Bool {
        let word = word.utf8
        guard index >= 0, index + word.count <= limit, index < limit, self[index].folded == word.first else {
            return false
        }
        var place = index
        for byte in word {
            if self[place].folded != byte { return false }
            place += 1
        }
        return true
    }

    /// A hash of the word in `range` that ignores the case of its letters (FNV-1a).
    func wordHash(_ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in range { hash = (hash ^ UInt64(self[index].folded)) &* 0x100_0000_01b3 }
        return hash
    }
}

/// Words with a number each, looked up by a hash that ignores the case of letters.
struct WordTable: Sendable {
    private var hashes: [UInt64]
    private var values: [UInt8]
    private let mask: Int

    /// The numbers start at 1.
    ///
    /// If a word is given twice, the later number counts.
    init(_ words: [(String, UInt8)]) {
        var all: [(hash: UInt64, value: UInt8)] = []
        for (list, value) in words {
            for word in list.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
                let bytes = Array(word.utf8)
                all.append((bytes.wordHash(0..<bytes.count), value))
            }
        }
        var size = 8
        while size < all.count * 2 { size *= 2 }
        mask = size - 1
        hashes = [UInt64](repeating: 0, count: size)
        values = [UInt8](repeating: 0, count: size)
        for (hash, value) in all {
            var place = Int(truncatingIfNeeded: hash) & mask
            while values[place] != 0, hashes[place] != hash { place = (place + 1) & mask }
            hashes[place] = hash
            values[place] = value
        }
    }

    /// 0 for a word that is not in it.
    subscript(_ range: Range<Int>, _ text: [UInt8]) -> UInt8 {
        guard range.count <= 64 else { return 0 }
        let hash = text.wordHash(range)
        var place = Int(truncatingIfNeeded: hash) & mask
        while values[place] != 0 {
            if hashes[place] == hash { return values[place] }
            place = (place + 1) & mask
        }
        return 0
    }
}

/// A set of words, ignoring the case of letters.
struct WordSet: Sendable {
    private let table: WordTable

    init(_ words: String) { table = WordTable([(words, 1)]) }

    func contains(_ range: Range<Int>, of text: [UInt8]) -> Bool { table[range, text] != 0 }
}

/// Prefixes of words, in lower case, matched ignoring the case of the text.
struct PrefixSet: Sendable {
    private var byFirst = [[[UInt8]]](repeating: [], count: 256)

    init(_ words: String) {
        for word in words.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let bytes = Array(word.utf8)
            byFirst[Int(bytes[0])].append(bytes)
        }
    }

    func begins(at index: Int, of text: [UInt8], to limit: Int) -> Bool {
        guard index >= 0, index < limit else { return false }
        return byFirst[Int(text[index].folded)].contains { word in
            guard index + word.count <= limit else { return false }
            for place in word.indices where text[index + place].folded != word[place] { return false }
            return true
        }
    }
}
