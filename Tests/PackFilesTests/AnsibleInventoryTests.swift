import DriftCore
import PackFiles
import Testing

/// Loads an inventory that takes its servers from `hosts`.
func loadAnsible(
    _ hosts: String, named path: String = "hosts", fleet: String = "defaults: { packs: [base] }"
) throws -> LoadedConfiguration {
    try ConfigurationLoader.load(
        inventory: SourceFile(path: "fleet.yaml", text: "ansible: \(path)\n\(fleet)"),
        files: InventoryFiles(ansible: InventoryFiles.Found(path: path, source: .bytes(Array(hosts.utf8)))),
        knownPacks: [PackName(rawValue: "base"), PackName(rawValue: "web")])
}

@Suite("An Ansible inventory as the servers")
struct AnsibleInventoryTests {
    @Test func hostsBecomeServersAndGroupsTheirLabels() throws {
        let loaded = try loadAnsible(
            """
            mail ansible_host=192.0.2.7
            [web_servers]
            Web-[1:2].example.net:2200 ansible_user=deploy
            [eu-West:children]
            web_servers
            """)
        let servers = try #require(loaded.inventory?.servers)
        let labels = ["web_servers": "member", "eu-West": "member"]
        let base = PackName(rawValue: "base")
        #expect(
            servers == [
                Server(id: ServerID(rawValue: "mail"), address: "192.0.2.7", packs: [base]),
                Server(
                    id: ServerID(rawValue: "web-1.example.net"), displayName: "Web-1.example.net",
                    address: "Web-1.example.net", port: 2200, user: "deploy", packs: [base], labels: labels),
                Server(
                    id: ServerID(rawValue: "web-2.example.net"), displayName: "Web-2.example.net",
                    address: "Web-2.example.net", port: 2200, user: "deploy", packs: [base], labels: labels),
            ])
        #expect(loaded.warnings.isEmpty)
    }

    @Test func defaultsAreWeakerGroupsAndServersStronger() throws {
        let loaded = try loadAnsible(
            "[web]\na ansible_user=h ansible_port=1\nb ansible_user=h\nc\n[web:vars]\nansible_port=2\nansible_host=x",
            fleet: """
                defaults: { user: d, port: 3, packs: [base] }
                groups: { web: { match: { web: member }, packs: [web], queue: q }, two: { match: { x: z }, user: g } }
                servers: [{ id: b, name: B, labels: { x: z }, address: own, also: [base] }, { id: other, packs: [web] }]
                """)
        let servers = try #require(loaded.inventory?.servers)
        #expect(servers.map(\.id.rawValue) == ["a", "b", "c", "other"])
        #expect(servers.map(\.user) == ["h", "g", "d", "d"])
        #expect(servers.map(\.port) == [1, 2, 2, 3])
        #expect(servers.map(\.address) == ["x", "own", "x", "other"])
        #expect(servers.map(\.queue) == ["q", "q", "q", "default"])
        #expect(servers.map(\.displayName) == ["a", "B", "c", "other"])
        #expect(
            servers.map { $0.packs.map(\.rawValue) } == [["base", "web"], ["base", "web"], ["base", "web"], ["web"]])
        let reasons = loaded.reasons.servers[ServerID(rawValue: "b")]
        #expect(reasons?.file == "hosts" && reasons?.line == 3)
        #expect(
            reasons?.settings == [
                "user": .group("two"), "port": .ansibleGroup("web"), "queue": .group("web"), "name": .server,
                "address": .server,
            ])
        #expect(reasons?.labels == ["web": .ansibleGroup("web"), "x": .server])
    }

    @Test func whatIsNotUsedIsNamedOnce() throws {
        let loaded = try loadAnsible(
            """
            a ansible_become=true ansible_connection=local http_port=80
            b ansible_become=true ansible_connection=ssh ansible_ssh_private_key_file=/k x="{{ y }}"
            [all:vars]
            ansible_become_user=root
            ansible_python_interpreter=/usr/bin/python3
            ansible_ssh_pass=canary
            """)
        #expect(
            loaded.warnings.map { "\($0.line ?? 0) \($0.message)" } == [
                "1 `ansible_become` is not used (2 times)", "1 `ansible_connection` is not used",
                "2 `ansible_ssh_private_key_file` is not used", "4 `ansible_become_user` is not used",
                "6 `ansible_ssh_pass` is not used",
            ])
        #expect(!loaded.warnings.contains { $0.description.contains("canary") })
    }

    @Test(arguments: [
        ("a ansible_host=\"{{ ip }}\"", "`ansible_host`: Ansible would compute the value `{{ ip }}`: of a"),
        ("a ansible_user={{x}}", "`ansible_user`: Ansible would compute the value `{{x}}`: of a"),
        ("[g]\n[g:vars]\nansible_user = {{ x }}\n[g]\na\nb\nc\nd", "of a, b, c and 1 more"),
        ("a ansible_port=ssh", "`ansible_port`: `ssh` is not a port: of a"),
        ("a ansible_port=70000", "`70000` is not a port"), ("a:99999999999999999999", "is not a port"),
        ("a ansible_host=10.0.0.1:22", "`10.0.0.1:22` is not an address"),
        ("a ansible_host=-oProxyCommand=x", "`-oProxyCommand=x` is not an address"),
        ("a ansible_user=-l", "`-l` is not a user name"), ("a ansible_user=None", "the value is None"),
        ("a ansible_user=True", "the value is True"), ("a ansible_user=\"[1]\"", "a list or a mapping"),
        ("a ansible_host=1.10", "the number 1.10"), ("[g]\na\n[g:vars]\nansible_user='a' 'b'", "is not a user name"),
    ])
    func aValueThatIsNeededAndCannotBeUsedIsAnError(hosts: String, says: String) throws {
        let found = problems { try loadAnsible(hosts) }
        #expect(found.count == 1 && found.first?.severity == .error, "\(found)")
        #expect(found.first?.message.contains(says) == true, "\(found)")
    }

    @Test func aValueThatIsReplacedMayBeAnything() throws {
        let loaded = try loadAnsible(
            "a ansible_host=\"{{ ip }}\" ansible_user=\"{{ user }}\" ansible_port=x",
            fleet: """
                groups: { all: { match: {}, user: driftwatch, port: 22 } }
                servers: [{ id: a, address: 192.0.2.1, packs: [base] }]
                """)
        #expect(loaded.inventory?.servers.first?.user == "driftwatch")
    }

    @Test func hostsWithoutPacksAreToldInOneLine() throws {
        let loaded = try loadAnsible("a[1:5]", fleet: "servers: [{ id: a2, packs: [base] }]")
        #expect(
            loaded.warnings.map(\.description) == [
                "fleet.yaml:1:10: warning: a1, a3, a4 and 1 more have no packs: nothing is checked there"
                    + " (assign some in defaults or groups)"
            ])
    }

    @Test(arguments: [
        ("Web\nweb", 2, "the hosts `Web` and `web` would both be the server `web`"),
        ("2001:db8::1\n2001-db8--1", 2, "would both be"), ("_x", 1, "the host `_x` cannot be a server"),
        ("[::1]:22", 1, "the host `::1` cannot be a server"),
        (String(repeating: "a", count: 64), 1, "cannot be a server"), ("a b", 1, "`b` is not a variable"),
        ("[a:children]\nb", 2, "the group `b` is not declared"),
        ("[a:vars]\nx=1", 1, "has variables and is not declared"),
        ("[a:child]", 1, "unknown kind of section: `child`"), ("[a b]", 1, "is not a section"),
        ("[a:vars]\nx\n[a]", 2, "`x` is not a variable"), ("a x='", 1, "a quotation mark without its end"),
        ("a\\", 1, "ends in a backslash"), ("b\na[1:", 2, "ends in a colon"), ("a[1", 1, "a range without its end"),
        ("a[1]", 1, "is not a range"),
        ("a[9:1]", 1, "a range with nothing in it"), ("a[01:9]", 1, "same number of digits"),
        ("a[1:9:0]", 1, "is not a range"), ("a[x:1]", 1, "is not a range"), ("b\na:", 2, "ends in a colon"),
        ("a[0:20000]", 1, "more than 20000 hosts"), ("a[0:99999][0:99999][0:99999][0:99999]", 1, "more than 20000"),
        ("a[1:999999999999]", 1, "is not a range"),
        ("[a:children]\nb\n[b:children]\nc\n[c:children]\na", 2, "in a circle: `b → c → a → b`"),
        ("[a:children]\na", 2, "in a circle: `a → a`"), ("[a:children]\nall", 2, "`all` lies in `a`"),
        ("#!/usr/bin/python3\nprint()", 1, "programs are not run"), ("a\n\u{1b}[1mb", 2, "cannot be seen"),
    ])
    func errorsOfAnINIFileAreTold(hosts: String, line: Int, says: String) {
        BadInput(hosts, line: line, says).check(problems { try loadAnsible(hosts) })
    }

    @Test(arguments: [
        ("[a]", 1, "must be a mapping, not a list"), ("plugin: aws_ec2", 1, "configures a plugin"),
        ("", 1, "the file is empty"), ("all: { hosts: [a] }", 1, "`hosts` must be a mapping, not a list"),
        ("all: { hosts: { a: b } }", 1, "the host `a` must be a mapping"),
        ("all: { hosts: { a: { ansible_host: !vault x } } }", 1, "encrypted with ansible-vault"),
        ("all: { hosts: { a: { ansible_user: yes } } }", 1, "the value is yes, a boolean"),
        ("all: { hosts: { a: { ansible_port: 0x16 } } }", 1, "the value is 0x16, a number"),
        ("all: { hosts: { a: { ansible_user: } } }", 1, "the value is nothing"),
        ("a: { children: { b: { children: { a: } } } }", 1, "in a circle"),
        ("x: &x { hosts: { a: } }\ny: *x", 2, "aliases are not accepted"),
        ("all: { hosts: { \"a[1\": } }", 1, "a range without its end"),
    ])
    func errorsOfAYAMLFileAreTold(hosts: String, line: Int, says: String) {
        BadInput(hosts, line: line, says).check(problems { try loadAnsible(hosts, named: "hosts.yml") })
    }

    @Test func whatAnsiblePassesOverIsWarnedAbout() throws {
        let loaded = try loadAnsible(
            "all:\n  hosts: { a: }\n  extra: { b: }\nother: 7\n\"ünix\": { hosts: { a: } }", named: "hosts.yaml")
        #expect(
            loaded.warnings.map { "\($0.line ?? 0) \($0.message)" } == [
                "3 `extra` in the group `all` is not read", "4 `other` is not a group: it is 7, a number",
                "5 the group `ünix` gives no label: `ünix` is not a label name",
            ])
    }

    @Test(arguments: [
        ("hosts", "all:\n  hosts:\n    a:\n"), ("hosts", "---\nall: { hosts: { a: } }\n"), ("hosts", "# x\n\na\n"),
        ("hosts.yml", "all: { hosts: a }"), ("hosts.ini", "a\n"), ("hosts.prod", "a\n"),
        ("hosts.json", "{\"all\": {\"hosts\": {\"a\": {}}}}"),
        ("hosts", "{\"all\": {\"hosts\": {\"a\": {}}}}"), ("hosts", "; x\r\n[g]\r\na # b\r\n"),
    ])
    func bothFormsAreKnown(path: String, text: String) throws {
        #expect(try loadAnsible(text, named: path).inventory?.servers.map(\.id.rawValue) == ["a"])
    }

    @Test(arguments: [
        "defaults: { packs: [base], labels: { web: x } }", "servers: [{ id: a, packs: [base], labels: { web: x } }]",
    ])
    func noLabelHasTheNameOfAnAnsibleGroup(fleet: String) {
        let found = problems { try loadAnsible("[web]\na", fleet: fleet) }
        #expect(found.map(\.message) == ["the label `web` has the name of an Ansible group"])
        #expect(found.first?.file == "fleet.yaml" && found.first?.line == 2)
    }

    @Test func hostileFilesEndSoon() {
        let chain = (0..<70).map { "[g\($0):children]\ng\($0 + 1)" }.joined(separator: "\n") + "\n[g70]\na"
        let sections = (0...1000).map { "[g\($0)]\na" }.joined(separator: "\n")
        let memberships = (0..<11).map { "[g\($0)]\na[1:20000]" }.joined(separator: "\n")
        let long = String(repeating: "a", count: 4_000_000)
        for (text, says) in [
            ("\(long)[1:20000]", "bytes"), ("a x=\(long)'", "without its end"), (chain, "lies in 64 others"),
            (sections, "too many groups"), (memberships, "too many hosts in groups"),
        ] {
            let found = problems { try loadAnsible(text) }
            #expect(found.count == 1 && found.first?.message.contains(says) == true, "\(found.prefix(3))")
        }
    }
}
