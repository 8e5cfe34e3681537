/// An account that must be there, and how, or must not be there.
package struct AccountExpectation: Hashable, Sendable {
    package var name: String
    package var state: Presence
    package var uid: Int?
    /// The primary group, by number or by name.
    package var gid: Int?
    package var group: String?
    package var shell: String?
    package var home: String?
    /// Groups that it must be in, in order, each once; one of them may be its primary group.
    package var groups: [String]? { didSet { groups = groups.map(NameList.sorted) } }
    /// Whether no password opens it, as `passwd --status` has it: a key may still do.
    package var locked: Bool?
    /// Whether its date of expiry has passed.
    package var expired: Bool?

    package init(name: String, state: Presence = .present) {
        self.name = name
        self.state = state
    }

    private var needsShadow: Bool { locked != nil || expired != nil }
}

extension AccountExpectation: UserForm {
    var key: ItemKey { ItemKey(rawValue: "user:\(name)") }
    var item: String { name }

    init?(_ fields: inout StoredFields) {
        guard let name = fields.text("name"), let state = fields.word("state", as: Presence.self) else { return nil }
        self.init(name: name, state: state)
        uid = fields.whole("uid").flatMap { Int(exactly: $0) }
        gid = fields.whole("gid").flatMap { Int(exactly: $0) }
        group = fields.text("group")
        shell = fields.text("shell")
        home = fields.text("home")
        groups = fields.texts("groups").map(NameList.sorted)
        locked = fields.flag("locked")
        expired = fields.flag("expired")
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "name"] = name
        fields[text: "state"] = state.rawValue
        fields[whole: "uid"] = uid.map(Int64.init)
        fields[whole: "gid"] = gid.map(Int64.init)
        fields[text: "group"] = group
        fields[text: "shell"] = shell
        fields[text: "home"] = home
        fields[texts: "groups"] = groups
        fields[flag: "locked"] = locked
        fields[flag: "expired"] = expired
        return fields
    }

    func ask(_ questions: inout QuestionSet) {
        questions.ask(AccountFacts.self, about: "user \(name)")
        for group in (groups ?? []) + [group].compactMap(\.self) {
            questions.ask(AccountFacts.self, about: "group \(group)")
        }
        if needsShadow { questions.ask(ShadowFacts.self, about: name) }
    }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        PackConflicts.differing("state", state.rawValue, other.state.rawValue)
            ?? PackConflicts.differing("uid", uid, other.uid)
            ?? PackConflicts.differing("gid", gid, other.gid)
            ?? PackConflicts.differing("shell", shell, other.shell)
            ?? PackConflicts.differing("home", home, other.home)
            ?? PackConflicts.differing("locked", locked, other.locked)
            ?? PackConflicts.differing("expired", expired, other.expired)
    }
}

// MARK: Judgement

extension AccountExpectation {
    func evidence(in facts: Facts) -> Evidence {
        let accounts: AccountFacts
        let found: AccountFacts.User?
        switch facts.topics.seen(AccountFacts.self) {
        case .failure(let reason): return .unreadable(reason)
        case .success(let seen): accounts = seen
        }
        switch accounts.user(name) {
        case .failure(let reason): return .unreadable(reason)
        case .success(let user): found = user
        }
        switch (state, found) {
        case (.absent, nil): return .none
        case (.absent, let user?):
            return .wrong(
                .unexpectedUser, expected: ["state": "absent"], actual: ["state": "present", "uid": String(user.uid)])
        case (.present, nil):
            return .wrong(.missingUser, expected: ["state": "present"], actual: ["state": "absent"])
        case (.present, let user?):
            var evidence = Evidence.none
            judge(user, accounts, facts, &evidence)
            judgeGroups(of: user, accounts, &evidence)
            return evidence
        }
    }

    private func judge(_ user: AccountFacts.User, _ accounts: AccountFacts, _ facts: Facts, _ evidence: inout Evidence)
    {
        var difference = Difference()
        difference.compare("uid", uid.map(String.init), String(user.uid))
        difference.compare("shell", shell, user.shell)
        difference.compare("home", home.map(Self.withoutSlash), Self.withoutSlash(user.home))
        if accounts.isListedTwice(name) {
            difference.add("entries", expected: "1", actual: "2 that differ in /etc/passwd")
        }
        if needsShadow {
            switch user.password.map(Result.success) ?? facts.topics.seen(ShadowFacts.self).flatMap({ $0.state(name) })
            {
            case .failure(let reason): evidence.addUnseen(reason)
            case .success(let password):
                difference.compare("locked", locked.map(String.init), String(password.isLocked))
                difference.compare("expired", expired.map(String.init), String(password.isExpired))
            }
        }
        difference.add(to: &evidence, as: .wrongUser)
    }

    private func judgeGroups(of user: AccountFacts.User, _ accounts: AccountFacts, _ evidence: inout Evidence) {
        var difference = Difference()
        difference.compare("gid", gid.map(String.init), String(user.gid))
        if let group {
            switch accounts.group(group) {
            case .failure(let reason): evidence.addUnseen(reason)
            case .success(nil):
                difference.add("group", expected: group, actual: "gid \(user.gid), and \(group) does not exist")
            case .success(let found?) where found.gid != user.gid:
                difference.add("group", expected: group, actual: "gid \(user.gid), not \(found.gid)")
            case .success: break
            }
        }
        if let groups {
            var memberships: [String] = []
            var isProven = false
            for group in groups {
                switch accounts.isMember(user, of: group) {
                case .failure(let reason): evidence.addUnseen(reason)
                case .success(true): memberships.append(group)
                case .success(false): isProven = true
                }
            }
            if isProven {
                difference.add(
                    "groups", expected: NameList.shown(groups),
                    actual: memberships.isEmpty ? "none of these" : NameList.shown(memberships))
            }
        }
        difference.add(to: &evidence, as: .wrongGroup)
    }

    private static func withoutSlash(_ path: String) -> String {
        path.utf8.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}

/// The fields in which two sides differ.
struct Difference {
    private var expected: [String: String] = [:]
    private var actual: [String: String] = [:]

    /// Compares what is wanted, if anything is, with what is there.
    mutating func compare(_ name: String, _ wanted: String?, _ found: String) {
        guard let wanted, !wanted.hasSameBytes(as: found) else { return }
        add(name, expected: wanted, actual: found)
    }

    mutating func add(_ name: String, expected: String, actual: String) {
        self.expected[name] = expected
        self.actual[name] = actual
    }

    func add(to evidence: inout Evidence, as type: MismatchType) {
        if !expected.isEmpty { evidence.add(type, expected: expected, actual: actual) }
    }
}
