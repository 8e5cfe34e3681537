import DriftCore
import PackFiles
import Testing

@Suite("Groups, also, and what comes before what")
struct InventoryGroupTests {
    private static func name(_ text: String) -> PackName { PackName(rawValue: text) }

    private func server(_ id: String, in text: String) throws -> Server {
        try #require(try loadInventory(text).inventory.servers.first { $0.id.rawValue == id })
    }

    @Test(arguments: [
        ("{ id: a }", ["base"]), ("{ id: a, also: [web] }", ["base", "web"]), ("{ id: a, packs: [web] }", ["web"]),
        ("{ id: a, packs: [web], also: [base] }", ["web", "base"]), ("{ id: a, also: [base] }", ["base"]),
        ("{ id: a, labels: { role: web } }", ["base", "web"]),
        ("{ id: a, labels: { role: web }, packs: [] }", []),
        ("{ id: a, labels: { role: web }, packs: [], also: [base] }", ["base"]),
        ("{ id: a, labels: { role: proxy } }", ["base", "web"]), ("{ id: a, labels: { role: db } }", ["base"]),
    ])
    func packsAddUpUnlessTheServerNamesItsOwn(entry: String, packs: [String]) throws {
        let text = """
            defaults: { packs: [base] }
            groups: { web: { match: { role: [web, proxy] }, packs: [web] } }
            servers: [\(entry)]
            """
        #expect(try server("a", in: text).packs.map(\.rawValue) == packs)
    }

    @Test func theLaterGroupAndTheServerWin() throws {
        let text = """
            defaults: { user: d, config_user: d, port: 1, queue: d, connection: ssh, labels: { role: web } }
            groups:
              second: { match: { site: a }, user: s, port: 2, queue: s }
              first: { match: { role: web }, user: f, port: 3, connection: local }
              never: { match: { role: db }, user: nobody }
            servers:
              - { id: a, labels: { site: a }, port: 4, packs: [base] }
            """
        let server = try server("a", in: text)
        #expect(server.user == "f" && server.port == 4 && server.queue == "s")
        #expect(server.configUser == "d" && server.connection == .local)
    }

    @Test func anEmptyMatchIsEveryServer() throws {
        let text = "groups: { all: { match: {}, packs: [base] } }\nservers: [{ id: a }, { id: b, labels: { x: z } }]"
        #expect(try loadInventory(text).inventory.servers.map(\.packs) == [[Self.name("base")], [Self.name("base")]])
    }

    @Test func allLabelsOfAMatchMustFit() throws {
        let text = """
            groups: { both: { match: { role: web, site: a }, packs: [web] } }
            defaults: { packs: [base] }
            servers: [{ id: one, labels: { role: web } }, { id: two, labels: { role: web, site: a } }]
            """
        #expect(try loadInventory(text).inventory.servers.map(\.packs.count) == [1, 2])
    }

    @Test(arguments: [
        ("{ rol: web }", "none has the label `rol`", "did you mean `role`?"),
        ("{ role: wbe }", "none has the label `role=wbe`", "did you mean `web`?"),
        ("{ role: [wbe, none] }", "none has the label `role=wbe` or `role=none`", "did you mean `web`?"),
        ("{ role: web, site: b }", "none has all of these labels", ""),
    ])
    func aGroupWithoutServersIsWarnedAbout(match: String, why: String, hint: String) throws {
        let text = """
            defaults: { packs: [base] }
            groups:
              lost: { match: \(match), packs: [web] }
            servers: [{ id: a, labels: { role: web } }, { id: b, labels: { site: b } }]
            """
        let (inventory, warnings) = try loadInventory(text)
        #expect(inventory.servers.allSatisfy { $0.packs == [Self.name("base")] })
        let warning = try #require(warnings.first)
        #expect(warnings.count == 1 && warning.line == 3)
        #expect(warning.message == "the group `lost` matches no server: \(why)")
        #expect(warning.hint ?? "" == hint)
    }

    @Test func whatComesFromWhereIsKnown() throws {
        let source = SourceFile(
            path: "fleet.yaml",
            text: """
                defaults: { user: d, packs: [base], labels: { site: a } }
                groups:
                  web: { match: { role: web }, packs: [web, base], queue: q }
                servers:
                  - { id: a, labels: { role: web }, also: [web], port: 1 }
                """)
        let loaded = try ConfigurationLoader.load(inventory: source, knownPacks: nil)
        let id = ServerID(rawValue: "a")
        #expect(
            loaded.reasons.servers == [
                id: InventoryReasons.Server(
                    file: "fleet.yaml", line: 5,
                    settings: ["user": .defaults, "queue": .group("web"), "port": .server],
                    labels: ["site": .defaults, "role": .server],
                    packs: [
                        Self.name("base"): [.defaults, .group("web")], Self.name("web"): [.group("web"), .also],
                    ], groups: ["web"])
            ])
        #expect(
            loaded.reasons.groups == [
                InventoryReasons.Group(
                    name: "web", match: ["role": ["web"]], packs: [Self.name("web"), Self.name("base")], servers: [id])
            ])
    }

    @Test func packsThatNobodyHasAreKnown() throws {
        func pack(_ name: String, _ parent: String = "null") -> SourceFile {
            SourceFile(path: "packs/\(name).yaml", text: "extends: \(parent)\nitems: {}")
        }
        let packs = [pack("used", "parent"), pack("parent"), pack("grouped"), pack("lost", "used"), pack("alone")]
        let inventory = SourceFile(
            path: "fleet.yaml",
            text: "groups: { g: { match: { x: z }, packs: [grouped] } }\nservers: [{ id: a, packs: [used] }]")
        let loaded = try ConfigurationLoader.load(inventory: inventory, packs: packs)
        #expect(loaded.unusedPacks.map(\.rawValue).sorted() == ["alone", "lost"])
        #expect(try ConfigurationLoader.load(packs: packs).unusedPacks.isEmpty)
    }

    @Test(arguments: [
        BadInput("servers: []\ngroups: [web]", line: 2, "groups must be a mapping, not a list"),
        BadInput("servers: []\ngroups: { web: [base] }", line: 2, "a group must be a mapping"),
        BadInput("servers: []\ngroups: { web: { packs: [base] } }", line: 2, "the group `web` needs `match`"),
        BadInput("servers: []\ngroups: { web: { match: web } }", line: 2, "`match` must be a mapping, not a text"),
        BadInput("servers: []\ngroups: { web: { match: } }", line: 2, "`match` must be a mapping, not nothing"),
        BadInput("servers: []\ngroups: { web: { match: { role: [] } } }", line: 2, "`role` is an empty list"),
        BadInput("servers: []\ngroups: { web: { match: { role: yes } } }", line: 2, "must be a text, not yes"),
        BadInput("servers: []\ngroups: { web: { match: { \"a b\": c } } }", line: 2, "`a b` is not a label name"),
        BadInput("servers: []\ngroups: { Web: { match: {} } }", line: 2, "`Web` is not a group name"),
        BadInput("servers: []\ngroups: { a: { match: {}, pack: [base] } }", line: 2, "unknown key `pack`", "`packs`"),
        BadInput("servers: []\ngroups: { a: { match: {}, packs: [bsae] } }", line: 2, "did you mean `base`?"),
        BadInput("servers: []\ngroups: { a: { match: {}, labels: { x: z } } }", line: 2, "a group gives no labels"),
        BadInput("servers: []\ngroups: { a: { match: {}, also: [base] } }", line: 2, "unknown key `also`"),
        BadInput("servers: [{ id: a, also: base }]", line: 1, "`also` must be a list, not a text"),
        BadInput("servers: [{ id: a, also: [bsae] }]", line: 1, "did you mean `base`?"),
        BadInput("defaults: { also: [base] }\nservers: []", line: 1, "unknown key `also` in defaults"),
    ])
    func errorsAreTold(input: BadInput) {
        input.check(problems { try loadInventory(input.text) })
    }

    @Test func labelsOfDefaultsCountAgainstTheLimit() {
        let labels = (0..<40).map { "l\($0): x" }.joined(separator: ", ")
        let own = (40..<65).map { "l\($0): x" }.joined(separator: ", ")
        let text = "defaults: { packs: [base], labels: { \(labels) } }\nservers: [{ id: a, labels: { \(own) } }]"
        BadInput(text, line: 2, "the server `a` has 65 labels", "at most 64")
            .check(problems { try loadInventory(text) })
    }
}
