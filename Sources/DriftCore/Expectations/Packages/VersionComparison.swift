/// Judges installed versions by what a pack wants of them, in the order of the server's package manager.
///
/// Several versions of one package may be installed, such as kernels. One that fits is enough for `version`, and one that is
/// new enough for `min_version`; none may be newer than `max_version`.
struct VersionComparison {
    private let wanted: PackageExpectation
    private let manager: PackageManager

    init(_ wanted: PackageExpectation, _ manager: PackageManager) {
        self.wanted = wanted
        self.manager = manager
    }

    func evidence(on installed: [String]) -> Evidence {
        let bounds = [wanted.minimumVersion, wanted.maximumVersion].compactMap(\.self)
        guard !bounds.isEmpty || wanted.version != nil else { return .none }
        // `latest` is not a version: comparing with it would prove something that nobody meant.
        guard bounds.allSatisfy({ manager.complaint(about: $0) == nil }) else { return .unreadable(.notAVersion) }
        guard installed.allSatisfy({ manager.complaint(about: $0)?.isRefusal != true }) else {
            return .unreadable(.malformedAnswer)
        }
        let versions = Set(installed).sorted { left, right in
            let order = manager.order(of: left, against: right)
            return order != 0 ? order > 0 : right.precedesBytewise(left)
        }
        return evidence(newestFirst: versions)
    }

    private func evidence(newestFirst versions: [String]) -> Evidence {
        var expected: [String: String] = [:]
        var wrong: Set<String> = []
        var notes: [String] = []
        if let version = wanted.version {
            let pattern = VersionPattern(version)
            if !versions.contains(where: { manager.fits(pattern, $0) }) {
                expected["version"] = version
                wrong.formUnion(versions)
            }
        }
        if let minimum = wanted.minimumVersion, manager.order(of: versions[0], against: minimum) < 0 {
            expected["min_version"] = minimum
            wrong.insert(versions[0])
            notes += noteOnEpochs(newer: minimum, older: versions[0])
        }
        if let maximum = wanted.maximumVersion {
            let tooNew = versions.filter { manager.order(of: $0, against: maximum) > 0 }
            if let newest = tooNew.first {
                expected["max_version"] = maximum
                wrong.formUnion(tooNew)
                notes += noteOnEpochs(newer: newest, older: maximum) + noteOnRevisions(tooNew, maximum)
            }
        }
        guard !expected.isEmpty else { return remark(newest: versions[0]).map { .remark($0) } ?? .none }
        var actual = ["version": versions.filter(wrong.contains).prefix(5).joined(separator: ", ")]
        if !notes.isEmpty { actual["note"] = notes.joined(separator: "; ") }
        return .wrong(.wrongVersion, expected: expected, actual: actual)
    }

    /// With an epoch on one side alone, the order has nothing to do with the numbers that the author compared.
    private func noteOnEpochs(newer: String, older: String) -> [String] {
        let (high, low) = (manager.read(newer), manager.read(older))
        guard high.epoch.order(asNumberAgainst: low.epoch) > 0 else { return [] }
        return ["the epoch \(high.epochText): is newer than every version that begins with \(low.epochText):"]
    }

    /// dpkg and apk order `1.22.1-9` behind `1.22.1`.
    private func noteOnRevisions(_ tooNew: [String], _ maximum: String) -> [String] {
        let isRevision = tooNew.contains { text in
            let (version, bound) = (manager.read(text), manager.read(maximum))
            return version.upstream != version.withoutEpoch && version.upstream.elementsEqual(bound.withoutEpoch)
        }
        return isRevision ? ["every revision of \(maximum) is newer than \(maximum) itself"] : []
    }

    /// A bound that is met for ever, because only one side has an epoch.
    private func remark(newest: String) -> String? {
        let observed = manager.read(newest)
        if let minimum = wanted.minimumVersion, manager.read(minimum).epoch.isEmpty, !observed.epoch.isEmpty {
            return "\(newest) has an epoch, and so is newer than every version without one:"
                + " min_version needs \(observed.epochText): before it"
        }
        if let maximum = wanted.maximumVersion, observed.epoch.isEmpty {
            let bound = manager.read(maximum)
            if !bound.epoch.isEmpty {
                return "\(newest) has no epoch, and so is older than every version that begins with \(bound.epochText):"
            }
        }
        return nil
    }
}
