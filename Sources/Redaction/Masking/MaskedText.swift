/// A text whose secrets are masked, line for line: its lines are those of the original.
package struct MaskedText: Sendable {
    private let bytes: [UInt8]
    /// The lines, without their line feeds.
    private let bodies: [Range<Int>]
    /// What is masked of the lines that hold a secret.
    private var masks: [Int: [Range<Int>]]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        bodies = Self.lines(of: bytes)
        var masker = DocumentMasker(bodies: bodies.map { Array(bytes[$0]) })
        masker.run()
        masks = [:]
        for index in bodies.indices where masker.isMasked[index] { masks[index] = [] }
        old = masker.lines
    }
    private var old: [[UInt8]] = []

    package var count: Int { bodies.count }
    package var hasSecrets: Bool { !masks.isEmpty }
    package func isMasked(_ line: Int) -> Bool { masks[line] != nil }

    /// Not yet safe to show, as control characters are still in it.
    package subscript(_ line: Int) -> [UInt8] {
        old[line]
    }

    /// Masks here what is masked in `other`: the same line may be told as secret only by what stands around it there.
    package mutating func adoptMasks(of other: MaskedText) {
        guard other.hasSecrets else { return }
        var known: [ArraySlice<UInt8>: Int] = [:]
        for line in other.masks.keys { known[other.bytes[other.bodies[line]]] = line }
        for line in bodies.indices where masks[line] == nil {
            guard let source = known[bytes[bodies[line]]] else { continue }
            masks[line] = []
            old[line] = other.old[source]
        }
    }

    /// Splits at line feeds alone, as only the last line may lack one.
    private static func lines(of bytes: [UInt8]) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
            lines.append(start..<index)
            start = index + 1
        }
        if start < bytes.count { lines.append(start..<bytes.count) }
        return lines
    }
}
