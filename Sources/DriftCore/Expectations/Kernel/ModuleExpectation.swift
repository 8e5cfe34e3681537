/// A kernel module that must be loaded, or must not.
package struct ModuleExpectation: Hashable, Sendable {
    /// As `lsmod` or `modprobe` has it: to the kernel, `-` and `_` are one character.
    package var module: String
    package var state: Presence

    package init(module: String, state: Presence = .present) {
        self.module = module
        self.state = state
    }

    /// As the kernel writes it.
    var kernelName: String { module.replacing("-", with: "_") }
}

extension ModuleExpectation: KnownKind {
    static let section = Expectation.Section.kernel
    var noun: String { "kernel module" }
    var key: ItemKey { ItemKey(rawValue: "module:\(kernelName)") }
    var item: String { module }
    var subject: Expectation.Subject { .module(self) }

    init?(_ fields: inout StoredFields) {
        guard let module = fields.text("module"), let state = fields.word("state", as: Presence.self) else {
            return nil
        }
        self.init(module: module, state: state)
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "module"] = module
        fields[text: "state"] = state.rawValue
        return fields
    }

    func ask(_ questions: inout QuestionSet) { questions.ask(ModuleFacts.self, about: kernelName) }

    func evidence(in facts: Facts) -> Evidence {
        switch facts.topics.seen(ModuleFacts.self).flatMap({ $0.presence(of: kernelName) }) {
        case .failure(let reason): .unreadable(reason)
        case .success(let presence):
            switch (state, presence) {
            case (.present, .absent):
                .wrong(.missingModule, expected: ["state": "present"], actual: ["state": "absent"])
            case (.absent, .loaded):
                .wrong(.unexpectedModule, expected: ["state": "absent"], actual: ["state": "loaded"])
            case (.absent, .builtIn):
                .wrong(.unexpectedModule, expected: ["state": "absent"], actual: ["state": "built into the kernel"])
            case (.present, .loaded), (.present, .builtIn), (.absent, .absent): .none
            }
        }
    }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        PackConflicts.differing("state", state.rawValue, other.state.rawValue)
    }
}
