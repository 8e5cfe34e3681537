/// Reads JSON (RFC 8259), and keeps numbers as they are written.
///
/// Of a name that a mapping has twice the last counts, as to most programs.
struct JSONReader {
    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0

    private static let deepest = 200

    static func read(_ bytes: [UInt8]) throws(ConfigurationText.Malformed) -> ConfigurationNode {
        var reader = JSONReader(bytes: bytes)
        let node = try reader.value()
        reader.skipBlanks()
        if reader.place < bytes.count { throw reader.malformed("there is more behind the data") }
        return node
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func malformed(_ reason: String) -> ConfigurationText.Malformed {
        let lines = bytes[..<min(place, bytes.count)].count { $0 == UInt8(ascii: "\n") }
        return ConfigurationText.Malformed(line: lines + 1, reason: reason)
    }

    private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        place += 1
        return true
    }

    private mutating func value() throws(ConfigurationText.Malformed) -> ConfigurationNode {
        skipBlanks()
        depth += 1
        defer { depth -= 1 }
        if depth > Self.deepest { throw malformed("data is nested deeper than \(Self.deepest)") }
        switch peek {
        case UInt8(ascii: "{"): return try mapping()
        case UInt8(ascii: "["): return try list()
        case UInt8(ascii: "\""): return .text(try text())
        default: return .plain(try word())
        }
    }

    private mutating func list() throws(ConfigurationText.Malformed) -> ConfigurationNode {
        place += 1
        var items: [ConfigurationNode] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .list(items) }
        repeat { items.append(try value()) } while try more(before: UInt8(ascii: "]"))
        return .list(items)
    }

    private mutating func mapping() throws(ConfigurationText.Malformed) -> ConfigurationNode {
        place += 1
        var entries: [(name: String, value: ConfigurationNode)] = []
        var places: [String: Int] = [:]
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .mapping(entries) }
        repeat {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else { throw malformed("a name in double quotes is missing") }
            let name = try text()
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw malformed("`:` is missing") }
            let value = try value()
            if let place = places[name] {
                entries[place].value = value
            } else {
                places[name] = entries.count
                entries.append((name, value))
            }
        } while try more(before: UInt8(ascii: "}"))
        return .mapping(entries)
    }

    /// True after a comma, false after `end`.
    private mutating func more(before end: UInt8) throws(ConfigurationText.Malformed) -> Bool {
        skipBlanks()
        if take(end) { return false }
        guard take(UInt8(ascii: ",")) else { throw malformed("`,` or `\(Character(Unicode.Scalar(end)))` is missing") }
        return true
    }

    private mutating func text() throws(ConfigurationText.Malformed) -> String {
        place += 1
        var result: [UInt8] = []
        while let byte = peek {
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): result += try escaped()
            case ..<0x20:
                place -= 1
                throw malformed("a text goes over the end of its line")
            default: result.append(byte)
            }
        }
        throw malformed("a text is not closed")
    }

    private mutating func escaped() throws(ConfigurationText.Malformed) -> [UInt8] {
        guard let byte = peek else { throw malformed("a text is not closed") }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                units.append(try codeUnit())
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        default: throw malformed("`\\` stands before a character that it does not go with")
        }
    }

    private mutating func codeUnit() throws(ConfigurationText.Malformed) -> UInt16 {
        let digits = bytes[place..<min(place + 4, bytes.count)]
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw malformed("`\\u` is not followed by four hexadecimal digits") }
        place += 4
        return unit
    }

    private mutating func word() throws(ConfigurationText.Malformed) -> String {
        let start = place
        while let byte = peek, Self.wordBytes.contains(byte) { place += 1 }
        let word = String(decoding: bytes[start..<place], as: UTF8.self)
        guard Self.isWord(word) else {
            place = start
            throw malformed(
                word.isEmpty ? "a value is missing" : "`\(word.prefix(40))` is not a value; a text needs double quotes")
        }
        return word
    }

    private static let wordBytes = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._".utf8)

    /// Whether JSON writes it without quotes.
    static func isWord(_ text: String) -> Bool {
        ["true", "false", "null"].contains(text) || isNumber(Array(text.utf8.prefix(1000))[...])
    }

    private static func isNumber(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        func digits() -> ArraySlice<UInt8> {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest.dropFirst(digits.count)
            return digits
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let whole = digits()
        if whole.isEmpty || (whole.count > 1 && whole.first == UInt8(ascii: "0")) { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            if digits().isEmpty { return false }
        }
        if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
            if digits().isEmpty { return false }
        }
        return rest.isEmpty
    }
}
