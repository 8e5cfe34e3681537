/// Which accounts may have a user id.
package struct UserIDExpectation: Hashable, Sendable {
    package var uid: Int
    /// In order, each once.
    package private(set) var only: [String]

    package init(uid: Int, only: [String]) {
        self.uid = uid
        self.only = NameList.sorted(only)
    }
}

extension UserIDExpectation: UserForm {
    var key: ItemKey { ItemKey(rawValue: "uid:\(uid)") }
    var item: String { "uid \(uid)" }

    init?(_ fields: inout StoredFields) {
        guard let uid = fields.whole("uid").flatMap({ Int(exactly: $0) }), let only = fields.texts("only") else {
            return nil
        }
        self.init(uid: uid, only: only)
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[whole: "uid"] = Int64(uid)
        fields[texts: "only"] = only
        return fields
    }

    func ask(_ questions: inout QuestionSet) { questions.ask(AccountFacts.self, about: "uid \(uid)") }

    func evidence(in facts: Facts) -> Evidence {
        switch facts.topics.seen(AccountFacts.self).flatMap({ $0.accounts(withUserID: uid) }) {
        case .failure(let reason): return .unreadable(reason)
        case .success(let found):
            guard Set(found.names).isSubset(of: only) else {
                return .wrong(
                    .unexpectedUser, expected: ["only": NameList.shown(only)],
                    actual: ["only": NameList.shown(found.names)])
            }
            return found.gap.map { .unreadable($0) } ?? found.remark.map { .remark($0) } ?? .none
        }
    }
}
