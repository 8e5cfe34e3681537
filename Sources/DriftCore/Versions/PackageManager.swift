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

    /// Whether every manager that takes both texts for versions calls the first one newer, and some manager does.
    package static func allAgree(_ left: String, isNewerThan right: String) -> Bool {
        let judges = allCases.filter { $0.complaint(about: left) == nil && $0.complaint(about: right) == nil }
        return !judges.isEmpty && judges.allSatisfy { $0.order(of: left, against: right) > 0 }
    }

    func read(_ text: String) -> any PackageVersion { version.init(text) }

    func fits(_ pattern: VersionPattern, _ text: String) -> Bool {
        func fits(_ version: some PackageVersion) -> Bool { pattern.fits(version) }
        return fits(read(text))
    }
}
