/// A text whose secrets are masked, line for line: its lines are those of the original.
///
/// A pure function of its bytes; time and memory grow with their number, whatever they are.
package struct MaskedText: Sendable {
    private let bytes: [UInt8]
    /// The lines, without their line feeds.
    private let bodies: [Range<Int>]
    /// What is masked, in order, of each line that holds a secret.
    private var masks: [Int: [Range<Int>]]
    /// Lines masked by another text, as shown there.
    private var adopted: [Int: [UInt8]] = [:]

    package init(_ bytes: [UInt8]) {
        var masker = DocumentMasker(bytes)
        masker.run()
        self.bytes = bytes
        bodies = masker.lines.ranges
        masks = masker.masks
    }

    package var count: Int { bodies.count }
    package var hasSecrets: Bool { !masks.isEmpty }
    package func isMasked(_ line: Int) -> Bool { masks[line] != nil }
    /// The lines that hold a secret, in order.
    package var maskedLines: [Int] { masks.keys.sorted() }

    /// The line as it may be stored; not yet safe to show, as control characters are still in it.
    package subscript(_ line: Int) -> [UInt8] {
        let body = bodies[line]
        guard let ranges = masks[line] else { return Array(bytes[body]) }
        if let shown = adopted[line] { return shown }
        var shown: [UInt8] = []
        var next = body.lowerBound
        for range in ranges {
            shown += bytes[next..<range.lowerBound]
            shown += Masking.mask.utf8
            next = range.upperBound
        }
        return shown + bytes[next..<body.upperBound]
    }

    /// All lines, joined by line feeds.
    package var joined: [UInt8] {
        var all: [UInt8] = []
        for line in 0..<count {
            if line > 0 { all.append(0x0A) }
            all += self[line]
        }
        return all
    }

    /// Masks here what is masked in `other`: the same line may be told as secret only by what stands around it there.
    package mutating func adoptMasks(of other: MaskedText) {
        guard other.hasSecrets else { return }
        var known: [ArraySlice<UInt8>: Int] = [:]
        for line in other.masks.keys { known[other.bytes[other.bodies[line]]] = line }
        for line in bodies.indices where masks[line] == nil {
            guard let source = known[bytes[bodies[line]]] else { continue }
            masks[line] = []
            adopted[line] = other[source]
        }
    }

    /// In the bytes of the whole text.
    var maskedRanges: [Range<Int>] { maskedLines.flatMap { masks[$0] ?? [] } }
}
