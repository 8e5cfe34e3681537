/// A state of the whole system.
package enum SystemExpectation: Hashable, Sendable {
    package enum Clock: String, Sendable, CaseIterable {
        case synchronised
    }

    /// The clock follows a time source.
    case clock(Clock)
    /// No update waits for a reboot.
    case noRebootRequired
}

extension SystemExpectation: KnownKind {
    static let section = Expectation.Section.system
    var noun: String { "system item" }
    var key: ItemKey { ItemKey(rawValue: "system:\(item)") }
    var subject: Expectation.Subject { .system(self) }

    var item: String {
        switch self {
        case .clock: "clock"
        case .noRebootRequired: "reboot_required"
        }
    }

    init?(_ fields: inout StoredFields) {
        if let clock = fields.word("clock", as: Clock.self) {
            self = .clock(clock)
        } else if fields.flag("reboot_required") == false {
            self = .noRebootRequired
        } else {
            return nil
        }
    }

    var stored: [String: StoredValue] {
        switch self {
        case .clock(let clock): ["clock": .text(clock.rawValue)]
        case .noRebootRequired: ["reboot_required": .flag(false)]
        }
    }

    func ask(_ questions: inout QuestionSet) {
        switch self {
        case .clock: questions.ask(SystemFacts.self, about: "clock")
        case .noRebootRequired: questions.ask(SystemFacts.self, about: "reboot")
        }
    }

    func evidence(in facts: Facts) -> Evidence {
        let system: SystemFacts
        switch facts.topics.seen(SystemFacts.self) {
        case .failure(let reason): return .unreadable(reason)
        case .success(let seen): system = seen
        }
        switch self {
        case .clock(let wanted):
            return switch system.isSynchronised {
            case .failure(let reason): .unreadable(reason)
            case .success(true): .none
            case .success(false):
                .wrong(.wrongSystem, expected: ["clock": wanted.rawValue], actual: ["clock": "not synchronised"])
            }
        case .noRebootRequired: return system.reboot.evidence
        }
    }
}
