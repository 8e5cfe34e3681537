/// A pattern in which `*` stands for any text, also for none, and every other sign for itself.
struct StarPattern: Hashable, Sendable {
    /// What stands between the stars; never empty.
    private let pieces: [ArraySlice<UInt8>]

    init(_ text: ArraySlice<UInt8>) {
        pieces = text.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
    }

    /// The first piece is in front, the last one at the end, and each of the others as early as it can be.
    func fits(_ text: ArraySlice<UInt8>) -> Bool {
        let (first, last) = (pieces[0], pieces[pieces.count - 1])
        guard pieces.count > 1 else { return text.elementsEqual(first) }
        guard text.count >= first.count + last.count, text.starts(with: first),
            text.suffix(last.count).elementsEqual(last)
        else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() {
            while !rest.starts(with: piece) {
                guard !rest.isEmpty else { return false }
                rest.removeFirst()
            }
            rest = rest.dropFirst(piece.count)
        }
        return true
    }
}
