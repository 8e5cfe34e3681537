internal import Redaction

/// A version as dpkg reads and orders it: `[epoch:]upstream[-revision]`.
///
/// Total: a version that dpkg would refuse (an epoch that is not a number, an empty revision) is still ordered, byte by byte.
/// A caller that relies on the order asks for the ``complaint(about:)`` first.
/// Equality is dpkg's too: `1.0`, `1.00` and `0:1.0-0` are equal.
package struct DebianVersion: PackageVersion {
    package let epoch: ArraySlice<UInt8>
    package let withoutEpoch: ArraySlice<UInt8>
    package let upstream: ArraySlice<UInt8>
    private let revision: ArraySlice<UInt8>

    package init(_ text: String) {
        var rest = Array(text.utf8)[...]
        while let first = rest.first, first.isBlank { rest.removeFirst() }
        while let last = rest.last, last.isBlank { rest.removeLast() }
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")), let number = Self.epoch(rest[..<colon]) {
            epoch = number
            rest = rest[(colon + 1)...]
        } else {
            epoch = []
        }
        withoutEpoch = rest
        if let hyphen = rest.lastIndex(of: UInt8(ascii: "-")) {
            upstream = rest[..<hyphen]
            revision = rest[(hyphen + 1)...]
        } else {
            upstream = rest
            revision = []
        }
    }

    package func order(against other: Self) -> Int {
        let epochs = epoch.order(asNumberAgainst: other.epoch)
        if epochs != 0 { return epochs }
        let versions = Self.order(upstream, other.upstream)
        return versions != 0 ? versions : Self.order(revision, other.revision)
    }

    private static func epoch(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative || text.first == UInt8(ascii: "+") ? text.dropFirst() : text
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        let number = digits.withoutLeadingZeros
        return isNegative && !number.isEmpty ? nil : number
    }

    /// Compares runs of non-digits by ``weight(_:)`` and runs of digits by value, in turns.
    private static func order(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        var left = left
        var right = right
        while !left.isEmpty || !right.isEmpty {
            while left.first.isNonDigit || right.first.isNonDigit {
                let difference = weight(left.first) - weight(right.first)
                if difference != 0 { return difference }
                left = left.dropFirst()
                right = right.dropFirst()
            }
            let order = left.take(while: \.isDigit).order(asNumberAgainst: right.take(while: \.isDigit))
            if order != 0 { return order }
        }
        return 0
    }

    /// `~` sorts before the end, the end before letters, letters before all else.
    private static func weight(_ byte: UInt8?) -> Int {
        guard let byte, !byte.isDigit else { return 0 }
        if byte == UInt8(ascii: "~") { return -1 }
        return byte.isLetter ? Int(byte) : Int(byte) + 256
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || (9...13).contains(self) }
}

extension UInt8? {
    fileprivate var isNonDigit: Bool { self.map { !$0.isDigit } ?? false }
}
