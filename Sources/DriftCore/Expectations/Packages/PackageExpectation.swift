/// A package that must be there, or must not.
package struct PackageExpectation: Hashable, Sendable {
    package enum State: String, Sendable, Codable, CaseIterable {
        case present, absent
    }

    package var name: String
    package var state: State
    /// Compared in the ordering of the server's own package manager.
    package var minimumVersion: String?

    package init(name: String, state: State = .present, minimumVersion: String? = nil) {
        self.name = name
        self.state = state
        self.minimumVersion = minimumVersion
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
        guard let name = fields.text("name"), let state = fields.word("state", as: State.self) else { return nil }
        self.init(name: name, state: state, minimumVersion: fields.text("min_version"))
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "name"] = name
        fields[text: "state"] = state.rawValue
        fields[text: "min_version"] = minimumVersion
        return fields
    }

    func ask(_ questions: inout QuestionSet) { questions.ask(package: name) }

    func evidence(in facts: Facts) -> Evidence { PackageComparison.evidence(on: self, facts: facts) }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        state == other.state ? nil : (state.rawValue, other.state.rawValue)
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
