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

    func ask(_ questions: inout QuestionSet) {}

    func evidence(in facts: Facts) -> Evidence { .unreadable(.unsupported) }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        PackConflicts.differing("enabled:", enabled, other.enabled)
            ?? PackConflicts.differing("running:", running, other.running)
    }
}
