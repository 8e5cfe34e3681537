/// Reads quoted strings and brackets.
enum Quotes {
    /// The position of the closing `quote`.
    ///
    /// A quote after a backslash, or a doubled one, does not close it.
    static func end(of quote: UInt8, in text: [UInt8], from start: Int, to limit: Int) -> Int? {
        var last: Int?
        var index = start
        while index < limit {
            if text[index] == UInt8(ascii: "\\") {
                // Where backslashes mean nothing, this one may stand before the end.
                if index + 1 < limit, text[index + 1] == quote { last = index + 1 }
                index += 2
            } else if text[index] != quote {
                index += 1
            } else if index + 1 < limit, text[index + 1] == quote, index > start {
                index += 2
            } else {
                return index
            }
        }
        return last
    }

    /// The position of three `quote`s in a row.
    static func triple(_ quote: UInt8, in text: [UInt8], from start: Int, to limit: Int) -> Int? {
        var index = start
        while index + 2 < limit {
            if text[index] == quote, text[index + 1] == quote, text[index + 2] == quote { return index }
            index += 1
        }
        return nil
    }

    /// The position where the outermost bracket closes; nil, and the depth at the end of the line, if it does not.
    static func closing(of depth: inout Int, in text: [UInt8], from start: Int, to limit: Int) -> Int? {
        var index = start
        var quote: UInt8 = 0
        while index < limit {
            let byte = text[index]
            if quote != 0 {
                if byte == UInt8(ascii: "\\") { index += 1 } else if byte == quote { quote = 0 }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") || byte == UInt8(ascii: "(") {
                depth += 1
            } else if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: ")") {
                depth -= 1
                if depth <= 0 { return index }
            }
            index += 1
        }
        return nil
    }
}
