/// When an expectation applies to a server (`when`): all that is set must hold.
package struct Condition: Hashable, Sendable {
    /// Any of these: the `ID` of os-release, such as `debian`.
    package var systems: [String] = []
    /// Any of these: the `ID`, or a word of `ID_LIKE`, such as `rhel`.
    package var families: [String] = []
    /// All of these, about the `VERSION_ID` of os-release.
    package var versions: [VersionBound] = []
    /// Any of these, such as `x86_64` or, in Debian's word, `amd64`.
    package var architectures: [String] = []
    /// All of these.
    package var labels: [String: String] = [:]

    package init() {}

    /// Whether the server has to be asked what it is.
    var asksSystem: Bool { !(systems.isEmpty && families.isEmpty && versions.isEmpty && architectures.isEmpty) }
}

/// One bound of a version, such as `>= 12`.
package struct VersionBound: Hashable, Sendable {
    package enum Relation: String, Sendable, CaseIterable {
        case atLeast = ">="
        case atMost = "<="
        case above = ">"
        case below = "<"
        case equal = "="
    }

    package var relation: Relation
    /// Numbers with dots between them: a missing part is 0.
    package var version: String

    /// Reads `>= 12`, `< 22.04` or `12`; nil for anything else.
    package init?(_ text: String) {
        let found = Relation.allCases.first { text.hasPrefix($0.rawValue) }
        let rest = text.dropFirst(found?.rawValue.count ?? 0).drop { $0 == " " }
        guard DottedNumber(rest) != nil else { return nil }
        relation = found ?? .equal
        version = String(rest)
    }

    package var text: String { "\(relation.rawValue) \(version)" }

    /// Nil if `other` is not such a version.
    func holds(for other: String) -> Bool? {
        guard let bound = DottedNumber(version[...]), let other = DottedNumber(other[...]) else { return nil }
        return switch relation {
        case .atLeast: other >= bound
        case .atMost: other <= bound
        case .above: other > bound
        case .below: other < bound
        case .equal: other == bound
        }
    }
}

private struct DottedNumber: Comparable {
    private let parts: [Int]

    init?(_ text: Substring) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            .map { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int($0) : nil }
        guard parts.count <= 8, !parts.contains(nil) else { return nil }
        var numbers = parts.compactMap(\.self)
        while numbers.last == 0, numbers.count > 1 { numbers.removeLast() }
        self.parts = numbers
    }

    static func < (left: Self, right: Self) -> Bool { left.parts.lexicographicallyPrecedes(right.parts) }
}

extension Condition {
    /// What is known of whether an expectation applies.
    enum Answer: Equatable {
        case holds
        /// With what is not as the condition says.
        case fails(String)
        case unknown(UnreadableReason)
    }

    /// Whether it holds for a server with these labels of the inventory.
    ///
    /// Total: what the server did not say for certain is unknown.
    func answer(labels: [String: String], facts: Facts) -> Answer {
        for (name, value) in self.labels.sorted(by: { $0.key < $1.key }) where labels[name] != value {
            return .fails(labels[name].map { "the label \(name) is \($0)" } ?? "there is no label \(name)")
        }
        guard asksSystem else { return .holds }
        switch facts.topics.seen(OSFacts.self) {
        case .failure(let reason): return .unknown(reason)
        case .success(let system): return answer(system)
        }
    }

    private func answer(_ system: OSFacts) -> Answer {
        if !systems.isEmpty {
            guard let id = system.id else { return .unknown(.malformedAnswer) }
            guard systems.contains(id) else { return .fails("the system is \(id)") }
        }
        if !families.isEmpty {
            guard let id = system.id else { return .unknown(.malformedAnswer) }
            let own = [id] + system.like
            guard !Set(families).isDisjoint(with: own) else {
                return .fails("the system is \(own.joined(separator: ", like "))")
            }
        }
        for bound in versions {
            guard let version = system.version else { return .fails("the system has no version") }
            guard let holds = bound.holds(for: version) else { return .unknown(.malformedAnswer) }
            guard holds else { return .fails("the version is \(version)") }
        }
        if !architectures.isEmpty {
            guard let machine = system.machine else { return .unknown(.malformedAnswer) }
            guard architectures.contains(where: { OSFacts.isSame($0, machine) }) else {
                return .fails("the architecture is \(machine)")
            }
        }
        return .holds
    }
}

// MARK: The stored form

extension Condition {
    init?(stored value: StoredValue) {
        guard case .object(let values) = value else { return nil }
        var fields = StoredFields(values)
        systems = fields.texts("os") ?? []
        families = fields.texts("family") ?? []
        let bounds = fields.texts("version") ?? []
        versions = bounds.compactMap(VersionBound.init)
        architectures = fields.texts("architecture") ?? []
        labels =
            fields.read("label") { label in
                guard case .object(let labels) = label else { return nil }
                let texts = labels.compactMapValues(\.text)
                return texts.count == labels.count ? texts : nil
            } ?? [:]
        guard fields.isUnderstood, versions.count == bounds.count else { return nil }
    }

    var stored: StoredValue {
        var fields: [String: StoredValue] = [:]
        func set(_ name: String, _ texts: [String]) { if !texts.isEmpty { fields[texts: name] = texts } }
        set("os", systems)
        set("family", families)
        set("version", versions.map(\.text))
        set("architecture", architectures)
        if !labels.isEmpty { fields["label"] = .object(labels.mapValues(StoredValue.text)) }
        return .object(fields)
    }
}
