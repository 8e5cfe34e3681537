/// A version as dpkg reads and orders it: `[epoch:]upstream[-revision]`.
///
/// Total: a version that dpkg would refuse (an epoch that is not a number, an empty revision) is still ordered, byte by byte.
/// A caller that relies on the order asks for the ``Complaint`` first.
/// Equality is dpkg's too: `1.0`, `1.00` and `0:1.0-0` are equal.
package struct DebianVersion: Comparable, Sendable {
    /// 0 where none is written.
    let epoch: Int
    private let upstream: ArraySlice<UInt8>
    private let revision: ArraySlice<UInt8>

    package init(_ text: String) {
        var rest = Array(text.utf8)[...]
        while let first = rest.first, first.isBlank { rest.removeFirst() }
        while let last = rest.last, last.isBlank { rest.removeLast() }
        var epoch = 0
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")), let number = Self.epoch(rest[..<colon]) {
            epoch = number
            rest = rest[(colon + 1)...]
        }
        self.epoch = epoch
        if let hyphen = rest.lastIndex(of: UInt8(ascii: "-")) {
            upstream = rest[..<hyphen]
            revision = rest[(hyphen + 1)...]
        } else {
            upstream = rest
            revision = []
        }
    }

    package static func == (left: Self, right: Self) -> Bool { left.compared(to: right) == 0 }
    package static func < (left: Self, right: Self) -> Bool { left.compared(to: right) < 0 }

    private func compared(to other: Self) -> Int {
        if epoch != other.epoch { return epoch < other.epoch ? -1 : 1 }
        let order = Self.order(upstream, other.upstream)
        return order != 0 ? order : Self.order(revision, other.revision)
    }

    private static func epoch(_ text: ArraySlice<UInt8>) -> Int? {
        let digits = text.first == UInt8(ascii: "+") ? text.dropFirst() : text
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        return digits.reduce(0) { number, digit in
            let (product, isTooBig) = number.multipliedReportingOverflow(by: 10)
            return isTooBig || product > Int.max - 10 ? Int.max : product + Int(digit - UInt8(ascii: "0"))
        }
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
            let leftNumber = takeNumber(&left)
            let rightNumber = takeNumber(&right)
            if leftNumber.count != rightNumber.count { return leftNumber.count - rightNumber.count }
            for (leftDigit, rightDigit) in zip(leftNumber, rightNumber) where leftDigit != rightDigit {
                return Int(leftDigit) - Int(rightDigit)
            }
        }
        return 0
    }

    /// The digits at the front, without leading zeros.
    private static func takeNumber(_ text: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = text.prefix(while: \.isDigit)
        text = text[digits.endIndex...]
        return digits.drop { $0 == UInt8(ascii: "0") }
    }

    /// `~` sorts before the end, the end before letters, letters before all else.
    private static func weight(_ byte: UInt8?) -> Int {
        guard let byte, !byte.isDigit else { return 0 }
        if byte == UInt8(ascii: "~") { return -1 }
        return byte.isLetter ? Int(byte) : Int(byte) + 256
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || (9...13).contains(self) }
    fileprivate var isLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}

extension UInt8? {
    fileprivate var isNonDigit: Bool { self.map { !$0.isDigit } ?? false }
}
