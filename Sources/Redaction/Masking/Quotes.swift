/// Reads quoted strings and brackets.
enum Quotes {
    /// Where `quote` closes; a backslash or a doubled quote does not close it.
    static func end(of quote: UInt8, in line: [UInt8], from start: Int) -> Int? {
        closing(quote, in: line, from: start, escapes: true) ?? closing(quote, in: line, from: start, escapes: false)
    }

    private static func closing(_ quote: UInt8, in line: [UInt8], from start: Int, escapes: Bool) -> Int? {
        var index = start
        while index < line.count {
            if escapes && line[index] == UInt8(ascii: "\\") {
                index += 2
            } else if line[index] != quote {
                index += 1
            } else if index + 1 < line.count, line[index + 1] == quote, index > start {
                index += 2
            } else {
                return index
            }
        }
        return nil
    }

    /// Where the outermost bracket closes; nil with the depth that the line leaves open.
    static func closing(of depth: inout Int, in line: [UInt8], from start: Int) -> Int? {
        var index = start
        while index < line.count {
            if line[index] == UInt8(ascii: "\"") || line[index] == UInt8(ascii: "'") {
                index = closing(line[index], in: line, from: index + 1, escapes: true) ?? index
            } else if "[{(".utf8.contains(line[index]) {
                depth += 1
            } else if "]})".utf8.contains(line[index]) {
                depth -= 1
                if depth <= 0 { return index }
            }
            index += 1
        }
        return nil
    }
}
