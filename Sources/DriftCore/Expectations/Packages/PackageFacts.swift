/// What dpkg has installed; other package managers answer in a topic of their own, ``InstalledPackages``.
package enum PackageFacts: Hashable, Sendable {
    case notAsked
    case listed(PackageDatabase)
    case unreadable(UnreadableReason)
}

/// What a package manager knows to be installed.
package struct PackageDatabase: Hashable, Sendable {
    package var manager: PackageManager
    /// By name; several entries where several versions or architectures are installed.
    package var packages: [String: [InstalledPackage]]
    /// Which installed packages stand in for a name, as far as the server said: a hint, and no proof.
    package var providers: [String: Set<String>]

    package init(
        _ manager: PackageManager, _ packages: [String: [InstalledPackage]], providers: [String: Set<String>] = [:]
    ) {
        self.manager = manager
        self.packages = packages
        self.providers = providers
    }
}

/// One entry of a package manager's database.
package struct InstalledPackage: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case installed
        /// Not installed, or only its configuration is left.
        case absent
        /// Something between, in the manager's own words.
        case partly(String)

        /// As a mismatch shows it.
        var words: String {
            switch self {
            case .installed: "present"
            case .absent: "absent"
            case .partly(let words): words
            }
        }
    }

    /// Nil if what the server said of it makes no sense.
    package var state: State?
    /// Whether the manager was told to leave it at its version; nil if that cannot be known.
    package var isHeld: Bool?
    package var version: String
    package var architecture: String

    package init(state: State? = .installed, isHeld: Bool? = nil, version: String, architecture: String) {
        self.state = state
        self.isHeld = isHeld
        self.version = version
        self.architecture = architecture
    }

    /// By the letters that `dpkg -l` prints, such as `ii `, `hi `, `rc `, `iF `, `iiR`: wanted, status, error.
    package init(dpkgLetters letters: String, version: String, architecture: String) {
        self.init(
            state: State(dpkgLetters: Array(letters.utf8)), isHeld: letters.hasPrefix("h"), version: version,
            architecture: architecture)
    }
}

extension InstalledPackage.State {
    /// Nil if dpkg never writes such letters.
    init?(dpkgLetters letters: [UInt8]) {
        guard letters.count >= 2, "uihrp".utf8.contains(letters[0]) else { return nil }
        let needsReinstalling = letters.count > 2 && letters[2] == UInt8(ascii: "R")
        switch letters[1] {
        // For packages that depend on it, a package with pending triggers is installed; one that awaits another's triggers
        // is not.
        case UInt8(ascii: "i"), UInt8(ascii: "t"):
            self = needsReinstalling ? .partly("reinst-required") : .installed
        case UInt8(ascii: "n"), UInt8(ascii: "c"): self = .absent
        case UInt8(ascii: "H"): self = .partly("half-installed")
        case UInt8(ascii: "U"): self = .partly("unpacked")
        case UInt8(ascii: "F"): self = .partly("half-configured")
        case UInt8(ascii: "W"): self = .partly("triggers-awaited")
        default: return nil
        }
    }
}
