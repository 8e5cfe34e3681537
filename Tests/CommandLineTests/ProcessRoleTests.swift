import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// The roles of `migrate --roles`: each process runs under its own, people under theirs, and none may do more.
@Suite(.privatePostgres, .serialized, .timeLimit(.minutes(4)))
struct ProcessRoleTests {
    static func conninfo(_ role: String) -> String {
        "host=\(PrivatePostgres.current.socketFolder) user=\(role) dbname=postgres"
    }

    static func program(_ arguments: [String], as role: String) async throws -> Program.Result {
        try await Program.run(arguments, ["DRIFTWATCH_DATABASE_URL": conninfo(role), "DRIFTWATCH_NOTIFY": "console"])
    }

    /// Migrated by `site`, which owns the schema; `alice` is an operator, `bob` a reader.
    static func withRoles(_ body: (Database) async throws -> Void) async throws {
        try await PrivatePostgres.current.withDatabase { database in
            try await database.executeScript(
                """
                drop schema if exists driftwatch cascade;
                do $$ begin
                    if to_regrole('site') is null then create role site login createrole; end if;
                end $$;
                create schema driftwatch authorization site;
                """)
            let migrated = try await program(["migrate", "--roles"], as: "site")
            #expect(migrated.status == 0, "\(migrated)")
            try await database.executeScript(
                """
                do $$ begin
                    if to_regrole('alice') is null then
                        create role alice login in role driftwatch_operator; create role bob login in role driftwatch_reader;
                    end if;
                end $$;
                """)
        }
        try await PrivatePostgres.current.withDatabase {
            $0.conninfo = conninfo("site")
        } _: {
            try await body($0)
        }
    }

    /// Each function has a row in the one table, so that a new one is decided about.
    @Test
    func everyFunctionIsListedAndEveryNameExists() async throws {
        try await Self.withRoles { site in
            let unlisted = try await site.rows(
                """
                select distinct p.proname::text from pg_proc p where p.pronamespace = 'driftwatch'::regnamespace
                    and p.proname not in (select object_name from driftwatch.role_privileges where kind = 'function')
                order by 1
                """, as: String.self)
            #expect(unlisted == [], "they need a row in sql/roles/r10_privileges.sql")
            let unknown = try await site.rows(
                """
                select distinct g.object_name from driftwatch.role_privileges g
                where case g.kind
                    when 'function' then not exists (
                        select from pg_proc p where p.pronamespace = 'driftwatch'::regnamespace and p.proname = g.object_name)
                    else g.object_name <> '*' and to_regclass('driftwatch.' || g.object_name) is null end
                order by 1
                """, as: String.self)
            #expect(unknown == [], "they are not there any more")
        }
    }

    @Test
    func eachRoleMayDoWhatTheTableSaysAndNothingElse() async throws {
        try await Self.withRoles { site in
            let functions = try await site.rows(
                """
                select r.rolname || ' ' || p.oid::regprocedure from pg_roles r
                cross join pg_proc p
                where r.rolname like 'driftwatch\\_%' and p.pronamespace = 'driftwatch'::regnamespace
                  and has_function_privilege(r.oid, p.oid, 'execute') <> exists (
                      select from driftwatch.role_privileges g where g.kind = 'function'
                        and g.object_name = p.proname and g.role_name in (r.rolname, 'public'))
                """, as: String.self)
            #expect(functions == [])
            let reads = try await site.rows(
                """
                select r.rolname || ' ' || c.relname from pg_roles r
                cross join pg_class c
                where r.rolname like 'driftwatch\\_%' and c.relnamespace = 'driftwatch'::regnamespace and c.relkind in ('r', 'v')
                  and has_any_column_privilege(r.oid, c.oid, 'select') <> exists (
                      select from driftwatch.role_privileges g where g.kind = 'relation'
                        and (g.object_name = c.relname or (g.object_name = '*' and c.relkind = 'v'))
                        and g.role_name = r.rolname)
                """, as: String.self)
            #expect(reads == [])
            let writes = try await site.rows(
                """
                select r.rolname || ' ' || c.relname from pg_roles r
                cross join pg_class c
                where r.rolname like 'driftwatch\\_%' and c.relnamespace = 'driftwatch'::regnamespace and c.relkind in ('r', 'v')
                  and (has_table_privilege(r.oid, c.oid, 'delete, truncate, references, trigger')
                       or has_any_column_privilege(r.oid, c.oid, 'insert, update, references'))
                """, as: String.self)
            #expect(writes == [])
        }
    }

    static let forbidden: [(String, String)] = [
        ("driftwatch_scheduler", "select driftwatch.settle_job(1, gen_random_uuid(), 'succeeded')"),
        ("driftwatch_scheduler", "update driftwatch.schedules set paused_at = null"),
        ("driftwatch_worker", "update driftwatch.jobs set state = 'available'"),
        ("driftwatch_worker", "select driftwatch.resolve_alert(1)"),
        ("driftwatch_worker", "select driftwatch.write_audit('mary', 'x', 'y')"),
        ("driftwatch_worker", "select from driftwatch.destinations"),
        ("driftwatch_notifier", "select driftwatch.promote_jobs()"),
        ("driftwatch_notifier", "select from driftwatch.check_details"),
        ("driftwatch_web", "select driftwatch.enqueue_check('here')"),
        ("driftwatch_web", "select fingerprint_key from driftwatch.destinations"),
        ("bob", "select driftwatch.enqueue_check('here')"),
        ("bob", "delete from driftwatch.alerts"),
        ("bob", "select secret_fingerprint from driftwatch.destinations"),
        ("bob", "create table driftwatch.mine (x int)"),
        ("alice", "update driftwatch.servers set disabled_at = null"),
        ("alice", "select driftwatch.release_job(1, gen_random_uuid(), 'no_place')"),
        ("alice", "select driftwatch.stop_watching('here', 'base', 'x', 'alice')"),
        ("alice", "select fingerprint_key from driftwatch.destinations"),
    ]

    @Test
    func whatIsForbiddenIsRefused() async throws {
        try await Self.withRoles { _ in
            for (role, statement) in Self.forbidden {
                try await PrivatePostgres.current.withDatabase {
                    $0.conninfo = Self.conninfo(role)
                } _: { database in
                    let refusal = await #expect(throws: DatabaseError.self, "\(role): \(statement)") {
                        try await database.executeScript(statement)
                    }
                    #expect(refusal?.sqlState == .insufficientPrivilege, "\(role): \(statement): \(refusal as Any)")
                }
            }
        }
    }

    /// One file drifts, from the slot to the message and the page, with no process under another role than its own.
    @Test
    func eachProcessWorksUnderItsRole() async throws {
        try await Self.withRoles { site in
            try await withFolder(["watched": "x\n"]) { folder in
                try await site.makeServer("here", packs: ["base": ["\(folder)/watched"]])
                try await site.execute("update driftwatch.servers set connection = 'local'")
                try await Self.run("scheduler") { scheduler in
                    try await Self.run("worker", ["--local", "here"]) { worker in
                        try await Self.check(site, is: "compliant")
                        try FileManager.default.removeItem(atPath: "\(folder)/watched")
                        try await site.execute(
                            """
                            select driftwatch.advance_schedule('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')
                            """)
                        try await Self.check(site, is: "drifted")
                        try await Self.run("notifier") { notifier in
                            #expect(
                                try await Self.holds(
                                    "select exists (select from driftwatch.outbox where state = 'sent')", site))
                            try await Self.end(notifier)
                        }
                        try await Self.end(worker)
                    }
                    // The janitor's last part but one; a fault in one part keeps it from the next.
                    #expect(
                        try await Self.holds(
                            "select exists (select from driftwatch.slots where completed_at is not null)", site))
                    try await Self.end(scheduler)
                }
                try await Self.seePages()
            }
        }
    }

    private static func run(
        _ process: String, _ arguments: [String] = [], _ body: (ChildProcess) async throws -> Void
    ) async throws {
        let settings = ["DRIFTWATCH_DATABASE_URL": conninfo("driftwatch_\(process)"), "DRIFTWATCH_NOTIFY": "console"]
        try await MonitoringTests.serve([process] + arguments, settings) { child, scraper in
            #expect(await child.says("started"))
            #expect(try await scraper.shows(["driftwatch_database_up": 1]), "\(process) may not read its metrics")
            try await body(child)
        }
    }

    /// Asks it to end, and sees that nothing was refused since it started.
    private static func end(_ process: ChildProcess) async throws {
        process.send(SIGTERM)
        let refusal = await process.line(with: "permission denied")
        #expect(refusal == nil)
    }

    private static func holds(_ question: SQL, _ database: Database) async throws -> Bool {
        try await eventually(within: .seconds(60)) { try await database.rows(question, as: Bool.self) == [true] }
    }

    private static func check(_ site: Database, is verdict: String) async throws {
        #expect(
            try await holds("select exists (select from driftwatch.checks where verdict = \(verdict))", site),
            "\(verdict)")
    }

    private static func seePages() async throws {
        let settings = ["DRIFTWATCH_DATABASE_URL": conninfo("driftwatch_web")]
        try await WebCommandTests.serve(settings) { address, _ in
            let pages = MonitoringTests.Scraper(address: address)
            for path in ["/", "/servers/here", "/servers/here/packs/base", "/healthz", "/healthz/delivery"] {
                let status = try await pages.get(path).status
                #expect(status == 200, "\(path)")
            }
        }
    }

    @Test
    func operatorsActUnderTheirRoleAndReadersDoNot() async throws {
        try await Self.withRoles { site in
            let files = [
                "fleet.yaml": "servers: [{ id: here, connection: local, packs: [base] }]\n",
                "packs/base.yaml": "name: Base\nitems: { files: [{ path: /etc/passwd }] }\n",
            ]
            try await withFolder(files) { folder in
                for arguments in [
                    ["apply", folder], ["apply", folder, "--prune"], ["status"],
                    ["servers", "disable", "here", "--reason", "x"],
                    ["servers", "enable", "here"], ["schedule", "set", "1 1 * * *"], ["schedule", "show"],
                    ["jobs", "list"],
                    ["alerts", "list"], ["outbox", "list"], ["destination", "list"], ["destination", "resume"],
                    ["schedule", "pause", "--reason", "x"], ["schedule", "resume"],
                    ["queue", "pause", "local:here", "--reason", "x"], ["queue", "resume", "local:here"],
                    ["notify-test"],
                ] {
                    let result = try await Self.program(arguments, as: "alice")
                    #expect(result.status == 0, "\(arguments): \(result)")
                }
                let actors = try await site.rows(
                    "select distinct actor from driftwatch.audit_log where actor <> 'driftwatch'", as: String.self)
                #expect(actors == ["alice"])
                let refused = try await Self.program(["servers", "disable", "here", "--reason", "x"], as: "bob")
                #expect(refused.status == 3, "\(refused)")
            }
        }
    }
}
