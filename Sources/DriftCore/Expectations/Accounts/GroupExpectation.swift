/// A group that must be there, with its members, or must not be there.
package struct GroupExpectation: Hashable, Sendable {
    package var name: String
    package var state: Presence
    package var gid: Int?
    /// Who must be in it, in order, each once.
    package var members: [String]? { didSet { members = members.map(NameList.sorted) } }
    /// Who may be in it.
    package var only: [String]? { didSet { only = only.map(NameList.sorted) } }

    package init(name: String, state: Presence = .present) {
        self.name = name
        self.state = state
    }
}

extension GroupExpectation: KnownKind {
    static let section = Expectation.Section.groups
    var noun: String { "group" }
    var key: ItemKey { ItemKey(rawValue: "group:\(name)") }
    var item: String { name }
    var subject: Expectation.Subject { .group(self) }

    init?(_ fields: inout StoredFields) {
        guard let name = fields.text("name"), let state = fields.word("state", as: Presence.self) else { return nil }
        self.init(name: name, state: state)
        gid = fields.whole("gid").flatMap { Int(exactly: $0) }
        members = fields.texts("members").map(NameList.sorted)
        only = fields.texts("only").map(NameList.sorted)
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "name"] = name
        fields[text: "state"] = state.rawValue
        fields[whole: "gid"] = gid.map(Int64.init)
        fields[texts: "members"] = members
        fields[texts: "only"] = only
        return fields
    }

    func ask(_ questions: inout QuestionSet) {
        questions.ask(AccountFacts.self, about: "\(only == nil ? "group" : "list") \(name)")
        for member in members ?? [] { questions.ask(AccountFacts.self, about: "user \(member)") }
    }

    func evidence(in facts: Facts) -> Evidence {
        let accounts: AccountFacts
        switch facts.topics.seen(AccountFacts.self) {
        case .failure(let reason): return .unreadable(reason)
        case .success(let seen): accounts = seen
        }
        switch (accounts.group(name), state) {
        case (.failure(let reason), _): return .unreadable(reason)
        case (.success(nil), .absent): return .none
        case (.success(nil), .present):
            return .wrong(.wrongGroup, expected: ["state": "present"], actual: ["state": "absent"])
        case (.success(let group?), .absent):
            return .wrong(
                .wrongGroup, expected: ["state": "absent"], actual: ["state": "present", "gid": String(group.gid)])
        case (.success(let group?), .present): return evidence(on: group, accounts)
        }
    }

    private func evidence(on group: AccountFacts.Group, _ accounts: AccountFacts) -> Evidence {
        var evidence = Evidence.none
        var difference = Difference()
        difference.compare("gid", gid.map(String.init), String(group.gid))
        if let members {
            var found: [String] = []
            var isProven = false
            for member in members {
                switch accounts.isMember(named: member, of: group) {
                case .failure(let reason): evidence.addUnseen(reason)
                case .success(true): found.append(member)
                case .success(false): isProven = true
                }
            }
            if isProven {
                difference.add(
                    "members", expected: NameList.shown(members),
                    actual: found.isEmpty ? "none of these" : NameList.shown(found))
            }
        }
        difference.add(to: &evidence, as: .wrongGroup)
        if let only { judge(only, accounts.members(of: group), &evidence) }
        return evidence
    }

    private func judge(_ only: [String], _ found: AccountFacts.Listing, _ evidence: inout Evidence) {
        if !Set(found.names).isSubset(of: only) {
            evidence.add(
                .unexpectedUser, expected: ["only": NameList.shown(only)],
                actual: ["only": NameList.shown(found.names)])
        }
        if let gap = found.gap { evidence.addUnseen(gap) }
        if let remark = found.remark { evidence.addRemark(remark) }
    }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        if let words = PackConflicts.differing("state", state.rawValue, other.state.rawValue)
            ?? PackConflicts.differing("gid", gid, other.gid)
        {
            return words
        }
        func refused(_ members: [String]?, by only: [String]?) -> String? {
            members.flatMap { members in only.flatMap { only in members.first { !only.contains($0) } } }
        }
        if let member = refused(members, by: other.only) { return ("with \(member)", "without \(member)") }
        if let member = refused(other.members, by: only) { return ("without \(member)", "with \(member)") }
        return nil
    }
}
