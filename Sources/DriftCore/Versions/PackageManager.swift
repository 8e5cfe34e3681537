/// The programs that install packages on Linux servers, each with its own order of versions.
package enum PackageManager: String, Hashable, Sendable, Codable, CaseIterable {
    case dpkg, rpm, apk, pacman

    private var version: any PackageVersion.Type {
        switch self {
        case .dpkg: DebianVersion.self
        case .rpm: RPMVersion.self
        case .apk: APKVersion.self
        case .pacman: PacmanVersion.self
        }
    }

    /// Negative if this manager calls `left` older than `right`, positive if newer, 0 if neither.
    package func order(of left: String, against right: String) -> Int {
        func order(_ version: (some PackageVersion).Type) -> Int {
            version.init(left).order(against: version.init(right))
        }
        return order(version)
    }

    /// What the manager says of a text that is not a version to it; nil for a version.
    package func complaint(about text: String) -> VersionComplaint? { version.complaint(about: text) }

    /// Reads one version.
    package func read(_ text: String) -> any PackageVersion { version.init(text) }
}
