import Postgres
import TestSupport
import Testing

@testable import Schema

/// Migrating as a role that is neither a superuser nor the database's owner; each logs in as itself.
@Suite(.privatePostgres, .serialized, .timeLimit(.minutes(2)))
struct OwnershipTests {
    /// Prepares the server as its superuser, and lends a session of `r`, which may do nothing by itself.
    private static func asRole(_ preparations: String, _ body: (Database) async throws -> Void) async throws {
        let server = PrivatePostgres.current
        try await server.withDatabase { database in
            try await database.executeScript(
                """
                drop schema if exists driftwatch cascade;
                do $$ begin
                    if to_regrole('r') is null then create role r login; create role dba; end if;
                end $$;
                alter role r nocreaterole;
                alter role r reset all;
                revoke create on database postgres from r;
                \(preparations)
                """)
        }
        try await server.withDatabase {
            $0.conninfo = "host=\(server.socketFolder) user=r dbname=postgres"
        } _: {
            try await body($0)
        }
    }

    @Test(arguments: ["create schema driftwatch authorization r", "grant create on database postgres to r"])
    func aSchemaThatIsThereOrMayBeMadeIsEnough(preparations: String) async throws {
        try await Self.asRole(preparations + ";") { database in
            let ran = try await Migrator(database).migrate()
            #expect(ran == SchemaFiles.migrations.map(\.name))
            #expect(try await Migrator(database).state() == .current)
            #expect(try await database.rows("select driftwatch.may_name_actors()", as: Bool.self) == [true])
        }
    }

    /// The one who made the schema keeps it; what is in it belongs to the one who migrated.
    @Test
    func aSchemaOfAnotherIsEnoughWhereOneMayCreateInIt() async throws {
        let preparations = """
            create schema driftwatch authorization dba;
            grant create, usage on schema driftwatch to r with grant option;
            """
        try await Self.asRole(preparations) { database in
            _ = try await Migrator(database).migrate()
            #expect(try await database.rows("select driftwatch.may_name_actors()", as: Bool.self) == [true])
        }
    }

    @Test(arguments: [
        ("", SchemaError.mayNotMakeSchema(role: "r", database: "postgres")),
        (
            "create schema driftwatch authorization dba; grant usage on schema driftwatch to r;",
            .mayNotFillSchema(role: "r")
        ),
        ("create schema driftwatch authorization dba;", .mayNotUse(role: "r")),
        (
            "create schema driftwatch; create table driftwatch.schema_info (x int); grant usage on schema driftwatch to r;",
            .mayNotUse(role: "r")
        ),
        (
            "create schema driftwatch; create table driftwatch.schema_info (x int); alter table driftwatch.schema_info owner to dba;"
                + "grant usage on schema driftwatch to r; grant select on driftwatch.schema_info to r;",
            .notTheOwner(role: "r", owner: "dba")
        ),
        (
            "create schema driftwatch authorization r; alter role r set default_transaction_read_only = on;",
            .readOnly(.setting(source: "user"))
        ),
    ])
    func whatCannotWorkIsRefusedWithARemedy(preparations: String, error: SchemaError) async throws {
        try await Self.asRole(preparations) { database in
            await #expect(throws: error) { try await Migrator(database).migrate() }
            #expect(error.description.contains(#/create|log in as|alter/#))
        }
    }

    @Test
    func rolesNeedARoleThatMayMakeThem() async throws {
        try await Self.asRole("create schema driftwatch authorization r;") { database in
            let migrator = Migrator(database)
            _ = try await migrator.migrate()
            let names = [
                "driftwatch_notifier", "driftwatch_operator", "driftwatch_reader", "driftwatch_scheduler",
                "driftwatch_web",
                "driftwatch_worker",
            ]
            #expect(try await migrator.missingRoles() == names)
            await #expect(throws: SchemaError.mayNotMakeRoles(role: "r", missing: names)) {
                try await migrator.makeRoles()
            }
            try await PrivatePostgres.current.withDatabase { try await $0.execute("alter role r createrole") }
            #expect(try await migrator.makeRoles() == names)
            #expect(try await migrator.makeRoles() == [])
            // Their rights need no right to make roles, and an upgrade gives them what is new.
            try await PrivatePostgres.current.withDatabase { try await $0.execute("alter role r nocreaterole") }
            #expect(try await migrator.makeRoles() == [])
            try await database.executeScript(
                """
                update driftwatch.schema_info set code_checksum = 'of an older binary';
                drop function driftwatch.promote_jobs(integer);
                """)
            _ = try await migrator.migrate()
            let may = try await database.rows(
                """
                select has_function_privilege('driftwatch_worker', p.oid, 'execute') from pg_proc p
                where p.proname = 'promote_jobs'
                """, as: Bool.self)
            #expect(may == [true])
            try await PrivatePostgres.current.withDatabase { superuser in
                try await superuser.execute("drop schema driftwatch cascade")
                for name in names {
                    try await superuser.execute("drop role \(identifier: name)")
                }
            }
        }
    }
}
