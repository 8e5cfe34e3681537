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
    private let pattern: StarPattern

    package init(_ text: String) {
        self.text = text
        let parts = EpochVersionRelease(text)
        let hasEpoch = parts.withoutEpoch.startIndex > 0
        epoch = hasEpoch ? parts.epoch : nil
        pattern = StarPattern(parts.withoutEpoch)
    }

    package func fits(_ version: some PackageVersion) -> Bool {
        guard epoch.map({ $0.elementsEqual(version.epoch) }) ?? true else { return false }
        return pattern.fits(version.withoutEpoch) || pattern.fits(version.upstream)
    }
}
