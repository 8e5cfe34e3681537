/// What a pack says about accounts: one account, who has a user id, or whose keys open an account.
package enum UserExpectation: Hashable, Sendable {
    case account(AccountExpectation)
    case holders(UserIDExpectation)
    case keys(AuthorizedKeysExpectation)

    private var form: any UserForm {
        switch self {
        case .account(let account): account
        case .holders(let holders): holders
        case .keys(let keys): keys
        }
    }
}

/// One form of an item below `users`.
protocol UserForm: Hashable, Sendable {
    var key: ItemKey { get }
    var item: String { get }
    var stored: [String: StoredValue] { get }
    func ask(_ questions: inout QuestionSet)
    func evidence(in facts: Facts) -> Evidence
}

extension UserExpectation: KnownKind {
    static let section = Expectation.Section.users
    var noun: String { "user" }
    var key: ItemKey { form.key }
    var item: String { form.item }
    var subject: Expectation.Subject { .user(self) }
    var stored: [String: StoredValue] { form.stored }

    init?(_ fields: inout StoredFields) {
        if let keys = AuthorizedKeysExpectation(&fields) {
            self = .keys(keys)
        } else if let account = AccountExpectation(&fields) {
            self = .account(account)
        } else if let holders = UserIDExpectation(&fields) {
            self = .holders(holders)
        } else {
            return nil
        }
    }

    func ask(_ questions: inout QuestionSet) { form.ask(&questions) }

    func evidence(in facts: Facts) -> Evidence { form.evidence(in: facts) }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        switch (self, other) {
        case (.account(let one), .account(let other)): one.contradiction(to: other)
        case (.keys(let one), .keys(let other)): one.contradiction(to: other)
        default: nil
        }
    }
}

/// Names in order, each once, as people are shown them.
enum NameList {
    static func sorted(_ names: some Sequence<String>) -> [String] {
        Set(names).sorted { $0.precedesBytewise($1) }
    }

    /// `none` for an empty list; a long one is cut.
    static func shown(_ names: some Sequence<String>) -> String {
        let names = sorted(names)
        let more = names.count > limit ? " and \(names.count - limit) more" : ""
        return names.isEmpty ? "none" : names.prefix(limit).joined(separator: ", ") + more
    }

    private static let limit = 20
}
