/// The lines of an answer, one after another, without the newline; the last one only when its newline came too.
struct AnswerLines {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { index = end + 1 }
        return bytes[index..<end]
    }

    /// Skips everything up to the line that begins with `prefix`.
    ///
    /// - Returns: What follows the prefix on that line; nil if there is none.
    mutating func skip(to prefix: [UInt8]) -> ArraySlice<UInt8>? {
        while let line = next() {
            if line.starts(with: prefix) { return line.dropFirst(prefix.count) }
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    /// The first word, and what follows the space behind it.
    func cut() -> (word: ArraySlice<UInt8>, rest: ArraySlice<UInt8>) {
        guard let space = firstIndex(of: UInt8(ascii: " ")) else { return (self, self[endIndex...]) }
        return (self[..<space], self[(space + 1)...])
    }

    func isEqual(to text: StaticString) -> Bool {
        text.utf8CodeUnitCount == count && text.description.utf8.elementsEqual(self)
    }
}
