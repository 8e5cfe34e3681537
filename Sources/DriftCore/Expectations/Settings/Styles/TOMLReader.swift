internal import Redaction

/// Reads TOML 1.0.
///
/// Integers are written in decimal, without `_`; other values stay as they are.
struct TOMLReader {
    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0
    private let root = Table()

    private static let deepest = 100

    /// A table while it may still grow.
    private final class Table {
        enum Definition {
            /// Only as the way to another table.
            case implicit
            case header, dotted
            /// Complete: an inline table.
            case closed
        }

        enum Value {
            case node(ConfigurationNode)
            case table(Table)
            case tables(Tables)
        }

        var definition: Definition
        var names: [String] = []
        var values: [String: Value] = [:]

        init(_ definition: Definition = .implicit) { self.definition = definition }

        func add(_ value: Value, named name: String) {
            names.append(name)
            values[name] = value
        }

        var node: ConfigurationNode {
            .mapping(
                names.map { name in
                    switch values[name] {
                    case .node(let node)?: (name, node)
                    case .table(let table)?: (name, table.node)
                    case .tables(let tables)?: (name, .list(tables.items.map(\.node)))
                    case nil: (name, .computed)
                    }
                })
        }
    }

    /// A list of tables while it may still grow.
    private final class Tables {
        var items: [Table]

        init(_ first: Table) { items = [first] }
    }

    static func read(_ text: String) throws(ConfigurationText.Malformed) -> ConfigurationNode {
        var reader = TOMLReader(bytes: Array(text.utf8))
        try reader.document()
        return reader.root.node
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    // MARK: Lines

    private mutating func document() throws(ConfigurationText.Malformed) {
        var current = root
        while true {
            try skipBlanksAndLines()
            guard let byte = peek else { return }
            if byte == UInt8(ascii: "[") {
                current = try header()
            } else {
                try assignment(in: current)
            }
            try endOfLine()
        }
    }

    private mutating func header() throws(ConfigurationText.Malformed) -> Table {
        place += 1
        let isItem = take("[")
        let names = try key()
        guard take("]"), !isItem || take("]") else { throw malformed("the name of a table is not closed") }
        var table = root
        for name in names.dropLast() {
            switch table.values[name] {
            case nil:
                let next = Table()
                table.add(.table(next), named: name)
                table = next
            case .table(let next)? where next.definition != .closed: table = next
            case .tables(let tables)?: table = tables.items.last ?? table
            default: throw malformed("`\(name)` is not a table")
            }
        }
        let name = names[names.count - 1]
        let new = Table(.header)
        switch (table.values[name], isItem) {
        case (nil, false): table.add(.table(new), named: name)
        case (nil, true): table.add(.tables(Tables(new)), named: name)
        case (.tables(let tables)?, true): tables.items.append(new)
        case (.table(let earlier)?, false) where earlier.definition == .implicit:
            earlier.definition = .header
            return earlier
        default: throw malformed("`\(name)` is defined twice")
        }
        return new
    }

    private mutating func assignment(in table: Table) throws(ConfigurationText.Malformed) {
        let names = try key()
        guard take("=") else { throw malformed("`=` is missing") }
        var table = table
        for name in names.dropLast() {
            switch table.values[name] {
            case nil:
                let next = Table(.dotted)
                table.add(.table(next), named: name)
                table = next
            case .table(let next)? where next.definition == .dotted: table = next
            default: throw malformed("`\(name)` is defined twice")
            }
        }
        let name = names[names.count - 1]
        guard table.values[name] == nil else { throw malformed("`\(name)` is defined twice") }
        table.add(.node(try value()), named: name)
    }

    private mutating func endOfLine() throws(ConfigurationText.Malformed) {
        skipBlanks()
        skipComment()
        _ = take("\r")
        guard peek == nil || take("\n") else { throw malformed("there is more on the line than belongs there") }
    }

    // MARK: Keys

    private mutating func key() throws(ConfigurationText.Malformed) -> [String] {
        var names: [String] = []
        repeat {
            skipBlanks()
            switch peek {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): names.append(try text(multiline: false))
            default:
                let start = place
                while let byte = peek, byte.isAlphanumeric || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") {
                    place += 1
                }
                guard place > start else { throw malformed("a name is missing") }
                names.append(String(decoding: bytes[start..<place], as: UTF8.self))
            }
            skipBlanks()
            if names.count > Self.deepest { throw malformed("data is nested deeper than \(Self.deepest)") }
        } while take(".")
        return names
    }

    // MARK: Values

    private mutating func value() throws(ConfigurationText.Malformed) -> ConfigurationNode {
        skipBlanks()
        depth += 1
        defer { depth -= 1 }
        if depth > Self.deepest { throw malformed("data is nested deeper than \(Self.deepest)") }
        switch peek {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .text(try text(multiline: true))
        case UInt8(ascii: "["): return try list()
        case UInt8(ascii: "{"): return try inlineTable()
        default: return try word()
        }
    }

    private mutating func list() throws(ConfigurationText.Malformed) -> ConfigurationNode {
        place += 1
        var items: [ConfigurationNode] = []
        while true {
            try skipBlanksAndLines()
            if take("]") { return .list(items) }
            items.append(try value())
            try skipBlanksAndLines()
            if take(",") { continue }
            guard take("]") else { throw malformed("`,` or `]` is missing") }
            return .list(items)
        }
    }

    private mutating func inlineTable() throws(ConfigurationText.Malformed) -> ConfigurationNode {
        place += 1
        let table = Table(.closed)
        skipBlanks()
        if take("}") { return table.node }
        repeat { try assignment(in: table) } while try more()
        return table.node
    }

    private mutating func more() throws(ConfigurationText.Malformed) -> Bool {
        skipBlanks()
        if take("}") { return false }
        guard take(",") else { throw malformed("`,` or `}` is missing") }
        return true
    }

    /// A number, a date or a word.
    private mutating func word() throws(ConfigurationText.Malformed) -> ConfigurationNode {
        let start = place
        while let byte = peek, byte.isAlphanumeric || "+-._:".utf8.contains(byte) { place += 1 }
        // A date and a time may have a blank between them.
        if place - start == 10, peek == UInt8(ascii: " "), place + 1 < bytes.count, bytes[place + 1].isDigit {
            place += 1
            while let byte = peek, byte.isAlphanumeric || "+-.:".utf8.contains(byte) { place += 1 }
        }
        let word = String(decoding: bytes[start..<place], as: UTF8.self)
        guard let node = TOMLWord.node(of: word) else {
            place = start
            throw malformed(
                word.isEmpty ? "a value is missing" : "`\(word.prefix(40))` is not a value; a text needs quotes")
        }
        return node
    }

    // MARK: Texts

    private mutating func text(multiline: Bool) throws(ConfigurationText.Malformed) -> String {
        let quote = bytes[place]
        place += 1
        let isLiteral = quote == UInt8(ascii: "'")
        var isMultiline = false
        if peek == quote, place + 1 < bytes.count, bytes[place + 1] == quote {
            guard multiline else { throw malformed("a name has one line") }
            isMultiline = true
            place += 2
            _ = take("\r")
            _ = take("\n")
        }
        var result: [UInt8] = []
        while let byte = peek {
            if byte == quote {
                let count = bytes[place...].prefix { $0 == quote }.count
                if !isMultiline || count >= 3 {
                    // Up to two quotes may stand before the three that end the text.
                    let kept = isMultiline ? min(count - 3, 2) : 0
                    result += Array(repeating: quote, count: kept)
                    place += isMultiline ? kept + 3 : 1
                    return String(decoding: result, as: UTF8.self)
                }
                result += Array(repeating: quote, count: count)
                place += count
                continue
            }
            place += 1
            if byte == UInt8(ascii: "\\"), !isLiteral {
                try escape(isMultiline, into: &result)
            } else if byte == UInt8(ascii: "\n"), !isMultiline {
                place -= 1
                throw malformed("a text goes over the end of its line")
            } else if byte == UInt8(ascii: "\r"), isMultiline, peek == UInt8(ascii: "\n") {
                continue
            } else if byte < 0x20 && byte != 0x09 && byte != 0x0A || byte == 0x7F {
                throw malformed("a text has a control character")
            } else {
                result.append(byte)
            }
        }
        throw malformed("a text is not closed")
    }

    private mutating func escape(_ isMultiline: Bool, into result: inout [UInt8]) throws(ConfigurationText.Malformed) {
        guard let byte = peek else { throw malformed("a text is not closed") }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = byte == UInt8(ascii: "u") ? 4 : 8
            let digits = String(decoding: bytes[place..<min(place + count, bytes.count)], as: UTF8.self)
            guard digits.utf8.count == count, digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16),
                let scalar = Unicode.Scalar(value)
            else {
                throw malformed("`\\\(Character(Unicode.Scalar(byte)))` is not followed by the number of a character")
            }
            place += count
            result += String(Character(scalar)).utf8
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
            // A `\` at the end of a line: the text goes on at the next character.
            place -= 1
            skipBlanks()
            _ = take("\r")
            guard isMultiline, take("\n") else { throw malformed("`\\` stands before a blank") }
            while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { place += 1 }
        default: throw malformed("`\\` stands before a character that it does not go with")
        }
    }

    // MARK: Places

    private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard let byte = peek, UInt32(byte) == sign.value else { return false }
        place += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 { place += 1 }
    }

    private mutating func skipComment() {
        guard peek == UInt8(ascii: "#") else { return }
        while let byte = peek, byte != UInt8(ascii: "\n") { place += 1 }
    }

    private mutating func skipBlanksAndLines() throws(ConfigurationText.Malformed) {
        while let byte = peek {
            if byte == UInt8(ascii: "#") {
                skipComment()
            } else if byte == 0x20 || byte == 0x09 || byte == 0x0A
                || (byte == 0x0D && place + 1 < bytes.count && bytes[place + 1] == 0x0A)
            {
                place += 1
            } else {
                return
            }
        }
    }

    private func malformed(_ reason: String) -> ConfigurationText.Malformed {
        let line = bytes[..<min(place, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
        return ConfigurationText.Malformed(line: line, reason: reason)
    }
}
