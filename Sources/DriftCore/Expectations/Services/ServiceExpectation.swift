/// How a service must be; nil if the pack does not care.
package struct ServiceExpectation: Hashable, Sendable {
    package var name: String
    package var enabled: Bool?
    package var running: Bool?

    package init(name: String, enabled: Bool? = nil, running: Bool? = nil) {
        self.name = name
        self.enabled = enabled
        self.running = running
    }
}

extension ServiceExpectation: KnownKind {
    static let section = Expectation.Section.services
    var noun: String { "service" }
    var key: ItemKey { ItemKey(rawValue: "service:\(name)") }
    var item: String { name }
    var subject: Expectation.Subject { .service(self) }

    init?(_ fields: inout StoredFields) {
        guard let name = fields.text("name") else { return nil }
        self.init(name: name, enabled: fields.flag("enabled"), running: fields.flag("running"))
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "name"] = name
        fields[flag: "enabled"] = enabled
        fields[flag: "running"] = running
        return fields
    }

    private var unit: UnitName { UnitName(name) }

    func ask(_ questions: inout QuestionSet) {
        questions.ask(ServiceFacts.self, about: "\(unit.isTemplate ? "template" : "unit") \(name)")
    }

    func evidence(in facts: Facts) -> Evidence {
        switch facts.topics.seen(ServiceFacts.self) {
        case .failure(let reason): .unreadable(reason)
        case .success(let services):
            switch services.service(unit) {
            case .unreadable(let reason): .unreadable(reason)
            case .notApplicable(let why): .notApplicable(why)
            case .service(let service): evidence(of: service)
            }
        }
    }

    private func evidence(of service: any ServiceState) -> Evidence {
        let halves = [
            ("enabled", enabled, enabled.map(service.enabled)), ("running", running, running.map(service.running)),
        ]
        var expected: [String: String] = [:]
        var actual: [String: String] = [:]
        var notes: [String] = []
        var remarks: [String] = []
        var unseen: Evidence?
        for (name, wanted, finding) in halves {
            guard let wanted, let finding else { continue }
            switch finding {
            case .met(let remark): remarks += [remark].compactMap(\.self)
            case .undecided(let state): unseen = unseen ?? .unreadable(.undecided, remark: "\(name): \(state)")
            case .unreadable(let reason): unseen = unseen ?? .unreadable(reason)
            case .wrong(let seen, let note):
                expected[name] = wanted ? "true" : "false"
                actual[name] = seen
                notes += [note].compactMap(\.self)
            }
        }
        guard !actual.isEmpty else {
            return unseen
                ?? (remarks.isEmpty ? .none : .remark(remarks.joined(separator: "; ")))
        }
        notes += service.notes
        if !notes.isEmpty { actual["note"] = notes.joined(separator: "; ") }
        return .wrong(.wrongService, expected: expected, actual: actual)
    }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        PackConflicts.differing("enabled:", enabled, other.enabled)
            ?? PackConflicts.differing("running:", running, other.running)
    }
}
