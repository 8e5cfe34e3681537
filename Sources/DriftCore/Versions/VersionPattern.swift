/// A version as a pack's `version` writes it, such as `1.22.*`: `*` stands for any text, also for none.
///
/// It fits a version if it is equal, sign by sign, to the whole version without its epoch (`1.22.1-9+deb12u1`), or to what
/// the software's authors call it (`1.22.1`: also without dpkg's revision, rpm's release, pacman's pkgrel or apk's `-rN`).
/// So `1.22.1` fits every revision of 1.22.1, and `1.22.1-9*` some of them. A pattern that begins with a number and a colon
/// asks for that epoch as well; `0:` is the epoch of a version that has none.
package struct VersionPattern: Hashable, Sendable {
    package let text: String
    /// Nil where any epoch will do.
    private let epoch: ArraySlice<UInt8>?
    /// What stands between the stars; never empty.
    private let pieces: [ArraySlice<UInt8>]

    package init(_ text: String) {
        self.text = text
        let parts = EpochVersionRelease(text)
        let hasEpoch = parts.withoutEpoch.startIndex > 0
        epoch = hasEpoch ? parts.epoch : nil
        pieces = parts.withoutEpoch.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
    }

    package func fits(_ version: some PackageVersion) -> Bool {
        guard epoch.map({ $0.elementsEqual(version.epoch) }) ?? true else { return false }
        return fits(version.withoutEpoch) || fits(version.upstream)
    }

    /// The first piece is in front, the last one at the end, and each of the others as early as it can be.
    private func fits(_ text: ArraySlice<UInt8>) -> Bool {
        let (first, last) = (pieces[0], pieces[pieces.count - 1])
        guard pieces.count > 1 else { return text.elementsEqual(first) }
        guard text.count >= first.count + last.count, text.starts(with: first),
            text.suffix(last.count).elementsEqual(last)
        else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() {
            while !rest.starts(with: piece) {
                guard !rest.isEmpty else { return false }
                rest.removeFirst()
            }
            rest = rest.dropFirst(piece.count)
        }
        return true
    }
}
