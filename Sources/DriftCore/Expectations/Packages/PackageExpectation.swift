/// A package that must be there, or must not.
package struct PackageExpectation: Hashable, Sendable {
    package var name: String
    package var state: Presence
    /// A ``VersionPattern``, such as `1.22.*`.
    package var version: String?
    /// Compared in the order of the server's own package manager, as the maximum is.
    package var minimumVersion: String?
    package var maximumVersion: String?
    /// Whether the manager must have been told to leave the package at its version.
    package var isHeld: Bool?

    package init(
        name: String, state: Presence = .present, version: String? = nil, minimumVersion: String? = nil,
        maximumVersion: String? = nil, isHeld: Bool? = nil
    ) {
        self.name = name
        self.state = state
        self.version = version
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
        self.isHeld = isHeld
    }
}

extension PackageExpectation: KnownKind {
    static let section = Expectation.Section.packages
    var noun: String { "package" }
    var key: ItemKey { Self.key(of: name) }
    var item: String { name }
    var subject: Expectation.Subject { .package(self) }

    private static func key(of name: String) -> ItemKey { ItemKey(rawValue: "package:\(name)") }

    init?(_ fields: inout StoredFields) {
        guard let name = fields.text("name"), let state = fields.word("state", as: Presence.self) else { return nil }
        self.init(
            name: name, state: state, version: fields.text("version"), minimumVersion: fields.text("min_version"),
            maximumVersion: fields.text("max_version"), isHeld: fields.flag("held"))
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "name"] = name
        fields[text: "state"] = state.rawValue
        fields[text: "version"] = version
        fields[text: "min_version"] = minimumVersion
        fields[text: "max_version"] = maximumVersion
        fields[flag: "held"] = isHeld
        return fields
    }

    func ask(_ questions: inout QuestionSet) { questions.ask(package: name) }

    func evidence(in facts: Facts) -> Evidence { PackageComparison.evidence(on: self, facts: facts) }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        if state != other.state { return (state.rawValue, other.state.rawValue) }
        if let isHeld, let otherIsHeld = other.isHeld, isHeld != otherIsHeld {
            return ("held: \(isHeld)", "held: \(otherIsHeld)")
        }
        return contradiction(ofMinimum: minimumVersion, toMaximum: other.maximumVersion)
            ?? other.contradiction(ofMinimum: other.minimumVersion, toMaximum: maximumVersion).map { ($0.1, $0.0) }
    }

    /// Only where every manager that knows both versions says that nothing lies between.
    private func contradiction(ofMinimum minimum: String?, toMaximum maximum: String?) -> PackConflicts.Contradiction? {
        guard let minimum, let maximum, PackageManager.allAgree(minimum, isNewerThan: maximum) else { return nil }
        return ("min_version \(minimum)", "max_version \(maximum)")
    }

    /// A package of one architecture needs some architecture of it.
    var needs: [PackConflicts.Need] {
        guard state == .present, let colon = name.lastIndex(of: ":") else { return [] }
        return [PackConflicts.Need(key: Self.key(of: String(name[..<colon])), thing: .package)]
    }

    func whyUnmet(_ need: PackConflicts.Need.Thing) -> String? {
        need == .package && state == .absent ? "\(quoted(name)) has state absent" : nil
    }
}
