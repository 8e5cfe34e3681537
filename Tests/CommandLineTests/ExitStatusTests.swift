import Foundation
import TestSupport
import Testing

/// Exit statuses and what is said, of the binary itself.
@Suite
struct ExitStatusTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var arguments: [String]
        var environment: [String: String] = [:]
        var status: Int
        /// Stands in standard error.
        var says = ""

        var testDescription: String { "\(arguments.joined(separator: " ")) \(environment)" }
    }

    private static let dead = ["DRIFTWATCH_DATABASE_URL": "postgresql://me:sesame@127.0.0.1:1/none"]

    static let cases = [
        Case(arguments: [], status: 0),
        Case(arguments: ["--version"], status: 0),
        Case(arguments: ["nosuch"], status: 2, says: "nosuch"),
        Case(arguments: ["migrate", "--rols"], status: 2, says: "--rols"),
        Case(arguments: ["jobs", "retry"], status: 2, says: "id"),
        Case(arguments: ["queue", "pause"], status: 2, says: "queue"),
        Case(arguments: ["apply"], status: 2, says: "paths"),
        Case(arguments: ["apply", "/nowhere"], status: 1, says: "/nowhere: error: does not exist"),
        Case(arguments: ["lint", "/nowhere"], status: 1, says: "/nowhere"),
        Case(arguments: ["check"], status: 2),
        Case(arguments: ["check", "No Such"], status: 2),
        Case(arguments: ["check", "a", "--all"], status: 2, says: "not both"),
        Case(arguments: ["check", "a", "--label", "role=web"], status: 2, says: "not both"),
        Case(arguments: ["check", "--all", "--label", "role=web"], status: 2, says: "--all"),
        Case(arguments: ["check", "--label", "role"], status: 2, says: "role"),
        Case(arguments: ["check", "--label", "a=1", "--label", "a=2"], status: 2, says: "--label a"),
        Case(arguments: ["check", "--all", "--as", "driftwatch"], environment: dead, status: 2, says: "--as"),
        Case(
            arguments: ["hold", "--server", "a", "--server=b", "--until", "1h", "--reason", "x"], environment: dead,
            status: 2, says: "--server is given more than once, and takes one value (give it once)"),
        Case(
            arguments: ["check", "a", "--timeout", "1s", "--timeout", "2s"], status: 2, says: "--timeout is given more"),
        Case(arguments: ["check", "--label", "a=1", "--label", "b=1"], environment: dead, status: 3),
        Case(arguments: ["probe", "--print-script", "--json"], status: 2, says: "--print-script"),
        Case(arguments: ["check", "a", "--timeout", "soon"], status: 2, says: "soon"),
        Case(arguments: ["worker", "--queue", ","], status: 2, says: "queue"),
        Case(arguments: ["worker", "--queue", "local:a"], status: 2, says: "local:a"),
        Case(arguments: ["worker", "--concurrency", "many"], environment: dead, status: 2, says: "--concurrency"),
        Case(arguments: ["schedule", "set", "0 25 * * *"], environment: dead, status: 2),
        Case(arguments: ["outbox", "list", "--dead", "--all"], environment: dead, status: 2),
        Case(arguments: ["status"], environment: dead, status: 3, says: "127.0.0.1:1"),
        Case(arguments: ["migrate"], environment: dead, status: 3, says: "DRIFTWATCH_DATABASE_URL"),
        Case(
            arguments: ["status"], environment: ["DRIFTWATCH_DATABASE_URL": "postgresql://me:sesame@h:port/x"],
            status: 2,
            says: "DRIFTWATCH_DATABASE_URL"),
        Case(
            arguments: ["worker"], environment: ["DRIFTWATCH_DATABASE_URL": "postgresql://me:ses/ame@127.0.0.1:1/x"],
            status: 2, says: "%2F"),
        Case(
            arguments: ["status"], environment: ["DRIFTWATCH_LOG_LEVEL": "loud"], status: 2,
            says: "DRIFTWATCH_LOG_LEVEL: `loud`"),
        Case(
            arguments: ["status"], environment: ["DRIFTWATCH_CONFIG": "/nowhere.yaml"], status: 2, says: "/nowhere.yaml"
        ),
        Case(
            arguments: ["notifier"], environment: dead.merging(["DRIFTWATCH_SLACK_BOT_TOKEN": "sesame"]) { $1 },
            status: 2,
            says: "DRIFTWATCH_SLACK_CHANNEL"),
        Case(
            arguments: ["scheduler"], environment: dead.merging(["DRIFTWATCH_TIME_ZONE": "Nowhere/City"]) { $1 },
            status: 2,
            says: "DRIFTWATCH_TIME_ZONE"),
        Case(arguments: ["web", "--listen", "here"], environment: dead, status: 2, says: "--listen"),
        Case(arguments: ["healthcheck", "web", "--json"], status: 2),
        Case(
            arguments: ["healthcheck", "web"], environment: ["DRIFTWATCH_LISTEN": "127.0.0.1:1"], status: 3,
            says: "127.0.0.1:1/healthz"),
    ]

    @Test(arguments: cases)
    func everyFaultHasItsStatusAndALine(_ expected: Case) async throws {
        let result = try await Program.run(expected.arguments, expected.environment)
        #expect(result.status == expected.status, "\(result)")
        #expect(expected.says.isEmpty || result.errors.contains(expected.says), "\(result)")
        let said = result.output + result.errors
        #expect(!said.contains("sesame") && !said.contains("ame@"), "a secret is shown")
        if expected.status == 3 {
            #expect(result.errors.split(separator: "\n").count == 1, "\(result)")
        }
    }

    @Test
    func aDatabaseWithoutTheSchemaIsRefusedWithTheCommandThatMakesIt() async throws {
        try await withTestDatabase { database in
            let environment = ["DRIFTWATCH_DATABASE_URL": database.conninfo]
            for arguments in [["status"], ["apply", "."], ["scheduler"], ["worker"], ["check", "a"]] {
                try await withFolder(["fleet.yaml": "servers: []\n"]) { folder in
                    let given = arguments.map { $0 == "." ? folder : $0 }
                    let result = try await Program.run(given, environment)
                    #expect(result.status == 3, "\(arguments): \(result)")
                    #expect(result.errors.contains("run driftwatch migrate"), "\(arguments): \(result)")
                }
            }
            #expect(try await Program.run(["migrate", "--check"], environment).status == 1)
            #expect(try await Program.run(["migrate"], environment).status == 0)
            #expect(try await Program.run(["migrate", "--check"], environment).status == 0)
            #expect(try await Program.run(["status"], environment).status == 0)
        }
    }

    /// Whoever notices first, a command or a function of the database: the words are the same.
    static let unknown: [([String], String)] = [
        (["check", "nowhere"], "there is no server nowhere (driftwatch servers list shows them all)"),
        (["probe", "nowhere"], "there is no server nowhere (driftwatch servers list shows them all)"),
        (["diff", "nowhere"], "there is no server nowhere (driftwatch servers list shows them all)"),
        (["status", "nowhere"], "there is no server nowhere (driftwatch servers list shows them all)"),
        (["servers", "enable", "nowhere"], "there is no server nowhere (driftwatch servers list shows them all)"),
        (
            ["servers", "disable", "nowhere", "--reason", "x"],
            "there is no server nowhere (driftwatch servers list shows them all)"
        ),
        (["status", "--pack", "nosuch"], "there is no pack nosuch (driftwatch status shows the assigned packs)"),
        (["alerts", "show", "7"], "there is no alert 7 (driftwatch alerts list --all shows them all)"),
        (["alerts", "ack", "7"], "there is no alert 7 (driftwatch alerts list --all shows them all)"),
        (["alerts", "resolve", "7"], "there is no alert 7 (driftwatch alerts list --all shows them all)"),
        (["alerts", "list", "--server", "x"], "there is no server x (driftwatch servers list shows them all)"),
        (["jobs", "list", "--server", "x"], "there is no server x (driftwatch servers list shows them all)"),
        (["waivers", "list", "--server", "x"], "there is no server x (driftwatch servers list shows them all)"),
        (["waivers", "end", "7"], "there is no waiver 7 (driftwatch waivers list --all shows them all)"),
        (["jobs", "show", "7"], "there is no job 7 (driftwatch jobs list shows them all)"),
        (["outbox", "redrive", "7"], "there is no dead message 7 (driftwatch outbox list --dead shows them all)"),
        (
            ["destination", "resume", "moon"],
            "there is no destination moon (driftwatch destination list shows them all)"
        ),
        (["diff", "web-1", "--check", "7"], "there is no check 7 of web-1 (driftwatch diff web-1 shows the newest)"),
        (
            ["diff", "web-1", "--check", "7", "--pack", "base"],
            "there is no check 7 of web-1 against base (driftwatch diff web-1 shows the newest)"
        ),
        (
            ["diff", "web-1", "--pack", "x"],
            "web-1 is not checked against x (assign it in the inventory and run driftwatch apply)"
        ),
        (
            ["check", "web-1", "--pack", "x"],
            "web-1 is not checked against x (assign it in the inventory and run driftwatch apply)"
        ),
        (
            ["probe", "web-1", "--pack", "x"],
            "web-1 is not checked against x (assign it in the inventory and run driftwatch apply)"
        ),
    ]

    @Test
    func whatDoesNotExistIsSaidInTheSameWordsEverywhere() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await lent.database.makeServer("web-1")
            let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo]
            for (arguments, words) in Self.unknown {
                let result = try await Program.run(arguments, environment)
                #expect(result.status == 2, "\(arguments): \(result)")
                #expect(result.errors == "driftwatch: \(words)\n", "\(arguments): \(result)")
                #expect(result.output.isEmpty, "\(arguments): \(result)")
            }
            let doctor = try await Program.run(["doctor", "nowhere"], environment)
            #expect(doctor.output.contains("there is no server nowhere"), "\(doctor)")
            #expect(doctor.output.contains("-> driftwatch servers list shows them all"), "\(doctor)")
        }
    }

    static let commands = [
        "migrate", "apply", "lint", "run", "scheduler", "worker", "notifier", "web", "status", "check", "probe", "diff",
        "alerts", "alerts list", "alerts show", "alerts ack", "alerts resolve", "jobs", "jobs list", "jobs show",
        "servers", "servers list", "servers enable", "servers disable", "schedule", "schedule show", "schedule set",
        "outbox", "outbox list", "outbox redrive", "destination", "destination list", "destination resume",
        "notify-test", "doctor", "healthcheck",
    ]

    @Test(arguments: commands)
    func everyCommandExplainsItselfWithAnExample(_ command: String) async throws {
        let result = try await Program.run(command.split(separator: " ").map(String.init) + ["--help"])
        #expect(result.status == 0)
        #expect(result.output.contains("OVERVIEW: "))
        #expect(result.output.contains("Example"))
    }
}
