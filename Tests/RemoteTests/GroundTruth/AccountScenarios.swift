// Users, groups, and the keys that open accounts.

extension SimulatedServer {
    private struct User {
        var name: String
        var uid: Int
        var gid: Int
        var home: String
        var shell: String
        var password = "*"
        var expires = ""
    }

    private static let groups = [
        ("root", 0), ("deploy", 1001), ("www", 33), ("wheel", 10), ("alice", 1002), ("ops", 50),
    ]

    mutating func makeAccounts() {
        var users = [
            User(name: "root", uid: 0, gid: 0, home: "/root", shell: shell),
            User(name: "sshd", uid: 74, gid: 74, home: "/run", shell: "/sbin/nologin"),
            User(name: "www", uid: 33, gid: 33, home: "/var/www", shell: "/sbin/nologin", password: "!"),
            User(name: "watcher", uid: 4242, gid: 4242, home: "/home/watcher", shell: shell),
            User(name: "deploy", uid: 1001, gid: 1001, home: "/home/deploy", shell: "/bin/bash"),
        ]
        if chance(0.7) {
            users.append(
                User(
                    name: "alice", uid: pick([1002, 1002, 0]), gid: pick([1002, 10, 999]), home: "/home/alice",
                    shell: pick(["/bin/bash", "/bin/sh", "/sbin/nologin"]), password: pick(["!x", "*", "$6$a$b"]),
                    expires: pick(["", "1", "99999"])))
        }
        if chance(0.3) { users.append(User(name: "toor", uid: 0, gid: 0, home: "/root", shell: "/bin/sh")) }
        var members = Dictionary(uniqueKeysWithValues: Self.groups.map { ($0.0, [String]()) })
        for group in ["wheel", "ops", "www"] { members[group] = some(["alice", "deploy", "watcher"]) }
        let hasOps = chance(0.8)
        let groups = Self.groups.filter { $0.0 != "ops" || hasOps }
        files.add(
            file: "/etc/passwd",
            users.map { "\($0.name):x:\($0.uid):\($0.gid):a comment:\($0.home):\($0.shell)\n" }.joined())
        files.add(
            file: "/etc/group",
            groups.map { "\($0.0):x:\($0.1):\((members[$0.0] ?? []).joined(separator: ","))\n" }.joined())
        files.add(
            file: "/etc/shadow",
            users.map { "\($0.name):\($0.password):19000:0:99999:7::\($0.expires):\n" }.joined(), mode: 0o600)
        files.add(folder: "/root", mode: 0o700)
        files.add("/home/watcher", Archive.Entry(content: .folder, mode: 0o755, owner: 4242, group: 4242))
        if chance(0.5) { files.add(file: "/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n") }

        makeUserItem(users.first { $0.name == "alice" }, groups, members)
        makeHolders(users.filter { $0.uid == 0 }.map(\.name))
        makeGroupItem("wheel", users, groups, members)
        makeGroupItem("ops", users, groups, members)
        makeKeys()
    }

    private mutating func makeUserItem(_ user: User?, _ groups: [(String, Int)], _ members: [String: [String]]) {
        var item = "name: alice"
        if chance(0.15) {
            return expect(
                "user:alice", in: "users", item + ", state: absent", user == nil ? .ok : .wrong("unexpected_user"))
        }
        var wrong: Set<String> = []
        var needsRoot = false
        func compare(_ name: String, _ wanted: String, _ actual: String?) {
            item += ", \(name): \(wanted)"
            if let actual, wanted != actual { wrong.insert("wrong_user") }
        }
        if chance(0.4) { compare("uid", pick(["1002", "1003"]), user.map { String($0.uid) }) }
        if chance(0.4) { compare("shell", pick(["/bin/bash", "/bin/sh"]), user?.shell) }
        if chance(0.3) { compare("home", pick(["/home/alice", "/srv/alice"]), user?.home) }
        if chance(0.4) {
            let wanted = pick(["alice", "wheel"])
            let number = groups.first { $0.0 == wanted }?.1
            item += ", group: \(wanted)"
            if let user, user.gid != number { wrong.insert("wrong_group") }
        }
        if chance(0.4) {
            let wanted = pick([["wheel"], ["ops"], ["wheel", "www"]])
            item += ", groups: [\(wanted.joined(separator: ", "))]"
            if let user {
                for name in wanted {
                    let group = groups.first { $0.0 == name }
                    let isIn = group.map { $0.1 == user.gid || (members[name] ?? []).contains("alice") } ?? false
                    if !isIn { wrong.insert("wrong_group") }
                }
            }
        }
        var shadow: Set<Bool> = []
        if chance(0.4) {
            let wanted = chance(0.5)
            item += ", locked: \(wanted)"
            needsRoot = true
            if let user { shadow.insert(wanted == ["!", "*"].contains(user.password.prefix(1))) }
        }
        if chance(0.3) {
            let wanted = chance(0.5)
            item += ", expired: \(wanted)"
            needsRoot = true
            if let user { shadow.insert(wanted == (user.expires == "1")) }
        }
        guard user != nil else { return expect("user:alice", in: "users", item, .wrong("missing_user")) }
        if becomesRoot, shadow.contains(false) { wrong.insert("wrong_user") }
        // What is proven wrong is wrong, whatever only root may see.
        expect(
            "user:alice", in: "users", item, Truth(wrong), onlyRoot: needsRoot && wrong.isEmpty)
    }

    private mutating func makeHolders(_ names: [String]) {
        let allowed = pick([["root"], ["root", "toor"], ["root", "alice", "toor"]])
        expect(
            "uid:0", in: "users", "uid: 0, only: [\(allowed.joined(separator: ", "))]",
            Set(names).isSubset(of: allowed) ? .ok : .wrong("unexpected_user"))
    }

    private mutating func makeGroupItem(
        _ name: String, _ users: [User], _ groups: [(String, Int)], _ members: [String: [String]]
    ) {
        var item = "name: \(name)"
        let group = groups.first { $0.0 == name }
        if chance(0.15) {
            return expect(
                "group:\(name)", in: "groups", item + ", state: absent", group == nil ? .ok : .wrong("wrong_group"))
        }
        let inIt = Set((members[name] ?? []) + users.filter { $0.gid == group?.1 }.map(\.name))
        var wrong: Set<String> = []
        if chance(0.3) {
            let wanted = pick([10, 50])
            item += ", gid: \(wanted)"
            if wanted != group?.1 { wrong.insert("wrong_group") }
        }
        let wanted = some(["alice", "deploy"])
        if !wanted.isEmpty {
            item += ", members: [\(wanted.joined(separator: ", "))]"
            if !Set(wanted).isSubset(of: inIt) {
                wrong.insert("wrong_group")
            }
        }
        if chance(0.5) {
            let allowed = Set(wanted + some(["alice", "deploy", "watcher"])).sorted()
            item += ", only: [\(allowed.joined(separator: ", "))]"
            if !inIt.isSubset(of: allowed) { wrong.insert("unexpected_user") }
        }
        expect("group:\(name)", in: "groups", item, group == nil ? .wrong("wrong_group") : Truth(wrong))
    }

    private mutating func makeKeys() {
        let count = number(0...4)
        let there = (0..<count).map { _ in pick(pool.keys) }
        let isReadable = chance(0.7)
        let options = ["", "", "no-pty,command=\"echo 'a b'\" ", "restrict "]
        let lines = there.map { pick(options) + $0.line }
        if count > 0 || chance(0.3) {
            let place = chance(0.8) ? ".ssh/authorized_keys" : ".ssh/authorized_keys2"
            files.add("/home/deploy", Archive.Entry(content: .folder, mode: 0o755, owner: 1001))
            files.add("/home/deploy/.ssh", Archive.Entry(content: .folder, mode: 0o755, owner: 1001))
            files.add(
                "/home/deploy/\(place)",
                Archive.Entry(
                    content: .file("# keys\n\n" + lines.joined(separator: "\n") + "\nnot a key\n"),
                    mode: isReadable ? 0o644 : 0o600, owner: 1001))
        } else {
            files.add("/home/deploy", Archive.Entry(content: .folder, mode: 0o755, owner: 1001))
        }
        let hasFile = files["/home/deploy/.ssh"] != nil
        var item: [String] = []
        var wrong: Set<String> = []
        let only = some(pool.keys).map(\.fingerprint)
        let found = Set(there.map(\.fingerprint))
        let asksOnly = chance(0.7)
        if asksOnly {
            item.append("only: [\(only.map { "\"\($0)\"" }.joined(separator: ", "))]")
            if !found.isSubset(of: only) { wrong.insert("unexpected_key") }
        }
        if !asksOnly || (chance(0.4) && !only.isEmpty) {
            let wanted = asksOnly ? only[0] : pick(pool.keys).fingerprint
            item.append("contains: [\"\(wanted)\"]")
            if !found.contains(wanted) { wrong.insert("missing_key") }
        }
        expect(
            "authorized_keys:deploy", in: "users",
            "name: deploy, authorized_keys: { \(item.joined(separator: ", ")) }", Truth(wrong),
            onlyRoot: hasFile && !isReadable)
    }
}
