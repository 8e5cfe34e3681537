/// A text as its lines, each with its line feed; only the last may lack one.
struct TextLines: Hashable, Sendable {
    let lines: [ArraySlice<UInt8>]

    /// Splits at line feeds alone: a carriage return belongs to its line.
    init(_ bytes: [UInt8]) {
        var lines: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
            lines.append(bytes[start...index])
            start = index + 1
        }
        if start < bytes.endIndex { lines.append(bytes[start...]) }
        self.lines = lines
    }

    /// Whether `bytes` are not a text that can be compared by lines.
    ///
    /// A text need not be UTF-8.
    static func isBinary(_ bytes: [UInt8]) -> Bool { bytes.contains(0) }

    /// The line without its line feed.
    func body(at index: Int) -> ArraySlice<UInt8> {
        endsWithLineFeed(at: index) ? lines[index].dropLast() : lines[index]
    }

    func endsWithLineFeed(at index: Int) -> Bool { lines[index].last == UInt8(ascii: "\n") }
}
