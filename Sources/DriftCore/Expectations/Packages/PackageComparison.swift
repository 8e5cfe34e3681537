/// Judges one package by the database of the server's package manager.
///
/// Where several architectures or versions are installed, one that is installed is enough for `present`: a pack that cares
/// names the architecture, as in `libc6:i386`, or `glibc.i686` for rpm.
enum PackageComparison {
    static func evidence(on wanted: PackageExpectation, facts: Facts) -> Evidence {
        switch database(in: facts) {
        case .failure(let reason): .unreadable(reason)
        case .success(let database): evidence(on: wanted, database)
        }
    }

    /// dpkg's database, unless it is empty: then that of another manager.
    private static func database(in facts: Facts) -> Result<PackageDatabase, UnreadableReason> {
        if case .listed(let database) = facts.packages, !database.packages.isEmpty { return .success(database) }
        let others = facts.topics.seen(InstalledPackages.self)
        if case .success(let others) = others, !others.isBroken, let database = others.database {
            return .success(database)
        }
        switch (facts.packages, others) {
        // A server that has a package manager has at least that one installed.
        case (.notAsked, _), (.listed, _): return .failure(.malformedAnswer)
        case (.unreadable(.unsupported), .success(let others)):
            return .failure(others.isBroken ? .malformedAnswer : .unsupported)
        // The script has not looked for others.
        case (.unreadable(.unsupported), .failure(.malformedAnswer)): return .failure(.unsupported)
        case (.unreadable(.unsupported), .failure(let reason)): return .failure(reason)
        case (.unreadable(let reason), _): return .failure(reason)
        }
    }

    private static func evidence(on wanted: PackageExpectation, _ database: PackageDatabase) -> Evidence {
        let entries = database.entries(named: wanted.name)
        let providers = words(database.providers[wanted.name] ?? [])
        switch wanted.state {
        case .present:
            let installed = entries.filter { $0.state == .installed }
            guard installed.isEmpty else { return evidence(on: wanted, installed: installed, database.manager) }
            if entries.contains(where: { $0.state == nil }) { return .unreadable(.malformedAnswer) }
            var expected = ["state": "present"]
            expected["version"] = wanted.version
            expected["min_version"] = wanted.minimumVersion
            expected["max_version"] = wanted.maximumVersion
            var actual = ["state": words(entries)]
            if let providers { actual["note"] = "provided by \(providers): name the package itself" }
            return .wrong(.missingPackage, expected: expected, actual: actual)
        case .absent:
            let there = entries.filter { $0.state != .absent }
            if there.isEmpty {
                return providers.map { .remark("it is not installed itself, but provided by \($0)") } ?? .none
            }
            guard there.contains(where: { $0.state != nil }) else { return .unreadable(.malformedAnswer) }
            return .wrong(.unexpectedPackage, expected: ["state": "absent"], actual: ["state": words(there)])
        }
    }

    private static func evidence(
        on wanted: PackageExpectation, installed: [InstalledPackage], _ manager: PackageManager
    ) -> Evidence {
        var evidence = VersionComparison(wanted, manager).evidence(on: installed.map(\.version))
        guard let wantsHold = wanted.isHeld else { return evidence }
        let holds = installed.map(\.isHeld)
        if holds.contains(nil) {
            return evidence.contradictions.isEmpty ? .unreadable(.unsupported) : evidence
        }
        guard holds.contains(!wantsHold) else { return evidence }
        let held = installed.filter { $0.isHeld == true }.map(\.architecture)
        let actual = held.isEmpty ? "false" : held.count == holds.count ? "true" : held.joined(separator: ", ")
        evidence.add(.wrongHold, expected: ["held": "\(wantsHold)"], actual: ["held": actual])
        return evidence
    }

    private static func words(_ providers: Set<String>) -> String? {
        providers.isEmpty ? nil : providers.sorted().prefix(3).joined(separator: ", ")
    }

    private static func words(_ entries: [InstalledPackage]) -> String {
        let words = Set(entries.compactMap { $0.state?.words })
        return words.isEmpty ? InstalledPackage.State.absent.words : words.sorted().joined(separator: ", ")
    }
}

extension PackageDatabase {
    /// The entries of a package, or of one architecture of it.
    fileprivate func entries(named name: String) -> [InstalledPackage] {
        if let entries = packages[name] { return entries }
        // rpm writes `glibc.i686`.
        let isSeparator = { [manager] (sign: Character) in sign == ":" || sign == "." && manager == .rpm }
        guard let separator = name.lastIndex(where: isSeparator) else { return [] }
        let architecture = String(name[name.index(after: separator)...])
        let entries = packages[String(name[..<separator])] ?? []
        // A package for all architectures is there for each of them.
        let fitting: Set = [architecture, "all", "noarch"]
        return entries.filter { fitting.contains($0.architecture) || architecture == "any" || isForAny($0) }
    }

    /// What dpkg calls `all` is `any` to pacman.
    private func isForAny(_ entry: InstalledPackage) -> Bool { manager == .pacman && entry.architecture == "any" }
}
