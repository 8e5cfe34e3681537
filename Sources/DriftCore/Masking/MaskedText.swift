/// A text whose secrets are masked, line for line: the count of lines is that of the original.
struct MaskedText: Sendable {
    /// Without line feeds; not yet safe to show, as control characters are still in them.
    private(set) var lines: [String]
    /// Which lines lost something.
    private(set) var isMasked: [Bool]

    var hasSecrets: Bool { isMasked.contains(true) }

    init(_ text: TextLines) {
        var masker = DocumentMasker(bodies: text.lines.indices.map { Array(text.body(at: $0)) })
        masker.run()
        lines = masker.lines.map { String(decoding: $0, as: UTF8.self) }
        isMasked = masker.isMasked
    }

    /// Masks here what is masked in `other`: the same line may be told as secret only by what stands around it there.
    mutating func adoptMasks(of other: MaskedText, here: TextLines, there: TextLines) {
        var known: [ArraySlice<UInt8>: Int] = [:]
        for index in other.lines.indices where other.isMasked[index] { known[there.body(at: index)] = index }
        guard !known.isEmpty else { return }
        for index in lines.indices {
            guard let source = known[here.body(at: index)], !isMasked[index] else { continue }
            lines[index] = other.lines[source]
            isMasked[index] = true
        }
    }
}
