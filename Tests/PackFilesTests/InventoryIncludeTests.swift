import DriftCore
import PackFiles
import Testing

@Suite("Inventories of several files")
struct InventoryIncludeTests {
    private static func load(
        _ main: String, _ files: [String: String], pattern: String = "fleet.d/*.yaml"
    ) throws -> LoadedConfiguration {
        let found = files.sorted { $0.key < $1.key }.map { path, text in
            InventoryFiles.Found(path: path, source: .bytes(Array(text.utf8)))
        }
        return try ConfigurationLoader.load(
            inventory: SourceFile(path: "fleet.yaml", text: main), files: InventoryFiles(included: [pattern: found]),
            knownPacks: [PackName(rawValue: "base"), PackName(rawValue: "web")])
    }

    @Test(arguments: [
        ("include: fleet.d/*.yaml", ["fleet.d/*.yaml"], nil),
        ("include: [a.yaml, \"b/?.yaml\"]\nansible: hosts", ["a.yaml", "b/?.yaml"], "hosts"),
        ("include: [../a.yaml, /b, ~/c, \"\", d/../e, ./f, g]\nansible: /etc/hosts", ["g"], nil),
        ("servers: []\n# include ansible", [], nil), ("include: [", [], nil), ("[include]", [], nil),
        ("include: { a: b }\nansible: [hosts]", [], nil),
    ])
    func onlyPathsBelowTheFolderAreAskedFor(text: String, includes: [String], ansible: String?) {
        let mentions = ConfigurationLoader.filesNamed(by: SourceFile(path: "fleet.yaml", text: text))
        #expect(mentions.includes == includes && mentions.ansible == ansible)
    }

    @Test func theDefaultsOfAFileHoldForItsServers() throws {
        let loaded = try Self.load(
            """
            include: fleet.d/*.yaml
            defaults: { user: main, queue: main, packs: [base], labels: { site: a, kind: b } }
            groups: { web: { match: { site: ham }, packs: [web] } }
            servers: [{ id: main-1 }]
            """,
            [
                "fleet.d/ham.yaml": "defaults: { user: ham, labels: { site: ham } }\nservers: [{ id: ham-1 }]",
                "fleet.d/ber.yaml": """
                defaults: { packs: [web] }
                groups: { late: { match: { site: a }, port: 7 } }
                servers: [{ id: ber-1, user: own }]
                """,
            ])
        let servers = try #require(loaded.inventory?.servers)
        #expect(servers.map(\.id.rawValue) == ["main-1", "ber-1", "ham-1"])
        #expect(servers.map(\.user) == ["main", "own", "ham"])
        #expect(servers.map(\.queue) == ["main", "main", "main"])
        #expect(servers.map { $0.packs.map(\.rawValue) } == [["base"], ["web"], ["base", "web"]])
        #expect(servers.map(\.port) == [7, 7, nil])
        #expect(servers.last?.labels == ["site": "ham", "kind": "b"])
        #expect(
            loaded.reasons.servers[ServerID(rawValue: "ham-1")]
                == InventoryReasons.Server(
                    file: "fleet.d/ham.yaml", line: 2,
                    settings: ["user": .defaultsOf(file: "fleet.d/ham.yaml"), "queue": .defaults],
                    labels: ["site": .defaultsOf(file: "fleet.d/ham.yaml"), "kind": .defaults],
                    packs: [
                        PackName(rawValue: "base"): [.defaults], PackName(rawValue: "web"): [.group("web")],
                    ], groups: ["web"]))
    }

    @Test func aServerInTwoFilesIsToldWithBoth() {
        let found = problems {
            try Self.load(
                "include: fleet.d/*.yaml\nservers:\n  - { id: a, packs: [base] }",
                [
                    "fleet.d/1.yaml": "servers:\n  - { id: b, packs: [base] }\n  - { id: a, packs: [web] }",
                    "fleet.d/2.yaml": "groups: { g: { match: {}, packs: [base] } }\nservers: [{ id: b }]",
                    "fleet.d/3.yaml": "groups: { g: { match: {} } }",
                ])
        }
        #expect(
            found.map(\.description) == [
                "fleet.d/1.yaml:3:5: error: the server `a` appears twice (first at fleet.yaml:3)",
                "fleet.d/2.yaml:2:11: error: the server `b` appears twice (first at fleet.d/1.yaml:2)",
                "fleet.d/3.yaml:1:11: error: the group `g` appears twice (first at fleet.d/2.yaml:1)",
            ])
    }

    @Test func problemsStandInTheFileThatHasThem() {
        let found = problems {
            try Self.load(
                "include: fleet.d/*.yaml",
                [
                    "fleet.d/1.yaml": "schedule: { cron: 0 6 * * * }\nservers: []",
                    "fleet.d/2.yaml": "include: more.yaml\nservers: []", "fleet.d/3.yaml": "",
                    "fleet.d/4.yaml": "servers: [{ id: a }]",
                ])
        }
        let known = "(known: defaults, groups, servers)"
        #expect(
            found.map(\.description) == [
                "fleet.d/1.yaml:1:1: error: unknown key `schedule` in an included file \(known)",
                "fleet.d/2.yaml:1:1: error: unknown key `include` in an included file \(known)",
                "fleet.d/3.yaml:1:1: error: the file is empty (write servers: [] if there are none)",
                "fleet.d/4.yaml:1:11: warning: the server has no packs: nothing is checked on it",
            ])
    }

    @Test func aPatternThatFindsNothingIsWarnedAbout() throws {
        let loaded = try Self.load("include: [fleet.d/*.yaml, other/*]", [:])
        #expect(
            loaded.warnings.map(\.description) == [
                "fleet.yaml:1:11: warning: no file matches `fleet.d/*.yaml` (patterns are relative to the inventory's folder)",
                "fleet.yaml:1:27: warning: no file matches `other/*` (patterns are relative to the inventory's folder)",
            ])
        #expect(loaded.inventory?.servers.isEmpty == true)
    }

    @Test func aFileThatTwoPatternsFindIsReadOnce() throws {
        let found = [InventoryFiles.Found(path: "a.yaml", source: .bytes(Array("servers: [{ id: a }]".utf8)))]
        let loaded = try ConfigurationLoader.load(
            inventory: SourceFile(path: "fleet.yaml", text: "include: [a.yaml, \"*.yaml\"]"),
            files: InventoryFiles(included: ["a.yaml": found, "*.yaml": found]))
        #expect(loaded.inventory?.servers.count == 1)
    }

    @Test func aFileThatMayNotBeReadIsAnError() {
        let found = InventoryFiles.Found(path: "fleet.d/x.yaml", source: .unusable("leads out of ."))
        let files = InventoryFiles(included: ["fleet.d/*.yaml": [found]], ansible: found)
        let text = "include: fleet.d/*.yaml\nansible: fleet.d/x.yaml"
        let told = problems {
            try ConfigurationLoader.load(inventory: SourceFile(path: "fleet.yaml", text: text), files: files)
        }
        #expect(
            told.map(\.description) == [
                "fleet.yaml:1:10: error: the file `fleet.d/x.yaml` leads out of .",
                "fleet.yaml:2:10: error: the Ansible inventory `fleet.d/x.yaml` leads out of .",
            ])
    }

    @Test func tooManyFilesAreAnError() {
        let files = Dictionary(uniqueKeysWithValues: (0...1000).map { ("fleet.d/\($0).yaml", "servers: []") })
        let told = problems { try Self.load("include: fleet.d/*.yaml", files) }
        #expect(told.map(\.message) == ["more than 1000 files match `fleet.d/*.yaml`"])
    }

    @Test(arguments: [
        BadInput("include: /etc/x.yaml", line: 1, "`/etc/x.yaml` is not below the inventory's folder"),
        BadInput("include: [../x.yaml]", line: 1, "leads out of the inventory's folder", "fleet.d/*.yaml"),
        BadInput("include: a//b", line: 1, "has an empty part"),
        BadInput("include:", line: 1, "`include` has no value"),
        BadInput("include: { a: b }", line: 1, "`include` must be a text, not a mapping"),
        BadInput("ansible: [a]", line: 1, "`ansible` must be a text, not a list"),
        BadInput("ansible: hosts", line: 1, "the Ansible inventory `hosts` does not exist"),
        BadInput("include: [\(String(repeating: "a, ", count: 65))]", line: 1, "65 patterns", "at most 64"),
    ])
    func errorsAreTold(input: BadInput) {
        var found = problems { try loadInventory(input.text) }
        // An inventory that names others may have no servers itself; here none of them was read.
        found.removeAll { $0.message.contains("needs `servers`") }
        input.check(found)
    }
}
