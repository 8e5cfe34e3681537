/// A text whose secrets are masked, line for line: its lines are those of the original.
///
/// A pure function of its bytes; time and memory grow with their number, whatever they are.
package struct MaskedText: Sendable {
    private let bytes: [UInt8]
    /// The lines, without their line feeds.
    private let bodies: [Range<Int>]
    /// What is masked, in order, of each line that holds a secret.
    private var masks: [Int: [Range<Int>]]

    package init(_ bytes: [UInt8]) {
        var masker = DocumentMasker(bytes)
        masker.run()
        self.bytes = bytes
        bodies = masker.lines.ranges
        masks = masker.masks
    }

    package var count: Int { bodies.count }
    package var hasSecrets: Bool { !masks.isEmpty }
    /// The lines that hold a secret, in order.
    package var maskedLines: [Int] { masks.keys.sorted() }

    /// The line as it may be stored; not yet safe to show, as control characters are still in it.
    package subscript(_ line: Int) -> [UInt8] {
        let body = bodies[line]
        guard let ranges = masks[line] else { return Array(bytes[body]) }
        var shown: [UInt8] = []
        var next = body.lowerBound
        for range in ranges {
            shown += bytes[next..<range.lowerBound]
            shown += Masking.mask.utf8
            next = range.upperBound
        }
        return shown + bytes[next..<body.upperBound]
    }

    /// The line as the signs that may be shown.
    package func signs(of line: Int) -> [Sign] {
        let body = bodies[line]
        var signs: [Sign] = []
        var next = body.lowerBound
        for range in masks[line] ?? [] {
            signs.append(bytes: bytes[next..<range.lowerBound])
            signs.append(.masked)
            next = range.upperBound
        }
        signs.append(bytes: bytes[next..<body.upperBound])
        return signs
    }

    /// The whole text as such signs, line feeds and all.
    package var signs: [Sign] {
        var signs: [Sign] = []
        for line in bodies.indices {
            if line > 0 { signs.append(.scalar("\n")) }
            signs += self.signs(of: line)
        }
        if bytes.last == UInt8(ascii: "\n") { signs.append(.scalar("\n")) }
        return signs
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
            let distance = bodies[line].lowerBound - other.bodies[source].lowerBound
            masks[line] = other.masks[source]?.map { $0.lowerBound + distance..<$0.upperBound + distance }
        }
    }

    /// In the bytes of the whole text.
    var maskedRanges: [Range<Int>] { maskedLines.flatMap { masks[$0] ?? [] } }
}
