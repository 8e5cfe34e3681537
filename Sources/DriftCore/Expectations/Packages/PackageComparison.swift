/// Judges one package by dpkg's database.
///
/// Where several architectures are installed, one that is installed is enough for `present`, and one that is new
/// enough is enough for a minimum version: a pack that cares names the architecture (`libc6:i386`).
enum PackageComparison {
    static func evidence(on wanted: PackageExpectation, facts: Facts) -> Evidence {
        switch facts.packages {
        case .notAsked: return .unreadable(.malformedAnswer)
        case .unreadable(let reason): return .unreadable(reason)
        case .dpkg(let database):
            // A server that has dpkg has dpkg installed.
            guard !database.isEmpty else { return .unreadable(.malformedAnswer) }
            return evidence(
                on: wanted, entries: entries(named: wanted.name, in: database),
                providers: facts.providers[wanted.name] ?? [])
        }
    }

    private static func evidence(
        on wanted: PackageExpectation, entries: [InstalledPackage], providers: Set<String>
    ) -> Evidence {
        let states = entries.map { DpkgState($0.status) }
        switch wanted.state {
        case .present:
            let installed = zip(entries, states).filter { $0.1 == .installed }.map(\.0)
            guard installed.isEmpty else { return version(of: installed, for: wanted) }
            if states.contains(nil) { return .unreadable(.malformedAnswer) }
            var expected = ["state": "present"]
            expected["min_version"] = wanted.minimumVersion
            var actual = ["state": words(states)]
            if let names = words(providers) { actual["note"] = "provided by \(names): name the package itself" }
            return .wrong(.missingPackage, expected: expected, actual: actual)
        case .absent:
            let there = states.filter { $0 != .absent }
            if there.isEmpty {
                return words(providers).map { .remark("it is not installed itself, but provided by \($0)") } ?? .none
            }
            guard there.contains(where: { $0 != nil }) else { return .unreadable(.malformedAnswer) }
            return .wrong(.unexpectedPackage, expected: ["state": "absent"], actual: ["state": words(there)])
        }
    }

    private static func version(of installed: [InstalledPackage], for wanted: PackageExpectation) -> Evidence {
        guard let minimum = wanted.minimumVersion else { return .none }
        // `latest` is not a version: comparing with it would prove something that nobody meant.
        guard DebianVersion.complaint(about: minimum) == nil else { return .unreadable(.notAVersion) }
        let newest = installed.max { PackageManager.dpkg.order(of: $0.version, against: $1.version) < 0 }
        guard let newest, DebianVersion.complaint(about: newest.version)?.isRefusal != true else {
            return .unreadable(.malformedAnswer)
        }
        let (observed, least) = (DebianVersion(newest.version), DebianVersion(minimum))
        let (epoch, leastEpoch) = (observed.epochText, least.epochText)
        if observed.order(against: least) >= 0 {
            guard epoch != "0", leastEpoch == "0" else { return .none }
            return .remark(
                "\(newest.version) has an epoch, and so is newer than every version without one:"
                    + " min_version needs \(epoch): before it")
        }
        var actual = ["version": newest.version]
        if observed.epoch.order(asNumberAgainst: least.epoch) < 0 {
            actual["note"] = "the epoch \(leastEpoch): is newer than every version that begins with \(epoch):"
        }
        return .wrong(.wrongVersion, expected: ["min_version": minimum], actual: actual)
    }

    private static func entries(
        named name: String, in database: [String: [InstalledPackage]]
    ) -> [InstalledPackage] {
        if let entries = database[name] { return entries }
        guard let colon = name.lastIndex(of: ":") else { return [] }
        let architecture = name[name.index(after: colon)...]
        let entries = database[String(name[..<colon])] ?? []
        // A package for `all` architectures is there for each of them.
        return entries.filter { [String(architecture), "all"].contains($0.architecture) || architecture == "any" }
    }

    private static func words(_ providers: Set<String>) -> String? {
        providers.isEmpty ? nil : providers.sorted().prefix(3).joined(separator: ", ")
    }

    private static func words(_ states: [DpkgState?]) -> String {
        let words = Set(states.compactMap { $0?.words })
        return words.isEmpty ? DpkgState.absent.words : words.sorted().joined(separator: ", ")
    }
}

/// The state of a package by dpkg's letters.
private enum DpkgState: Hashable {
    case installed
    /// Not installed, or only its configuration is left.
    case absent
    /// Something between, in dpkg's own words.
    case partly(String)

    /// Reads `ii `, `hi `, `rc `, `iF `, `iiR`; nil if dpkg never writes such letters.
    init?(_ letters: String) {
        let letters = Array(letters.utf8)
        guard letters.count >= 2, "uihrp".utf8.contains(letters[0]) else { return nil }
        let needsReinstalling = letters.count > 2 && letters[2] == UInt8(ascii: "R")
        switch letters[1] {
        // For packages that depend on it, a package with pending triggers is installed; one that awaits another's triggers
        // is not.
        case UInt8(ascii: "i"), UInt8(ascii: "t"):
            self = needsReinstalling ? .partly("reinst-required") : .installed
        case UInt8(ascii: "n"): self = .absent
        case UInt8(ascii: "c"): self = .absent
        case UInt8(ascii: "H"): self = .partly("half-installed")
        case UInt8(ascii: "U"): self = .partly("unpacked")
        case UInt8(ascii: "F"): self = .partly("half-configured")
        case UInt8(ascii: "W"): self = .partly("triggers-awaited")
        default: return nil
        }
    }

    var words: String {
        switch self {
        case .installed: "present"
        case .absent: "absent"
        case .partly(let words): words
        }
    }
}
