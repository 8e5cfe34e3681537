import ArgumentParser
import Postgres
import TestSupport
import Testing

@testable import driftwatch

/// People who only read do so through views: no role reads a table, and every command that only reads works under theirs.
@Suite(.privatePostgres, .serialized, .timeLimit(.minutes(4)))
struct ReadingRoleTests {
    private static let roles = [
        "driftwatch_scheduler", "driftwatch_worker", "driftwatch_notifier", "driftwatch_web", "alice", "bob",
    ]
    /// What a binary reads before it knows which views there are.
    private static let exceptions: Set = ["schema_info", "schema_migrations"]

    /// The commands that only read, by their names, as `bob` types them.
    private static let reading: [String: [String]] = [
        "status": ["here", "--check"], "diff": ["here", "--pack", "base"], "probe": ["here"], "doctor": ["here"],
        "healthcheck": ["worker"], "alerts list": ["--all"], "alerts show": ["1"],
        "alerts accept": ["1", "--packs", "packs"],
        "waivers list": [], "jobs list": [], "jobs show": ["1"],
        "queue list": [], "servers list": [], "hold list": [], "silence list": [], "schedule show": [],
        "outbox list": ["--all"], "destination list": [],
        "migrate": ["--check"],
    ]
    /// They ask the database nothing, or run until they are stopped, under roles of their own.
    private static let others: Set = ["lint", "inventory", "schema", "run", "scheduler", "worker", "notifier", "web"]

    private static func withHistory(_ body: (Database) async throws -> Void) async throws {
        try await ProcessRoleTests.withRoles { site in
            try await site.makeServer("here", packs: ["base": ["/etc/passwd"]])
            try await site.watch(cron: "0 6 * * *", timeZone: "UTC")
            try await site.execute("update driftwatch.servers set connection = 'local'")
            try await site.execute("select driftwatch.enqueue_check('here', 'bob')")
            try await site.judge("here", wrong: ["/etc/passwd"])
            try await site.execute(
                "update driftwatch.jobs set worker_id = 'w', claimed_at = created_at where state = 'succeeded'")
            try await site.execute("select driftwatch.open_alert('here', 'base', 1, 1, '[]')")
            try await body(site)
        }
    }

    private static func session(_ role: String, _ body: (Database) async throws -> Void) async throws {
        try await PrivatePostgres.current.withDatabase {
            $0.conninfo = ProcessRoleTests.conninfo(role)
        } _: {
            try await body($0)
        }
    }

    @Test
    func everyTableIsRefusedToEveryRole() async throws {
        try await Self.withHistory { site in
            let tables = try await site.rows(
                "select relname::text from pg_class where relnamespace = 'driftwatch'::regnamespace and relkind = 'r'",
                as: String.self)
            #expect(tables.count > 20)
            for role in Self.roles {
                try await Self.session(role) { database in
                    for table in tables {
                        let isRefused = await Self.isRefused("select from driftwatch.\(identifier: table)", database)
                        #expect(isRefused != Self.exceptions.contains(table), "\(role): \(table)")
                    }
                }
            }
        }
    }

    private static func isRefused(_ statement: SQL, _ database: Database) async -> Bool {
        do { try await database.execute(statement) } catch {
            return (error as? DatabaseError)?.sqlState == .insufficientPrivilege
        }
        return false
    }

    /// A view runs its functions with the rights of its reader.
    @Test
    func everyViewIsReadByPeople() async throws {
        try await Self.withHistory { site in
            let views = try await site.rows(
                "select relname::text from pg_class where relnamespace = 'driftwatch'::regnamespace and relkind = 'v'",
                as: String.self)
            for role in ["bob", "alice", "driftwatch_web"] {
                try await Self.session(role) { database in
                    for view in views { try await database.execute("select * from driftwatch.\(identifier: view)") }
                }
            }
        }
    }

    /// The names of all commands that may be asked for, and whether they act.
    private static func commands(
        of command: any ParsableCommand.Type = Driftwatch.self, _ path: [String] = []
    ) -> [(name: String, acts: Bool)] {
        let parts = command.configuration.subcommands
        guard parts.isEmpty else { return parts.flatMap { commands(of: $0, path + [$0._commandName]) } }
        return [(path.joined(separator: " "), command is any ActingCommand.Type)]
    }

    @Test
    func everyCommandThatOnlyReadsWorksForAReader() async throws {
        let names = Self.commands().filter { !$0.acts }.map(\.name)
        #expect(Set(names) == Self.others.union(Self.reading.keys))
        try await Self.withHistory { _ in
            for (name, arguments) in Self.reading {
                let command = name.split(separator: " ").map(String.init) + arguments
                let result = try await ProcessRoleTests.program(command, as: "bob")
                // 3 is a fault of the database; with nobody at work, bad news is right.
                #expect([0, 1, 4].contains(result.status), "\(command): \(result)")
                #expect(!(result.output + result.errors).contains("permission denied"), "\(command): \(result)")
            }
        }
    }

    /// Each of its queries is planned, and its rights are tried, without its effects.
    @Test
    func theCookbookIsForReadersAndWhatActsForOperators() async throws {
        let queries = try CookbookTests.queries(in: DocumentPage.named("docs/psql.md"))
        try await Self.withHistory { _ in
            for query in queries {
                let acts = query.text.hasPrefix("select driftwatch.")
                try await Self.session("bob") { database in
                    let statement = "explain \(query.text)"
                    if acts {
                        let refusal = await #expect(throws: DatabaseError.self, "docs/psql.md:\(query.line)") {
                            try await database.executeScript(statement)
                        }
                        #expect(refusal?.sqlState == .insufficientPrivilege)
                    } else {
                        try await database.executeScript(statement)
                    }
                }
                guard acts else { continue }
                try await Self.session("alice") { try await $0.executeScript("explain \(query.text)") }
            }
        }
    }
}
