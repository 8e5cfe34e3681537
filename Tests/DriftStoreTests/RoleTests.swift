import DriftCore
import DriftStore
import Postgres
import Schema
import TestSupport
import Testing

/// What roles may do that are neither superuser nor the schema's owner; each logs in as itself.
@Suite(.privatePostgres, .serialized, .timeLimit(.minutes(3)))
struct RoleTests {
    /// The schema belongs to `site`; `deputy` is a member of it, `alice` may call the operators' functions and read,
    /// `mallory` may only read.
    private static func withRoles(_ body: (Database) async throws -> Void) async throws {
        let server = PrivatePostgres.current
        try await server.withDatabase { database in
            try await database.executeScript(
                """
                drop schema if exists driftwatch cascade;
                do $$ begin
                    if to_regrole('site') is null then
                        create role site login; create role deputy login in role site noinherit;
                        create role alice login; create role mallory login;
                    end if;
                end $$;
                grant create on database postgres to site;
                """)
        }
        try await session("site") { site in
            try await site.migrate()
            try await site.executeScript(
                """
                grant usage on schema driftwatch to alice, mallory;
                grant select on all tables in schema driftwatch to alice, mallory;
                grant execute on all functions in schema driftwatch to alice;
                """)
            try await site.makeServer("web-1")
            try await body(site)
        }
    }

    private static func session(_ role: String, _ body: (Database) async throws -> Void) async throws {
        let server = PrivatePostgres.current
        try await server.withDatabase {
            $0.conninfo = "host=\(server.socketFolder) user=\(role) dbname=postgres"
        } _: {
            try await body($0)
        }
    }

    private static func audit(_ database: Database) async throws -> [String] {
        try await database.rows(
            "select action || ' by ' || actor from driftwatch.audit_log order by at", as: String.self)
    }

    /// Each takes the actor as its last argument.
    static let verbs: [SQL] = [
        "enqueue_check('web-1', ", "acknowledge_alert(1, null, null, ", "resolve_alert(1, null, ",
        "disable_drift_detection('web-1', 'why', null, ", "enable_drift_detection('web-1', ", "redrive_outbox(1, ",
        "resume_destination('default', ", "set_schedule('default', '1 1 * * *', 'UTC', null, ", "finish_apply('{}', ",
        "retry_job(1, ", "cancel_job(1, ", "pause_queue('default', 'why', ", "resume_queue('default', ",
        "pause_schedule('default', 'why', ", "resume_schedule('default', ", "remove_server('web-1', ",
        "remove_pack('base', ", "hold_alerts(driftwatch.clock() + interval '1 h', 'why', '{}', 'web-1', null, ",
        "silence_alerts(driftwatch.clock() + interval '1 h', 'why', '{}', 'web-1', null, null, ",
        "silence_alerts_again('0 2 * * *', '1 h', 'why', '{}', 'web-1', null, ", "end_mute('hold', 1, ",
        "apply_server('web-1', 'x', 'x', null, null, null, 'ssh', 'default', '{}', true, '{}', ",
    ]

    @Test
    func onlyTheSchemasOwnerNamesAnotherActor() async throws {
        try await Self.withRoles { site in
            let before = try await Self.audit(site)
            try await Self.session("alice") { alice in
                for verb in Self.verbs {
                    let refusal = await #expect(throws: DatabaseError.self) {
                        try await alice.execute("select driftwatch.\(verb)'bob')")
                    }
                    #expect(refusal?.sqlState == "DW001")
                    #expect(refusal?.serverMessage == "the role alice may not act as bob")
                }
            }
            #expect(try await Self.audit(site) == before)
            try await Self.session("alice") { alice in
                for actor: SQL in ["", ", 'alice'", ", null"] {
                    try await alice.execute("select driftwatch.enqueue_check('web-1'\(actor))")
                }
            }
            try await Self.session("deputy") { deputy in
                try await deputy.withTransaction { transaction in
                    try transaction.execute("set local role site")
                    try transaction.execute("select driftwatch.enqueue_check('web-1', 'paul')")
                }
            }
            try await site.execute("select driftwatch.enqueue_check('web-1', 'mary')")
            #expect(
                try await Self.audit(site) == before
                    + ["alice", "alice", "alice", "paul", "mary"].map { "enqueue_check by \($0)" })
        }
    }

    /// The command line gives the name of the person, and is not refused for it.
    @Test
    func aPersonsNameBecomesTheRolesWhereTheRoleMayNotGiveIt() async throws {
        try await Self.withRoles { _ in
            for (role, name) in [("site", "paul"), ("deputy", "paul"), ("alice", "alice"), ("postgres", "paul")] {
                try await Self.session(role) { database in
                    guard role != "deputy" else {
                        return try await database.withTransaction { transaction in
                            try transaction.execute("set local role site")
                            let actor = try transaction.one("select driftwatch.own_actor('paul')", as: String.self)
                            #expect(actor == name)
                        }
                    }
                    let actors = try await database.rows("select driftwatch.own_actor('paul')", as: String.self)
                    #expect(actors == [name], "\(role)")
                    // A name that is not known is of no interest if the role's own is recorded anyway.
                    let nameless: SQL = "select driftwatch.own_actor(null)"
                    if name == role {
                        #expect(try await database.rows(nameless, as: String.self) == [name])
                    } else {
                        let refusal = await #expect(throws: DatabaseError.self) { try await database.execute(nameless) }
                        #expect(refusal?.sqlState == "DW001")
                    }
                }
            }
        }
    }

    /// A function that lets its caller name an actor asks first whether the caller may.
    @Test
    func everyFunctionForOperatorsAsksWhoActs() async throws {
        try await Self.withRoles { site in
            let open = try await site.rows(
                """
                select p.proname::text from pg_proc p
                where p.pronamespace = 'driftwatch'::regnamespace and 'actor' = any(p.proargnames)
                  and p.pronargdefaults > 0 and p.prosrc not like '%acting_as(actor)%'
                  and p.proname <> 'write_audit'
                """, as: String.self)
            #expect(open == [])
        }
    }

    @Test
    func aRoleWithoutRightsCannotHoldApplyOrMigrateUp() async throws {
        try await Self.withRoles { site in
            try await Self.session("mallory") { mallory in
                for name in ["apply", "migrate"] {
                    try await mallory.execute("select pg_advisory_lock(hashtext(\("driftwatch.\(name)")))")
                }
                for statement: SQL in [
                    "lock table driftwatch.packs in share row exclusive mode",
                    "lock table driftwatch.packs in row exclusive mode",
                    "select from driftwatch.packs for share", "select from driftwatch.servers for share",
                    "select from driftwatch.schema_info for share", "select from driftwatch.begin_apply()",
                ] {
                    let refusal = await #expect(throws: DatabaseError.self) {
                        try await mallory.withTransaction { try $0.execute(statement) }
                    }
                    #expect(refusal?.sqlState == .insufficientPrivilege)
                }
                let started = ContinuousClock.now
                let report = try await Applier(site).apply(
                    .init(configuration: LoadedConfiguration(inventory: nil, packs: [:]), actor: .account("paul")))
                #expect(!report.changesSomething)
                #expect(try await Migrator(site).migrate() == [])
                #expect(ContinuousClock.now - started < .seconds(20))
            }
        }
    }

    @Test
    func oneApplyAtATime() async throws {
        try await Self.withRoles { site in
            // Without a server there is no row that both would lock.
            try await site.execute("truncate driftwatch.servers cascade")
            let held = AsyncStream<Void>.makeStream()
            async let other: Void = site.withTransaction { transaction in
                try transaction.execute("select from driftwatch.begin_apply()")
                held.continuation.yield()
                // Another one waits already for the first lock: no server is held yet.
                try transaction.waitUntilSomebodyWaits()
            }
            for await _ in held.stream { break }
            _ = try await Applier(site).apply(
                .init(configuration: LoadedConfiguration(inventory: nil, packs: [:]), actor: .account("paul")))
            try await other
        }
    }
}
