internal import DriftCore
internal import Redaction
import Yams

extension ItemForm {
    static let user = ItemForm(
        "a user",
        [
            Key("name", .text(.accountName), "The account"),
            Key(
                "state", .words(of: AccountExpectation.State.self),
                "`present` (the default), or `absent`: there is no such account"),
            Key(
                "uid", .integer(Grammar.accountNumbers), "Its user id; with `only`, and without `name`, that of others"),
            Key("gid", .integer(Grammar.accountNumbers), "The id of its primary group"),
            Key("group", .text(.accountName), "The name of its primary group"),
            Key("shell", .text(.accountPath), "Its login shell"),
            Key("home", .text(.accountPath), "Its home directory"),
            Key("groups", .set(.text(.accountName)), "Groups that it must be in"),
            Key("locked", .boolean, "Whether no password opens it; only root may see that"),
            Key("expired", .boolean, "Whether its date of expiry has passed; only root may see that"),
            Key(
                "only", .set(.text(.accountName), mayBeEmpty: true),
                "Beside `uid`, and without `name`: the accounts that may have this user id"),
            Key(
                "authorized_keys", .mapping(.authorizedKeys),
                "The keys that sshd accepts for it, in an item of their own"),
            .literal,
        ],
        rules: [
            .exactlyOne(["name", "only"]), .beside("only", ["uid"]), .excludes("only", describingOne),
            .excludes("authorized_keys", ["state", "only"] + describing), .without("state", ["absent"], describing),
        ]
    ) { $0.user($1) }

    static let group = ItemForm(
        "a group",
        [
            Key("name", .text(.accountName), .required, "The group"),
            Key(
                "state", .words(of: GroupExpectation.State.self),
                "`present` (the default), or `absent`: there is no such group"),
            Key("gid", .integer(Grammar.accountNumbers), "Its id"),
            Key("members", .set(.text(.accountName)), "Accounts that must be in it"),
            Key(
                "only", .set(.text(.accountName), mayBeEmpty: true),
                "Accounts that may be in it; nobody else is allowed, and none of them must be there"),
            .literal,
        ],
        rules: [.without("state", ["absent"], ["gid", "members", "only"])]
    ) { $0.group($1) }

    /// The keys that describe an account.
    fileprivate static let describing = ["uid", "gid", "group", "shell", "home", "groups", "locked", "expired"]
    /// Those that have no effect where `only` says who may have a user id.
    fileprivate static let describingOne = ["state"] + describing.filter { $0 != "uid" }
}

extension Form {
    fileprivate static let authorizedKeys = Form(
        "authorized_keys",
        [
            Key("only", .set(.text(.fingerprint), mayBeEmpty: true), "The keys that may be there; `[]` allows none"),
            Key("contains", .set(.text(.fingerprint)), "Keys that must be there"),
        ],
        rules: [.atLeastOne(["only", "contains"])])
}

extension PackFileReader {
    fileprivate mutating func user(_ fields: Fields) -> Expectation.Subject? {
        let hasID = fields["uid"].map { !$0.node.isNull } ?? false
        if fields["name"] == nil, hasID { return holders(fields) }
        if let entry = fields["authorized_keys"], !entry.node.isNull { return keys(entry, fields) }
        let literal = isLiteral(fields)
        let name = reader.requiredText("name", in: fields, of: "a user") { Grammar.accountName($0, literal, "uid") }
        let state: AccountExpectation.State? = reader.choice("state", in: fields)
        var account = AccountExpectation(name: name ?? "", state: state ?? .present)
        account.uid = reader.integer("uid", in: fields, where: Grammar.accountNumber)
        account.gid = reader.integer("gid", in: fields, where: Grammar.accountNumber)
        account.group = reader.text("group", in: fields) { Grammar.accountName($0, literal, "gid") }
        account.shell = reader.text("shell", in: fields) { Grammar.accountPath($0, literal: literal) }
        account.home = reader.text("home", in: fields) { Grammar.accountPath($0, literal: literal) }
        account.groups = reader.texts("groups", in: fields) { Grammar.accountName($0, literal, nil) }
        account.locked = reader.boolean("locked", in: fields)
        account.expired = reader.boolean("expired", in: fields)
        reader.refuseEmpty("groups", account.groups, in: fields)
        reader.refuse(
            ["only"], in: fields, with: "`name`", hint: "only says who may have a uid: { uid: 0, only: [root] }")
        if state == .absent {
            reader.refuse(ItemForm.describing, in: fields, with: "state: absent")
        }
        if !literal {
            reader.doubt("name", in: fields, name.flatMap(ItemDoubt.account), wouldNeverBeWrong: state == .absent)
            reader.doubt("group", in: fields, account.group.flatMap(ItemDoubt.account))
            reader.doubt("groups", in: fields, account.groups?.lazy.compactMap(ItemDoubt.account).first)
        }
        return name.map { _ in .user(.account(account)) }
    }

    private mutating func holders(_ fields: Fields) -> Expectation.Subject? {
        let literal = isLiteral(fields)
        let uid = reader.integer("uid", in: fields, where: Grammar.accountNumber)
        let only = reader.texts("only", in: fields) { Grammar.accountName($0, literal, nil) }
        if fields["only"].map(\.node.isNull) ?? true {
            reader.error("a user needs `name`, or `only` beside `uid`", at: fields.position, hint: "only: [root]")
        }
        reader.refuse(
            ItemForm.describingOne, in: fields, with: "`only`",
            hint: "put it into an item with a name")
        if !literal { reader.doubt("only", in: fields, only?.lazy.compactMap(ItemDoubt.account).first) }
        guard let uid, let only else { return nil }
        return .user(.holders(UserIDExpectation(uid: uid, only: only)))
    }

    private mutating func keys(_ entry: Fields.Entry, _ fields: Fields) -> Expectation.Subject? {
        let literal = isLiteral(fields)
        let name = reader.requiredText("name", in: fields, of: "a user") { Grammar.accountName($0, literal, nil) }
        reader.refuse(
            ["state"] + ItemForm.describing + ["only"], in: fields, with: "`authorized_keys`",
            hint: "put it into another item for the same name")
        if !literal { reader.doubt("name", in: fields, name.flatMap(ItemDoubt.account)) }
        guard let lists = reader.fields(entry.node, of: .authorizedKeys) else {
            return nil
        }
        let only = reader.texts("only", in: lists, where: Grammar.keyFingerprint)
        let contains = reader.texts("contains", in: lists, where: Grammar.keyFingerprint)
        if ["only", "contains"].allSatisfy({ lists[$0].map(\.node.isNull) ?? true }) {
            reader.error(
                "`authorized_keys` needs `only` or `contains`", at: entry.position,
                hint: "only: [] for an account that no key may open")
        }
        reader.refuseEmpty("contains", contains, in: lists)
        if let only, let stranger = contains?.first(where: { !only.contains($0) }), let entry = lists["contains"] {
            reader.error(
                "\(quoted(stranger)) is in `contains` and not in `only`", at: entry.position,
                hint: "a key that only leaves out is always wrong")
        }
        return name.map { .user(.keys(AuthorizedKeysExpectation(name: $0, only: only, contains: contains))) }
    }

    fileprivate mutating func group(_ fields: Fields) -> Expectation.Subject? {
        let literal = isLiteral(fields)
        let name = reader.requiredText("name", in: fields, of: "a group") { Grammar.accountName($0, literal, "gid") }
        let state: GroupExpectation.State? = reader.choice("state", in: fields)
        var group = GroupExpectation(name: name ?? "", state: state ?? .present)
        group.gid = reader.integer("gid", in: fields, where: Grammar.accountNumber)
        group.members = reader.texts("members", in: fields) { Grammar.accountName($0, literal, nil) }
        group.only = reader.texts("only", in: fields) { Grammar.accountName($0, literal, nil) }
        reader.refuseEmpty("members", group.members, in: fields)
        if state == .absent { reader.refuse(["gid", "members", "only"], in: fields, with: "state: absent") }
        if let only = group.only, let stranger = group.members?.first(where: { !only.contains($0) }),
            let entry = fields["members"]
        {
            reader.error(
                "\(quoted(stranger)) is in `members` and not in `only`", at: entry.position,
                hint: "a member that only leaves out is always wrong")
        }
        if !literal {
            reader.doubt("name", in: fields, name.flatMap(ItemDoubt.account), wouldNeverBeWrong: state == .absent)
            reader.doubt("members", in: fields, group.members?.lazy.compactMap(ItemDoubt.account).first)
            reader.doubt("only", in: fields, group.only?.lazy.compactMap(ItemDoubt.account).first)
        }
        return name.map { _ in .group(group) }
    }
}

extension Grammar {
    /// The name of a user or a group; `numberKey` is where a number belongs.
    static func accountName(_ name: String, _ literal: Bool, _ numberKey: String?) -> Fault? {
        if let fault = account(name, literal: literal) { return fault }
        if name.utf8.allSatisfy(\.isDigit) {
            return Fault(
                "\(quoted(name)) is a number, not a name",
                hint: numberKey.map { "write \($0): \(name)" } ?? "write the name")
        }
        return name.contains(",") ? Fault("\(quoted(name)) has a comma, which no account has") : nil
    }

    /// A key as `ssh-keygen -lf` names it, which may be one that signs certificates.
    static func keyFingerprint(_ text: String) -> Fault? {
        let word = text.hasPrefix("cert-authority ") ? String(text.dropFirst(15)) : text
        let digits = word.dropFirst(7)
        guard word.hasPrefix("SHA256:"), consists(String(digits), of: "+/", limit: 43), digits.utf8.count == 43 else {
            let isKey = word.hasPrefix("ssh-") || word.hasPrefix("ecdsa-") || word.hasPrefix("sk-")
            return Fault(
                "\(quoted(text)) is not a fingerprint",
                hint: isKey
                    ? "not the key, but what ssh-keygen -lf prints for it: SHA256: and 43 characters"
                    : "SHA256: and 43 characters, as ssh-keygen -lf prints them; cert-authority before it, for one that signs certificates"
            )
        }
        return nil
    }

    static let accountNumbers = 0...4_294_967_294

    /// A user or group id.
    static func accountNumber(_ number: Int) -> Fault? {
        accountNumbers.contains(number) ? nil : Fault("\(number) is not an id", hint: "0 to 4294967294")
    }

    /// A path as the account database writes it.
    static func accountPath(_ path: String, literal: Bool) -> Fault? {
        if let fault = line(path, limit: pathLimit, literal: literal) { return fault }
        guard path.hasPrefix("/") else {
            return Fault("\(quoted(path)) is not an absolute path", hint: "such as /bin/bash")
        }
        return path.contains(":") ? Fault("\(quoted(path)) has a colon, which no account database can hold") : nil
    }
}
