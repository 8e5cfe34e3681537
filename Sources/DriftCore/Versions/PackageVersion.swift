/// A version as one package manager reads it, orders it and refuses it.
package protocol PackageVersion: Sendable {
    /// Reads any text, even one that the manager would refuse (see ``complaint(about:)``).
    init(_ text: String)

    /// Negative if the manager calls this version older than `other`, positive if newer, 0 if neither.
    ///
    /// Some managers do not look at a part that only one of the versions has, so this is an order only among versions of the
    /// same form, as in one server's database.
    func order(against other: Self) -> Int

    /// The number in front of the version, without leading zeros; empty for none and for 0.
    var epoch: ArraySlice<UInt8> { get }
    /// The version without its epoch.
    var withoutEpoch: ArraySlice<UInt8> { get }
    /// What the authors of the software call the version: no epoch, and no revision by the distribution.
    var upstream: ArraySlice<UInt8> { get }

    /// What the manager says of a text that is not a version; nil for a version.
    static func complaint(about text: String) -> VersionComplaint?
}

extension PackageVersion {
    /// The epoch as it is written; `0` for none.
    var epochText: String { epoch.isEmpty ? "0" : String(decoding: epoch, as: UTF8.self) }
}

/// What a package manager says of a text that is not a version.
package struct VersionComplaint: Hashable, Sendable {
    /// The manager's own words, where it has some.
    package var words: String
    /// Whether the manager does not compare such a text at all; others it compares, perhaps with a warning.
    package var isRefusal: Bool

    init(_ words: String, isRefusal: Bool) {
        self.words = words
        self.isRefusal = isRefusal
    }

    /// Words such as `latest`: they can be compared, but prove something that nobody meant.
    static let noDigit = Self("it contains no digit", isRefusal: false)
}

extension ArraySlice<UInt8> {
    /// Negative, 0 or positive, as the number that these digits write is smaller than, equal to or greater than the other.
    ///
    /// Any number of digits, leading zeros or not.
    func order(asNumberAgainst other: Self) -> Int {
        let (left, right) = (withoutLeadingZeros, other.withoutLeadingZeros)
        return left.count != right.count ? left.count - right.count : left.order(asTextAgainst: right)
    }

    /// Byte by byte; where one text begins with the other, the shorter one comes first.
    func order(asTextAgainst other: Self) -> Int {
        for (left, right) in zip(self, other) where left != right { return Int(left) - Int(right) }
        return count - other.count
    }

    var withoutLeadingZeros: Self { drop { $0 == UInt8(ascii: "0") } }

    /// Takes away what is in front, as far as `isTaken` says.
    mutating func take(while isTaken: (UInt8) -> Bool) -> Self {
        let taken = prefix(while: isTaken)
        self = self[taken.endIndex...]
        return taken
    }

    /// Takes `byte` away if it is the first.
    mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard first == UInt8(ascii: byte) else { return false }
        removeFirst()
        return true
    }
}
