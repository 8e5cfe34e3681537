/// What must be mounted at a path, or that nothing is.
package struct MountExpectation: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        case present
        case absent
    }

    /// Absolute, without `.`, `..` and slashes too many.
    package var path: String
    package var state: State
    /// The type of the file system, such as `tmpfs`.
    package var type: String?
    /// Options that it must have, such as `nodev`.
    package var options: [String]

    package init(path: String, state: State = .present, type: String? = nil, options: [String] = []) {
        self.path = path
        self.state = state
        self.type = type
        self.options = options.sorted()
    }
}

extension MountExpectation: KnownKind {
    static let section = Expectation.Section.mounts
    var noun: String { "mount" }
    var key: ItemKey { ItemKey(rawValue: "mount:\(path)") }
    var item: String { path }
    var subject: Expectation.Subject { .mount(self) }

    init?(_ fields: inout StoredFields) {
        guard let path = fields.text("path"), let state = fields.word("state", as: State.self) else { return nil }
        self.init(path: path, state: state, type: fields.text("type"), options: fields.texts("options") ?? [])
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "path"] = path
        fields[text: "state"] = state.rawValue
        fields[text: "type"] = type
        fields[texts: "options"] = options.isEmpty ? nil : options
        return fields
    }

    /// Asks about the folders above as well: what is mounted there may hide the path.
    func ask(_ questions: inout QuestionSet) {
        for folder in MountFacts.folders(to: path) {
            for name in MountFacts.written(folder) { questions.ask(MountFacts.self, about: name) }
        }
    }

    func evidence(in facts: Facts) -> Evidence {
        let mounts: MountFacts
        switch facts.topics.seen(MountFacts.self) {
        case .failure(let reason): return .unreadable(reason)
        case .success(let seen): mounts = seen
        }
        let mount: Mount
        switch mounts.mount(of: path) {
        case .failure(let reason): return .unreadable(reason)
        case .success(let seen): mount = seen
        }
        switch (state, mount.point == path) {
        case (.absent, false): return .none
        case (.absent, true):
            return .wrong(
                .wrongMount, expected: ["state": state.rawValue], actual: ["state": "present", "type": mount.type])
        case (.present, false):
            return .wrong(
                .wrongMount, expected: ["state": state.rawValue],
                actual: ["state": "absent", "note": "it lies on the mount \(mount.point)"])
        case (.present, true): return evidence(of: mount)
        }
    }

    private func evidence(of mount: Mount) -> Evidence {
        // An automount that waits says nothing of what it will mount.
        if mount.type == "autofs", type != "autofs", type != nil || !options.isEmpty {
            return .unreadable(.undecided, remark: "an automount waits there")
        }
        var expected: [String: String] = [:]
        var actual: [String: String] = [:]
        if let type, type != mount.type {
            expected["type"] = type
            actual["type"] = mount.type
        }
        let missing = options.filter { !mount.has($0) }
        if !missing.isEmpty {
            expected["options"] = options.joined(separator: ",")
            actual["options"] = mount.options.joined(separator: ",")
            actual["note"] = "without \(missing.joined(separator: ", "))"
        }
        return expected.isEmpty ? .none : .wrong(.wrongMount, expected: expected, actual: actual)
    }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        if let words = PackConflicts.differing("state", state.rawValue, other.state.rawValue) { return words }
        if let words = PackConflicts.differing("type", type, other.type) { return words }
        for option in options {
            if let opposite = Self.options(other.options, against: option) { return (option, opposite) }
        }
        return nil
    }

    /// The one of `options` that no mount can have together with `option`.
    package static func options(_ options: [String], against option: String) -> String? {
        Mount.opposite(of: option).flatMap { options.contains($0) ? $0 : nil }
    }
}
