import DriftCore
import PackFiles
import Testing

@Suite("Loading the inventory")
struct LoadingInventoryTests {
    private let base = PackName(rawValue: "base")
    private let web = PackName(rawValue: "web")

    @Test func fillsInWhatIsNotWritten() throws {
        let (inventory, warnings) = try loadInventory("servers: [{ id: web-1, packs: [base] }]")
        #expect(inventory == Inventory(servers: [Server(id: ServerID(rawValue: "web-1"), packs: [base])]))
        #expect(inventory.servers.first?.address == "web-1")
        #expect(inventory.servers.first?.displayName == "web-1")
        #expect(warnings.isEmpty)
    }

    @Test func readsEveryKey() throws {
        let (inventory, _) = try loadInventory(
            """
            schedule: { cron: "30 5 * * 1-5", time_zone: Europe/Berlin, spread: 10m }
            defaults:
              user: driftwatch
              config_user: deploy
              port: 2222
              queue: dmz
              connection: ssh
              packs: [base]
              labels: { site: a, tier: low }
            servers:
              - id: web-1
                name: Web 1
                address: 2001:db8::7
                port: 22
                user: admin
                config_user: www-data
                connection: local
                queue: default
                packs: [web, base]
                labels: { tier: high, empty: "" }
                drift_detection: false
              - id: web.2_b
            """)
        let schedule = ScheduleSetting(cron: "30 5 * * 1-5", timeZone: "Europe/Berlin", spreadSeconds: 600)
        let first = Server(
            id: ServerID(rawValue: "web-1"), displayName: "Web 1", address: "2001:db8::7", port: 22, user: "admin",
            configUser: "www-data", connection: .local, packs: [web, base],
            labels: ["site": "a", "tier": "high", "empty": ""], driftDetection: false)
        let second = Server(
            id: ServerID(rawValue: "web.2_b"), port: 2222, user: "driftwatch", configUser: "deploy", queue: "dmz",
            packs: [base], labels: ["site": "a", "tier": "low"])
        #expect(inventory == Inventory(schedule: schedule, servers: [first, second]))
    }

    @Test func theTimeZoneIsUTCWhereNoneIsWritten() throws {
        let (inventory, _) = try loadInventory("schedule: { cron: 0 6 * * * }\nservers: []\ndefaults:")
        #expect(inventory == Inventory(schedule: ScheduleSetting(cron: "0 6 * * *", timeZone: "UTC")))
    }

    @Test(arguments: [
        "web-1.example.net", "10.0.0.1", "web_1", "A.B", "\"::1\"", "fe80::1%eth0", "\"::ffff:10.0.0.1\"",
        "xn--bcher-kva.ch",
    ])
    func takesAddresses(text: String) throws {
        let (inventory, _) = try loadInventory("servers: [{ id: a, packs: [base], address: \(text) }]")
        #expect(inventory.servers.first?.address == text.filter { $0 != "\"" })
    }

    @Test(arguments: ["root", "_apt", "a.b-c", "svc$", "me@example.net", "x+y"])
    func takesUsers(text: String) throws {
        let (inventory, _) = try loadInventory("servers: [{ id: a, packs: [base], user: \(text) }]")
        #expect(inventory.servers.first?.user == text)
    }

    @Test(arguments: [
        ("servers: [{ id: a }]", 1), ("servers: [{ id: a, packs: [] }]", 1),
        ("defaults: { packs: [base] }\nservers: [{ id: a, packs: [] }]", 1),
        ("servers: [{ id: a, drift_detection: false }]", 0),
        ("defaults: { packs: [base] }\nservers: [{ id: a }]", 0),
    ])
    func warnsOfServersThatNothingIsAskedOf(text: String, count: Int) throws {
        let (_, warnings) = try loadInventory(text)
        #expect(
            warnings.map(\.message)
                == Array(repeating: "the server has no packs: nothing is checked on it", count: count))
    }

    @Test func packsMayComeFromTheFilesOrTheDatabase() throws {
        let inventory = SourceFile(path: "fleet.yaml", text: "servers: [{ id: a, packs: [base, web] }]")
        let base = SourceFile(path: "packs/base.yaml", text: "items: {}")
        #expect(!problems { try ConfigurationLoader.load(inventory: inventory, packs: [base]) }.isEmpty)
        let stored: [Set<PackName>?] = [[web], nil]
        for known in stored {
            let loaded = try ConfigurationLoader.load(inventory: inventory, packs: [base], knownPacks: known)
            #expect(loaded.inventory?.servers.first?.packs == [self.base, web])
        }
    }

    @Test func aPackFileThatIsWrongIsNotMissing() {
        let inventory = SourceFile(path: "fleet.yaml", text: "servers: [{ id: a, packs: [base] }]")
        let base = SourceFile(path: "packs/base.yaml", text: "items: 7")
        let found = problems { try ConfigurationLoader.load(inventory: inventory, packs: [base]) }
        #expect(found.map(\.file) == ["packs/base.yaml"])
    }

    private static func server(_ fields: String, _ says: String...) -> BadInput {
        var input = BadInput("servers:\n  - { \(fields) }", line: 2)
        input.says = says
        return input
    }

    @Test(arguments: [
        BadInput("", line: 1, "fleet.yaml:1:1: error: the file is empty", "servers: []"),
        BadInput("[]", line: 1, "the inventory must be a mapping, not a list"),
        BadInput("defaults: {}", line: 1, "the inventory needs `servers`"),
        BadInput("servers:", line: 1, ":1:1:", "`servers` must be a list, not nothing"),
        BadInput("servers: {}", line: 1, "`servers` must be a list, not a mapping"),
        BadInput("server: []\nservers: []", line: 1, "unknown key `server`", "did you mean `servers`?"),
        BadInput("servers: []\nschedule: 0 6 * * *", line: 2, "schedule must be a mapping, not a text"),
        BadInput("servers: []\nschedule: { time_zone: UTC }", line: 2, "schedule needs `cron`"),
        BadInput("servers: []\nschedule: { cron: 0 6 * * }", line: 2, ":2:19:", "`cron`: ", "4 of 5 fields"),
        BadInput("servers: []\nschedule: { cron: 0 25 * * * }", line: 2, "`cron`: ", "25"),
        BadInput("servers: []\nschedule: { cron: * * * * * }", line: 2, "not YAML", "begins with *"),
        BadInput(
            "servers: []\nschedule: { cron: 0 6 * * *, time_zone: Mars/Base }", line: 2, ":2:41:",
            "`time_zone`: `Mars/Base` is not a time zone"),
        BadInput("servers: []\nschedule: { cron: 0 6 * * *, spread: ten }", line: 2, "`ten` is not a span", "10m"),
        BadInput(
            "servers: []\nschedule: { cron: 0 * * * *, spread: 2h }", line: 2, ":2:38:",
            "a spread of 2h is longer than the time between two slots, 1h"),
        BadInput("servers: []\nschedule: { cron: 0 6 * * *, zone: UTC }", line: 2, "unknown key `zone` in schedule"),
        BadInput("servers: []\ndefaults: { id: a }", line: 2, "unknown key `id` in defaults"),
        BadInput("servers: []\ndefaults: { packs: [bsae] }", line: 2, "`bsae` does not exist", "mean `base`?"),
        BadInput("servers:\n  - web-1", line: 2, "a server must be a mapping, not a text"),
        BadInput("servers:\n  - id: a\n  - id: b\n  - id: a", line: 4, "the server `a` appears twice", "line 2"),
        server("name: a", "a server needs `id`"),
        server("id: 7", "`id` must be a text, not 7, a number"),
        server("id: Web", "`Web` is not a server id"),
        server("id: \"a b\"", "is not a server id"),
        server("id: \"-a\"", "is not a server id"),
        server("id: \"a\\n\"", "U+000A"),
        server("id: é", "is not a server id"),
        server("id: \(String(repeating: "a", count: 64))", "is not a server id", "63"),
        server("id: a, nmae: b", "unknown key `nmae` in a server", "did you mean `name`?"),
        server("id: a, name: \"a\\e[0m\"", "U+001B"),
        server("id: a, address: \"-oProxyCommand=x\"", "is not an address"),
        server("id: a, address: -v", "`-v` is not an address"),
        server("id: a, address: .a", "is not an address"),
        server("id: a, address: \"a b\"", "is not an address"),
        server("id: a, address: root@a", "put the login name under user"),
        server("id: a, address: \"a:22\"", "put the port under port"),
        server("id: a, address: \"[::1]\"", "without brackets"),
        server("id: a, address: \"ssh://a\"", "is not an address"),
        server("id: a, address: \"::1;id\"", "is not an IPv6 address"),
        server("id: a, address: \"fe80::1%a b\"", "is not an IPv6 address"),
        server("id: a, address: \"$(id)\"", "is not an address"),
        server("id: a, address: \"a\\0\"", "U+0000"),
        server("id: a, user: -l", "`-l` is not a user name"),
        server("id: a, user: \"a b\"", "is not a user name"),
        server("id: a, user: \"a;b\"", "is not a user name"),
        server("id: a, config_user: \"../x\"", "is not a user name"),
        server("id: a, port: 0", "0 is not a port", "1 to 65535"),
        server("id: a, port: 65536", "is not a port"),
        server("id: a, port: -1", "must be a whole number"),
        server("id: a, port: 022", "must be a whole number, not 022"),
        server("id: a, port: \"22\"", "must be a whole number, not a text", "without quotes"),
        server("id: a, port: 99999999999999999999", "must be a whole number"),
        server("id: a, connection: telnet", "unknown value `telnet`", "one of ssh, local"),
        server("id: a, queue: A", "`A` is not a queue name"),
        server("id: a, packs: base", "`packs` must be a list, not a text"),
        server("id: a, packs:", "`packs` must be a list, not nothing"),
        server("id: a, packs: null", "`packs` must be a list, not null"),
        server("id: a, packs: [base, base]", "the pack `base` appears twice"),
        server("id: a, packs: [other]", "the pack `other` does not exist", "packs/other.yaml"),
        server("id: a, packs: [../x]", "is not a pack name"),
        server("id: a, packs: [7]", "must be a text, not 7"),
        server("id: a, labels: [x]", "labels must be a mapping, not a list"),
        server("id: a, labels: { x: 7 }", "`x` must be a text, not 7, a number"),
        server("id: a, labels: { x: yes }", "`x` must be a text, not yes, a boolean"),
        server("id: a, labels: { x: }", "`x` has no value"),
        server("id: a, labels: { \"a b\": c }", "`a b` is not a label name"),
        server("id: a, labels: { x: \"a\\nb\" }", "U+000A"),
        server("id: a, drift_detection: yes", "must be true or false, not yes", "write true"),
        server("id: a, drift_detection: \"false\"", "must be true or false", "write false, without quotes"),
    ])
    func errorsAreTold(input: BadInput) {
        input.check(problems { try loadInventory(input.text) })
    }
}
