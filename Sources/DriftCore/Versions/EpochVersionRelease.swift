internal import Redaction

/// `[epoch:]version[-release]`, as rpm and pacman part it.
struct EpochVersionRelease: Sendable {
    /// Digits; empty where none are written.
    let epoch: ArraySlice<UInt8>
    /// Version and release.
    let withoutEpoch: ArraySlice<UInt8>
    let version: ArraySlice<UInt8>
    /// Nil where no hyphen is written.
    let release: ArraySlice<UInt8>?

    init(_ text: String) {
        var rest = Array(text.utf8)[...]
        let digits = rest.prefix(while: \.isDigit)
        if digits.endIndex < rest.endIndex, rest[digits.endIndex] == UInt8(ascii: ":") {
            epoch = digits.withoutLeadingZeros
            rest = rest[(digits.endIndex + 1)...]
        } else {
            epoch = []
        }
        withoutEpoch = rest
        let hyphen = rest.lastIndex(of: UInt8(ascii: "-"))
        version = rest[..<(hyphen ?? rest.endIndex)]
        release = hyphen.map { rest[($0 + 1)...] }
    }

    /// Compares epochs as numbers and the rest by `order`; releases only if both have one.
    func order(against other: Self, by order: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Int) -> Int {
        let epochs = epoch.order(asNumberAgainst: other.epoch)
        if epochs != 0 { return epochs }
        let versions = order(version, other.version)
        guard versions == 0, let release, let otherRelease = other.release else { return versions }
        return order(release, otherRelease)
    }
}

/// The next segment of each of two versions: digits, or letters, as the left one begins.
struct SegmentPair {
    private let left: ArraySlice<UInt8>
    private let right: ArraySlice<UInt8>
    private let areNumbers: Bool

    /// Takes the segments away; the left text begins with a digit or a letter.
    init(from left: inout ArraySlice<UInt8>, _ right: inout ArraySlice<UInt8>) {
        areNumbers = left.first?.isDigit == true
        let isTaken = { [areNumbers] (byte: UInt8) in areNumbers ? byte.isDigit : byte.isLetter }
        self.left = left.take(while: isTaken)
        self.right = right.take(while: isTaken)
    }

    /// A number is newer than letters.
    var order: Int {
        guard !right.isEmpty else { return areNumbers ? 1 : -1 }
        return areNumbers ? left.order(asNumberAgainst: right) : left.order(asTextAgainst: right)
    }
}
