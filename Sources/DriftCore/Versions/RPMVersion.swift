internal import Redaction

/// A version as rpm reads and orders it: `[epoch:]version[-release]`.
///
/// As in a dependency: a bound without a release says nothing about releases, so `1.0-5` is neither older nor newer than `1.0`.
package struct RPMVersion: PackageVersion {
    private let parts: EpochVersionRelease

    /// An empty release is none.
    package init(_ text: String) { parts = EpochVersionRelease(text.hasSuffix("-") ? String(text.dropLast()) : text) }

    package var epoch: ArraySlice<UInt8> { parts.epoch }
    package var withoutEpoch: ArraySlice<UInt8> { parts.withoutEpoch }
    package var upstream: ArraySlice<UInt8> { parts.version }

    package func order(against other: Self) -> Int { parts.order(against: other.parts, by: Self.order) }

    /// Compares segments of digits or letters, whatever other signs part them.
    ///
    /// `~` is older than the end; `^` is newer than the end, and older than all else.
    private static func order(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        var (left, right) = (left, right)
        while true {
            _ = left.take(while: isSeparator)
            _ = right.take(while: isSeparator)
            switch (left.take("~"), right.take("~")) {
            case (true, true): continue
            case (true, false): return -1
            case (false, true): return 1
            case (false, false): break
            }
            switch (left.first == UInt8(ascii: "^"), right.first == UInt8(ascii: "^")) {
            case (true, true):
                left.removeFirst()
                right.removeFirst()
                continue
            case (true, false): return right.isEmpty ? 1 : -1
            case (false, true): return left.isEmpty ? -1 : 1
            case (false, false): break
            }
            guard !left.isEmpty, !right.isEmpty else { return left.count - right.count }
            let order = SegmentPair(from: &left, &right).order
            if order != 0 { return order }
        }
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        !byte.isAlphanumeric && byte != UInt8(ascii: "~") && byte != UInt8(ascii: "^")
    }

    /// In the words with which `rpmbuild` refuses a dependency; and a text without a digit, which rpm would take.
    package static func complaint(about text: String) -> VersionComplaint? {
        guard !text.isEmpty else { return VersionComplaint("Version required", isRefusal: true) }
        if let byte = text.utf8.first(where: { !$0.isAlphanumeric && !"._+~^-:".utf8.contains($0) }) {
            return VersionComplaint("Illegal char \(shown(byte, in: text))", isRefusal: false)
        }
        if text.contains("..") { return VersionComplaint("Illegal sequence \"..\"", isRefusal: false) }
        for separator in ["-", ":"] where text.split(separator: separator, omittingEmptySubsequences: false).count > 2 {
            return VersionComplaint("Invalid version (double separator '\(separator)')", isRefusal: false)
        }
        if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
            let epoch = text.utf8[..<colon]
            guard !epoch.isEmpty else { return VersionComplaint("the epoch is empty", isRefusal: false) }
            guard epoch.allSatisfy(\.isDigit) else {
                return VersionComplaint("Invalid version (epoch must be unsigned integer)", isRefusal: false)
            }
        }
        let version = Self(text)
        guard !version.upstream.isEmpty else { return VersionComplaint("the version is empty", isRefusal: false) }
        guard !text.hasSuffix("-") else {
            return VersionComplaint("the release is empty", isRefusal: false)
        }
        return text.utf8.contains(where: \.isDigit) ? nil : .noDigit
    }

    private static func shown(_ byte: UInt8, in text: String) -> String {
        let sign = text.first { $0.utf8.contains(byte) }
        return sign.map { "'\($0)'" } ?? "0x\(String(byte, radix: 16))"
    }
}
