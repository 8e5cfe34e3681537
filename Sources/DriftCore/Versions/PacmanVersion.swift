internal import Redaction

/// A version as pacman reads and orders it: `[epoch:]pkgver[-pkgrel]`.
///
/// A pkgrel that only one side has is not compared. It orders like rpm, but for three points: `~` and `^` are signs like
/// others, more signs between two segments are newer, and letters that only one side still has make it older.
package struct PacmanVersion: PackageVersion {
    private let parts: EpochVersionRelease

    package init(_ text: String) { parts = EpochVersionRelease(text) }

    package var epoch: ArraySlice<UInt8> { parts.epoch }
    package var withoutEpoch: ArraySlice<UInt8> { parts.withoutEpoch }
    package var upstream: ArraySlice<UInt8> { parts.version }

    package func order(against other: Self) -> Int { parts.order(against: other.parts, by: Self.order) }

    private static func order(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        guard left != right else { return 0 }
        var (left, right) = (left, right)
        while !left.isEmpty, !right.isEmpty {
            let leftSigns = left.take { !$0.isAlphanumeric }
            let rightSigns = right.take { !$0.isAlphanumeric }
            guard !left.isEmpty, !right.isEmpty else { break }
            if leftSigns.count != rightSigns.count { return leftSigns.count - rightSigns.count }
            let order = SegmentPair(from: &left, &right).order
            if order != 0 { return order }
        }
        switch (left.first, right.first) {
        case (nil, nil): return 0
        case (nil, let next?): return next.isLetter ? 1 : -1
        case (let next?, _): return next.isLetter ? -1 : 1
        }
    }

    /// In the words with which `makepkg` refuses a package; and a text without a digit, which pacman would take.
    package static func complaint(about text: String) -> VersionComplaint? {
        guard !text.isEmpty else { return VersionComplaint("pkgver is not allowed to be empty", isRefusal: true) }
        let version = Self(text)
        let pkgver = version.upstream
        if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
            let epoch = text.utf8[..<colon]
            guard !epoch.isEmpty, epoch.allSatisfy(\.isDigit) else {
                return VersionComplaint("epoch must be an integer", isRefusal: false)
            }
        }
        if let release = version.parts.release {
            let numbers = release.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard numbers.count <= 2, numbers.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isDigit) }) else {
                return VersionComplaint("pkgrel must be of the form 'integer[.integer]'", isRefusal: false)
            }
        }
        guard !pkgver.isEmpty else { return VersionComplaint("pkgver is not allowed to be empty", isRefusal: false) }
        guard !pkgver.contains(where: { $0 <= 0x20 || ":/-".utf8.contains($0) }) else {
            return VersionComplaint(
                "pkgver is not allowed to contain colons, forward slashes, hyphens or whitespace", isRefusal: false)
        }
        guard pkgver.allSatisfy({ $0 < 0x7F }) else {
            return VersionComplaint("pkgver may only contain ascii characters", isRefusal: false)
        }
        return text.utf8.contains(where: \.isDigit) ? nil : .noDigit
    }
}
