internal import Redaction

/// What the account databases say of the users and groups that were asked about.
///
/// An answer is, in any order:
/// ```
/// sources passwd files sss               the databases that the server looks in
/// user PART NAME:WORD:UID:GID:HOME:SHELL WORD is open, locked, set or shadow
/// group PART NAME:GID:MEMBER,MEMBER      large PART NAME: it has too many members
/// gids NAME 27 100                       the groups that a login would get
/// other passwd                           the database has the account under another name
/// done PART STATUS                       the part was asked of getent
/// cut PART                               more accounts than are sent
/// whole                                  the last line
/// ```
/// `PART` is `passwd` or `group` for what `getent` said about the names, `list` for all accounts that it lists, and `file`
/// for the lines of `/etc/passwd` and `/etc/group`.
struct AccountFacts: Topic {
    static let name = "accounts"

    struct User: Hashable {
        var name: String
        /// Nil if the shadow database has it.
        var password: PasswordState?
        var uid: Int
        var gid: Int
        var home: String
        var shell: String
    }

    struct Group: Hashable {
        var name: String
        var gid: Int
        var members: Set<String>
    }

    /// Accounts that were found, and what may be missing.
    struct Listing {
        var names: Set<String>
        var gap: UnreadableReason?
        var remark: String?
    }

    private enum Part: String {
        case passwd, group, list, file
    }

    private var users: [Part: [User]] = [:]
    private var groups: [Part: [Group]] = [:]
    private var largeGroups: Set<String> = []
    private var logins: [String: Set<Int>] = [:]
    private var sources: [Part: [String]] = [:]
    private var statuses: [Part: String] = [:]
    private var renamed: Set<Part> = []
    private var isCut = false
    private var isWhole = false

    init(_ lines: [ArraySlice<UInt8>]) {
        for line in lines { read(String(decoding: line, as: UTF8.self)) }
    }

    private mutating func read(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        let part = words.count > 1 ? Part(rawValue: words[1]) : nil
        let rest = words.count > 2 ? words[2] : ""
        switch (words[0], part) {
        case ("sources", let part?): sources[part] = Self.names(of: rest)
        case ("user", let part?): if let user = Self.user(rest) { users[part, default: []].append(user) }
        case ("group", let part?): if let group = Self.group(rest) { groups[part, default: []].append(group) }
        case ("large", _?): largeGroups.insert(rest)
        case ("gids", _): readLogin(line.dropFirst(5))
        case ("other", let part?): renamed.insert(part)
        case ("done", let part?): statuses[part] = rest
        case ("cut", _): isCut = true
        case ("whole", _): isWhole = true
        default: break
        }
    }
}

// MARK: Lines

extension AccountFacts {
    private static func user(_ text: String) -> User? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 6, let uid = number(fields[2]), let gid = number(fields[3]) else { return nil }
        let password: PasswordState?
        switch fields[1] {
        case "shadow": password = nil
        case "open", "set": password = PasswordState(isLocked: false, isExpired: false)
        case "locked": password = PasswordState(isLocked: true, isExpired: false)
        default: return nil
        }
        let shell = fields[5].isEmpty ? "/bin/sh" : fields[5]
        return User(name: fields[0], password: password, uid: uid, gid: gid, home: fields[4], shell: shell)
    }

    private static func group(_ text: String) -> Group? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 3, let gid = number(fields[1]) else { return nil }
        return Group(name: fields[0], gid: gid, members: Set(fields[2].split(separator: ",").map(String.init)))
    }

    private static func number(_ digits: some StringProtocol) -> Int? {
        guard !digits.isEmpty, digits.utf8.count <= 10, digits.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(digits)
    }

    /// The name ends where only numbers follow.
    private mutating func readLogin(_ line: Substring) {
        var words = line.split(separator: " ")
        var numbers: Set<Int> = []
        while words.count > 1, let last = words.last, let gid = Self.number(last) {
            numbers.insert(gid)
            words.removeLast()
        }
        logins[words.joined(separator: " "), default: []].formUnion(numbers)
    }

    /// The names of databases, without actions such as `[NOTFOUND=return]`.
    private static func names(of sources: String) -> [String] {
        var names: [String] = []
        var isAction = false
        for word in sources.split(separator: " ") {
            if word.hasPrefix("[") { isAction = true }
            if !isAction { names.append(String(word)) }
            if word.hasSuffix("]") { isAction = false }
        }
        return names
    }
}

// MARK: What is known

extension AccountFacts {
    /// Databases that the lines of part `file` show whole.
    private static let files: Set<String> = ["files", "compat"]
    /// Databases that answer without a network.
    private static let local = files.union([
        "db", "systemd", "altfiles", "usrfiles", "extrausers", "mymachines", "cache",
    ])

    /// The account with this name; nil if there is proof that there is none.
    func user(_ name: String) -> Result<User?, UnreadableReason> {
        find(.passwd, users) { $0.name.hasSameBytes(as: name) }
    }

    func group(_ name: String) -> Result<Group?, UnreadableReason> {
        if largeGroups.contains(name) { return .failure(.tooLarge) }
        return find(.group, groups) { $0.name.hasSameBytes(as: name) }
    }

    private func find<Entry>(
        _ part: Part, _ entries: [Part: [Entry]], _ isAsked: (Entry) -> Bool
    ) -> Result<Entry?, UnreadableReason> {
        guard isWhole else { return .failure(.malformedAnswer) }
        let inFile = (entries[.file] ?? []).first(where: isAsked)
        guard let status = statuses[part] else {
            let isAlone = beyond(part, Self.files).isEmpty && !renamed.contains(part)
            return inFile == nil && !isAlone ? .failure(.directoryUnseen) : .success(inFile)
        }
        if let found = (entries[part] ?? []).first(where: isAsked) { return .success(found) }
        // 2: some of the names were not found.
        guard status == "2" else { return .failure(status == "0" ? .malformedAnswer : .readError) }
        guard inFile == nil, !renamed.contains(part) else { return .failure(.malformedAnswer) }
        return beyond(part, Self.local).isEmpty || remoteAnswered(part) ? .success(nil) : .failure(.directoryUnseen)
    }

    /// The databases that the server looks in beside `known` ones.
    private func beyond(_ part: Part, _ known: Set<String>) -> [String] {
        (sources[part] ?? []).filter { !known.contains($0) }
    }

    /// Whether something came that the server's own files do not have.
    private func remoteAnswered(_ part: Part) -> Bool {
        switch part {
        case .passwd: !names(users[.passwd]).isSubset(of: names(users[.file]))
        default: !Set((groups[.group] ?? []).map(\.name)).isSubset(of: (groups[.file] ?? []).map(\.name))
        }
    }

    private func names(_ users: [User]?) -> Set<String> { Set((users ?? []).map(\.name)) }

    /// Whether `/etc/passwd` has two lines for the name that are not the same: programs only see the first.
    func isListedTwice(_ name: String) -> Bool {
        Set((users[.file] ?? []).filter { $0.name.hasSameBytes(as: name) }).count > 1
    }

    func accounts(withUserID uid: Int) -> Result<Listing, UnreadableReason> {
        guard isWhole else { return .failure(.malformedAnswer) }
        return .success(listing { $0.uid == uid })
    }

    /// The members that the group lists, and the accounts whose primary group it is.
    func members(of group: Group) -> Listing {
        var listing = listing { $0.gid == group.gid }
        listing.names.formUnion(group.members)
        for entry in groups[.file] ?? [] where entry.gid == group.gid || entry.name.hasSameBytes(as: group.name) {
            listing.names.formUnion(entry.members)
        }
        return listing
    }

    private func listing(_ isWanted: (User) -> Bool) -> Listing {
        let all = users.values.joined().filter(isWanted)
        var listing = Listing(names: Set(all.map(\.name)))
        if isCut { listing.gap = .tooLarge }
        let remote = beyond(.passwd, Self.local)
        guard !remote.isEmpty else { return listing }
        if statuses[.list] != "0" {
            listing.gap = .directoryUnseen
        } else if names(users[.list]).isSubset(of: names(users[.file])) {
            listing.remark =
                "of the accounts in \(remote.joined(separator: ", ")), only those that getent passwd lists were looked at"
        }
        return listing
    }

    func isMember(named name: String, of group: Group) -> Result<Bool, UnreadableReason> {
        if group.members.contains(name) { return .success(true) }
        return user(name).map { user in user.map { isMember($0, of: group) } ?? false }
    }

    func isMember(_ user: User, of name: String) -> Result<Bool, UnreadableReason> {
        if largeGroups.contains(name) { return .failure(.tooLarge) }
        return group(name).map { group in group.map { isMember(user, of: $0) } ?? false }
    }

    private func isMember(_ user: User, of group: Group) -> Bool {
        user.gid == group.gid || group.members.contains(user.name) || logins[user.name]?.contains(group.gid) == true
    }
}
