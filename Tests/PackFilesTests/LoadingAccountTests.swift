import DriftCore
import PackFiles
import Testing

/// Items below `users` and `groups`.
@Suite struct LoadingAccountTests {
    private static func pack(_ section: String, _ lines: [String]) -> String {
        "items:\n  \(section):\n" + lines.map { "    - \($0)\n" }.joined()
    }

    private static func bad(_ section: String, _ fields: String, _ says: String...) -> BadInput {
        var input = BadInput(pack(section, ["{ \(fields) }"]), line: 3)
        input.says = says
        return input
    }

    private let whole = """
        items:
          users:
            - { name: deploy, uid: 1001, gid: 1001, group: deploy, shell: /bin/bash, home: /home/deploy, \
        groups: [www-data, adm], locked: false, expired: true }
            - { name: games, state: absent }
            - { uid: 0, only: [toor, root] }
          groups:
            - { name: sudo, gid: 27, members: [alice], only: [bob, alice] }
            - { name: docker, only: [] }
            - { name: lpadmin, state: absent }
        """

    @Test func everyKeyIsRead() throws {
        var deploy = AccountExpectation(name: "deploy")
        (deploy.uid, deploy.gid, deploy.group, deploy.shell) = (1001, 1001, "deploy", "/bin/bash")
        (deploy.home, deploy.groups, deploy.locked, deploy.expired) = (
            "/home/deploy", ["adm", "www-data"], false, true
        )
        var sudo = GroupExpectation(name: "sudo")
        (sudo.gid, sudo.members, sudo.only) = (27, ["alice"], ["alice", "bob"])
        var docker = GroupExpectation(name: "docker")
        docker.only = []
        let (pack, warnings) = try loadPack(whole)
        #expect(warnings.isEmpty)
        #expect(
            pack.expectations.map(\.key.rawValue) == [
                "group:docker", "group:lpadmin", "group:sudo", "uid:0", "user:deploy", "user:games",
            ])
        #expect(
            pack.expectations.map(\.subject) == [
                .group(docker), .group(GroupExpectation(name: "lpadmin", state: .absent)), .group(sudo),
                .user(.holders(UserIDExpectation(uid: 0, only: ["root", "toor"]))), .user(.account(deploy)),
                .user(.account(AccountExpectation(name: "games", state: .absent))),
            ])
    }

    @Test func isStoredAndReadAgain() throws {
        let pack = try loadPack(whole).pack
        let again = try Pack(resolvedJSON: pack.resolvedJSON())
        #expect(again == pack)
        #expect(again.digest == pack.digest)
        #expect(
            try pack.resolvedJSON().contains(
                #"{"item":"uid 0","item_key":"uid:0","only":["root","toor"],"uid":0}"#))
    }

    private static let one = "SHA256:" + String(repeating: "a", count: 43)
    private static let two = "SHA256:" + String(repeating: "b", count: 43)

    @Test func authorisedKeysAreAnItemOfTheirOwn() throws {
        let text = Self.pack(
            "users",
            [
                "{ name: deploy, shell: /bin/sh }",
                "{ name: deploy, authorized_keys: { only: [\"\(Self.two)\", \"\(Self.one)\"], contains: [\"\(Self.one)\"] } }",
                "{ name: root, authorized_keys: { only: [] } }",
                "{ name: ca, authorized_keys: { contains: [\"cert-authority \(Self.one)\"] } }",
            ])
        let (pack, warnings) = try loadPack(text)
        #expect(warnings.isEmpty)
        #expect(
            pack.expectations.map(\.key.rawValue) == [
                "authorized_keys:ca", "authorized_keys:deploy", "authorized_keys:root", "user:deploy",
            ])
        #expect(
            pack.expectations[1].subject
                == .user(
                    .keys(
                        AuthorizedKeysExpectation(name: "deploy", only: [Self.one, Self.two], contains: [Self.one]))))
        let again = try Pack(resolvedJSON: pack.resolvedJSON())
        #expect(again == pack)
        #expect(again.digest == pack.digest)
        let changes = [
            (", contains: [\"\(Self.one)\"] } }", " } }"), ("only: []", "only: [\"\(Self.one)\"]"),
            ("cert-authority ", ""),
        ]
        for (old, new) in changes {
            #expect(text.contains(old))
            #expect(try loadPack(text.replacing(old, with: new)).pack.digest != pack.digest)
        }
    }

    /// A later version may know another list of keys.
    @Test func keysOfALaterVersionAreUnsupported() throws {
        let text = Self.pack("users", ["{ name: root, authorized_keys: { only: [] } }"])
        let json = try loadPack(text).pack.resolvedJSON().replacing(#""only":[]"#, with: #""only":[],"max":3"#)
        let check = Comparison.judge(
            Facts(), against: try Pack(resolvedJSON: json), digest: SHA256Digest(of: []))
        #expect(check.outcomes.map(\.finding) == [.unreadable(.unsupported)])
    }

    @Test(arguments: [
        ("uid: 1001", "uid: 1002"), ("gid: 1001", "gid: 1002"), (", group: deploy", ""), ("/bin/bash", "/bin/sh"),
        ("/home/deploy", "/srv"), ("[www-data, adm]", "[adm]"), ("locked: false", "locked: true"),
        ("expired: true", "expired: false"), ("[toor, root]", "[root]"), ("uid: 0,", "uid: 1,"),
        ("gid: 27", "gid: 28"), ("members: [alice]", "members: [bob]"), ("[bob, alice]", "[alice]"),
        ("only: [] }", "gid: 99 }"), ("games, state: absent", "games"), ("lpadmin, state: absent", "lpadmin"),
    ])
    func theDigestChangesWithWhatChangesAJudgement(old: String, new: String) throws {
        #expect(whole.contains(old))
        #expect(try loadPack(whole).pack.digest != loadPack(whole.replacing(old, with: new)).pack.digest)
    }

    @Test func theOrderOfNamesIsNoMatter() throws {
        let other = whole.replacing("[www-data, adm]", with: "[adm, www-data]").replacing(
            "[bob, alice]", with: "[alice, bob]")
        #expect(try loadPack(whole).pack.digest == loadPack(other).pack.digest)
    }

    @Test(arguments: [
        bad("users", "shell: /bin/sh", "a user needs `name`"), bad("users", "uid: 0", "a user needs `name`, or `only`"),
        bad("users", "name: 0", "`name` must be a text"),
        bad("users", "name: \"0\"", "is a number, not a name", "write uid: 0"),
        bad("users", "name: a, group: \"27\"", "is a number", "write gid: 27"),
        bad("users", "name: a, uid: -1", "`uid` must be a whole number"),
        bad("users", "name: a, uid: 4294967295", "is not an id"),
        bad("users", "name: a, uid: \"1\"", "must be a whole number"), bad("users", "name: -s", "is not an account"),
        bad("users", "name: \"a:b\"", "cannot contain a colon"), bad("users", "name: \"a,b\"", "has a comma"),
        bad("users", "name: a, shell: bash", "not an absolute path"),
        bad("users", "name: a, home: ~/x", "not an absolute path"),
        bad("users", "name: a, groups: []", "`groups` is empty"), bad("users", "name: a, groups: x", "must be a list"),
        bad("users", "name: a, groups: [x, x]", "`groups` has `x` twice"),
        bad("users", "name: a, groups: [\"27\"]", "is a number, not a name"),
        bad("users", "name: a, locked: \"no\"", "must be true or false"),
        bad("users", "name: a, state: gone", "unknown value"),
        bad("users", "name: a, state: absent, uid: 5", "`uid` has no effect with state: absent"),
        bad("users", "name: a, only: [b]", "`only` has no effect", "{ uid: 0, only: [root] }"),
        bad("users", "uid: 0, only: [root], shell: /bin/sh", "`shell` has no effect with `only`"),
        bad("users", "name: a, shel: /bin/sh", "unknown key `shel`", "did you mean `shell`?"),
        bad("users", "name: \"a \", state: absent", "begins or ends with a blank", "would never be wrong"),
        bad("users", "name: a, authorized_keys: {}", "`authorized_keys` needs `only` or `contains`", "only: []"),
        bad("users", "name: a, authorized_keys: []", "authorized_keys must be a mapping"),
        bad("users", "authorized_keys: { only: [] }", "a user needs `name`"),
        bad("users", "name: a, authorized_keys: { contains: [] }", "`contains` is empty"),
        bad("users", "name: a, uid: 5, authorized_keys: { only: [] }", "`uid` has no effect", "another item"),
        bad("users", "name: a, authorized_keys: { onyl: [] , only: [] }", "unknown key `onyl`", "did you mean `only`?"),
        bad("users", "name: a, authorized_keys: { only: [ssh-ed25519 AAAA] }", "not a fingerprint", "not the key"),
        bad("users", "name: a, authorized_keys: { only: [\"SHA256:abc\"] }", "not a fingerprint", "43 characters"),
        bad("users", "name: a, authorized_keys: { only: [\"\(one)=\"] }", "not a fingerprint"),
        bad(
            "users", "name: a, authorized_keys: { only: [\"\(one)\"], contains: [\"\(two)\"] }",
            "is in `contains` and not in `only`"),
        bad("groups", "gid: 1", "a group needs `name`"), bad("groups", "name: \"27\"", "write gid: 27"),
        bad("groups", "name: a, members: []", "`members` is empty"),
        bad("groups", "name: a, state: absent, only: []", "`only` has no effect with state: absent"),
        bad("groups", "name: a, members: [x], only: [z]", "`x` is in `members` and not in `only`"),
    ])
    func isRefused(input: BadInput) { input.check(problems { try loadPack(input.text) }) }

    @Test func aNameThatCannotBeSeenIsDoubted() throws {
        let text = Self.pack("users", ["{ name: \"deploy \" }"])
        #expect(try loadPack(text).warnings.map(\.line) == [3])
        #expect(try loadPack(text.replacing(" }", with: ", literal: true }")).warnings.isEmpty)
    }

    @Test(arguments: [
        ("users", "name: a, state: absent", "name: a", "state absent", "state present"),
        ("users", "name: a, uid: 1", "name: a, uid: 2", "uid 1", "uid 2"),
        ("users", "name: a, locked: true", "name: a, locked: false", "locked true", "locked false"),
        ("groups", "name: a, only: [x]", "name: a, members: [z]", "without z", "with z"),
        ("groups", "name: a, gid: 1", "name: a, gid: 2", "gid 1", "gid 2"),
    ])
    func twoPacksThatContradictAreNamed(section: String, one: String, other: String, first: String, second: String)
        throws
    {
        let packs = try ConfigurationLoader.load(packs: [
            SourceFile(path: "packs/a.yaml", text: Self.pack(section, ["{ \(one) }"])),
            SourceFile(path: "packs/b.yaml", text: Self.pack(section, ["{ \(other) }"])),
        ]).packs
        let names = packs.keys.sorted()
        let found = PackConflicts(packs: packs, places: [:]).problems(of: [
            (id: ServerID(rawValue: "web-1"), packs: names)
        ])
        #expect(found.count == 1)
        for words in [first, second] { #expect(found.first?.message.contains(words) == true, "\(found)") }
    }
}
