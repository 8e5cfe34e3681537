import Foundation
import Postgres
import TestSupport
import Testing

@testable import Schema

/// Migrating, from nothing and from everything in between.
@Suite(.timeLimit(.minutes(2)))
struct MigratorTests {
    @Test
    func migratingTwiceDoesNothingTheSecondTime() async throws {
        try await withTestDatabase { lent in
            let migrator = Migrator(lent.database)
            #expect(try await migrator.state() == .empty)
            await #expect(throws: SchemaError.missing) { try await migrator.requireUsable() }
            #expect(try await migrator.migrate() == SchemaFiles.migrations.map(\.name))
            #expect(try await migrator.migrate() == [])
            #expect(try await migrator.state() == .current)
            try await migrator.requireUsable()
        }
    }

    @Test
    func migratorsThatStartTogetherWaitForEachOther() async throws {
        try await withTestDatabase { lent in
            let ran = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 { group.addTask { try await Migrator(lent.database).migrate() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(ran == SchemaFiles.migrations.map(\.name), "each migration ran once")
        }
    }

    @Test
    func aMigrationThatFailsLeavesNothing() async throws {
        try await withTestDatabase { lent in
            // Something of another's stands in the way of the last migration.
            try await lent.database.executeScript(
                "create schema driftwatch; create table driftwatch.outbox (x int)")
            await #expect(throws: DatabaseError.self) { try await Migrator(lent.database).migrate() }
            let tables = try await lent.database.rows(
                "select tablename::text from pg_tables where schemaname = 'driftwatch'", as: String.self)
            #expect(tables == ["outbox"])
        }
    }

    @Test
    func functionsThatDifferAreReplaced() async throws {
        try await withTestDatabase { lent in
            let migrator = Migrator(lent.database)
            _ = try await migrator.migrate()
            try await lent.database.executeScript(
                """
                update driftwatch.schema_info set code_checksum = 'of an older binary';
                drop function driftwatch.promote_jobs(integer);
                """)
            #expect(try await migrator.state() == .behind(pending: []))
            #expect(try await migrator.migrate() == [])
            #expect(try await lent.database.rows("select driftwatch.promote_jobs()", as: Int.self) == [0])
        }
    }

    @Test(arguments: [
        (
            "update driftwatch.schema_migrations set checksum = 'x' where migration = 'm0002_jobs'",
            SchemaState.edited(migration: "m0002_jobs")
        ),
        (
            "delete from driftwatch.schema_migrations where migration = 'm0003_checks_and_alerts'",
            .behind(pending: ["m0003_checks_and_alerts"])
        ),
        ("update driftwatch.schema_info set version = 99", .newer(version: 99)),
        (
            "update driftwatch.schema_info set version = 99, oldest_binary = 98",
            .tooNew(version: 99, oldestBinary: 98)
        ),
    ])
    func aSchemaThatIsNotThisBinarysIsTold(change: String, state: SchemaState) async throws {
        try await withTestDatabase { lent in
            let migrator = Migrator(lent.database)
            _ = try await migrator.migrate()
            try await lent.database.executeScript(change)
            #expect(try await migrator.state() == state)
            if case .newer = state {
                try await migrator.requireUsable()
            } else {
                await #expect(throws: SchemaError.self) { try await migrator.requireUsable() }
            }
        }
    }
}

/// What holds of every object in the schema.
@Suite(.timeLimit(.minutes(2)))
struct SchemaRuleTests {
    private static func violations(of query: SQL) async throws -> [String] {
        try await withTestDatabase { lent in
            _ = try await Migrator(lent.database).migrate()
            return try await lent.database.rows(query, as: String.self)
        }
    }

    @Test
    func everyTableColumnViewAndFunctionCarriesAComment() async throws {
        let tables = try await Self.violations(
            of: """
                select c.relname::text from pg_class c
                where c.relnamespace = 'driftwatch'::regnamespace and c.relkind in ('r', 'v')
                    and obj_description(c.oid, 'pg_class') is null
                """)
        #expect(tables == [])
        let columns = try await Self.violations(
            of: """
                select c.relname || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
                where c.relnamespace = 'driftwatch'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0
                    and not a.attisdropped and col_description(c.oid, a.attnum) is null
                order by 1
                """)
        #expect(columns == [])
        let functions = try await Self.violations(
            of: """
                select p.oid::regprocedure::text from pg_proc p
                where p.pronamespace = 'driftwatch'::regnamespace and obj_description(p.oid, 'pg_proc') is null
                """)
        #expect(functions == [])
    }

    @Test
    func functionsThatTouchTablesRunAsTheirOwnerWithAFixedSearchPath() async throws {
        let loose = try await Self.violations(
            of: """
                select p.proname::text from pg_proc p
                where p.pronamespace = 'driftwatch'::regnamespace
                    and not (p.prosecdef and p.proconfig::text like '%search_path=driftwatch, pg_temp%')
                order by 1
                """)
        let pure = [
            "backoff", "clock", "diff_path", "drift_message", "raise_lease_lost", "refuse", "rfc3339",
        ]
        #expect(loose == pure)
    }

    @Test
    func theBinaryHoldsEveryFileUnderSQL() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("sql")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "sql" }
        let embedded = SchemaFiles.migrations + SchemaFiles.code
        #expect(Set(files.map { $0.deletingPathExtension().lastPathComponent }) == Set(embedded.map(\.name)))
        for file in files {
            let name = file.deletingPathExtension().lastPathComponent
            #expect(try String(contentsOf: file, encoding: .utf8) == embedded.first { $0.name == name }?.text)
        }
    }
}
