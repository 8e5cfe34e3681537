/// A text whose secrets are masked, line for line: its lines are those of the original.
///
/// It depends only on its bytes, and takes time and memory proportional to their number.
package struct MaskedText: Sendable {
    private let bytes: [UInt8]
    /// The lines, without their line feeds.
    private let bodies: [Range<Int>]
    /// The masked ranges, in order, of each line with a secret.
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

    /// The line as it may be stored.
    ///
    /// It may contain control characters, so it is not safe to show.
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

    /// The line as signs that are safe to show.
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

    /// The line, if nothing in it is masked and all of it is printable ASCII: then it is shown as it is.
    package func plainLine(_ line: Int) -> String? {
        guard masks[line] == nil else { return nil }
        let body = bytes[bodies[line]]
        return body.allSatisfy { (0x20..<0x7F).contains($0) } ? String(decoding: body, as: UTF8.self) : nil
    }

    /// The whole text as such signs, with its line feeds.
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

    /// Also masks what is masked in `other`: there the same line may be next to something that shows it to be secret.
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
