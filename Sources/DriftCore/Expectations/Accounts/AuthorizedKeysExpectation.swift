/// Which keys may, and which must, open an account through sshd.
package struct AuthorizedKeysExpectation: Hashable, Sendable {
    package var name: String
    /// Which keys may be there, in order, each once.
    ///
    /// `SHA256:…` is a key, `cert-authority SHA256:…` one that signs certificates.
    package private(set) var only: [String]?
    /// The keys that must be there, in the same words.
    package private(set) var contains: [String]?

    package init(name: String, only: [String]? = nil, contains: [String]? = nil) {
        self.name = name
        self.only = only.map(NameList.sorted)
        self.contains = contains.map(NameList.sorted)
    }
}

extension AuthorizedKeysExpectation: UserForm {
    var key: ItemKey { ItemKey(rawValue: "authorized_keys:\(name)") }
    var item: String { "authorized keys of \(name)" }

    init?(_ fields: inout StoredFields) {
        guard let name = fields.text("name"),
            let keys = fields.read("authorized_keys", { if case .object(let object) = $0 { object } else { nil } })
        else { return nil }
        var lists = StoredFields(keys)
        let (only, contains) = (lists.texts("only"), lists.texts("contains"))
        guard lists.isUnderstood, only != nil || contains != nil else { return nil }
        self.init(name: name, only: only, contains: contains)
    }

    var stored: [String: StoredValue] {
        var keys: [String: StoredValue] = [:]
        keys[texts: "only"] = only
        keys[texts: "contains"] = contains
        var fields: [String: StoredValue] = ["authorized_keys": .object(keys)]
        fields[text: "name"] = name
        return fields
    }

    func ask(_ questions: inout QuestionSet) {
        questions.ask(AccountFacts.self, about: "user \(name)")
        questions.ask(KeyFacts.self, about: name)
    }

    func evidence(in facts: Facts) -> Evidence {
        switch facts.topics.seen(AccountFacts.self).flatMap({ $0.user(name) }) {
        case .failure(let reason): return .unreadable(reason)
        case .success(nil):
            return .wrong(.missingUser, expected: ["state": "present"], actual: ["state": "absent"])
        case .success: break
        }
        switch facts.topics.seen(KeyFacts.self).flatMap({ $0.keys(of: name) }) {
        case .failure(let reason): return .unreadable(reason)
        case .success(let found): return evidence(on: found)
        }
    }

    private func evidence(on found: KeyFacts.Found) -> Evidence {
        var evidence = Evidence.none
        if let only {
            let strangers = found.keys.filter { !only.contains($0.word) }
            if !strangers.isEmpty {
                evidence.add(
                    .unexpectedKey,
                    Sides(
                        expected: ["authorized_keys": .word(only.isEmpty ? "none" : "only \(NameList.shown(only))")],
                        actual: [
                            "authorized_keys": .word(NameList.shown(strangers.map(\.shown))),
                            "file": .outside(NameList.shown(strangers.map(\.path))),
                        ]))
            }
        }
        let words = Set(found.keys.map(\.word))
        let missing = (contains ?? []).filter { !words.contains($0) }
        if let gap = found.gap, only != nil || !missing.isEmpty {
            evidence.addUnseen(gap)
        } else if !missing.isEmpty {
            evidence.add(
                .missingKey,
                Sides(
                    expected: ["authorized_keys": .word(NameList.shown(missing))],
                    actual: ["authorized_keys": .word(missing.count == 1 ? "not there" : "none of these")]))
        }
        if let remark = found.remark { evidence.addRemark(remark) }
        return evidence
    }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        func refused(_ wanted: [String]?, by only: [String]?) -> String? {
            wanted.flatMap { wanted in only.flatMap { only in wanted.first { !only.contains($0) } } }
        }
        if let key = refused(contains, by: other.only) { return ("with \(key)", "without \(key)") }
        if let key = refused(other.contains, by: only) { return ("without \(key)", "with \(key)") }
        return nil
    }
}
