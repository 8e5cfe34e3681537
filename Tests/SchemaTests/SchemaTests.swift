import Foundation
import Postgres
import Synchronization
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
            #expect(try await migrator.state() == .outdated)
            #expect(try await migrator.requireUsable() == .outdated, "old functions serve until somebody migrates")
            #expect(try await migrator.migrate() == [])
            #expect(try await migrator.state() == .current)
            #expect(try await lent.database.rows("select driftwatch.promote_jobs()", as: Int.self) == [0])
        }
    }

    @Test
    func functionsOfALaterBinaryAreLeftAlone() async throws {
        try await withTestDatabase { lent in
            let migrator = Migrator(lent.database)
            _ = try await migrator.migrate()
            try await lent.database.executeScript(
                """
                update driftwatch.schema_info set code_version = 99, code_checksum = 'of a later binary';
                drop function driftwatch.promote_jobs(integer);
                """)
            #expect(try await migrator.state() == .newer(version: Migrator.schemaVersion))
            #expect(try await migrator.migrate() == [])
            let found = try await lent.database.rows(
                "select proname::text from pg_proc where proname = 'promote_jobs'", as: String.self)
            #expect(found == [])
        }
    }

    @Test
    func grantsOnViewsAndViewsOverThemOutliveAMigration() async throws {
        try await withTestDatabase { lent in
            let migrator = Migrator(lent.database)
            _ = try await migrator.migrate()
            try await lent.database.executeScript(
                """
                create schema mine;
                create view mine.fleet as select server_id, state from driftwatch.fleet_status;
                grant select on driftwatch.fleet_status to public;
                update driftwatch.schema_info set code_checksum = 'of an older binary';
                """)
            _ = try await migrator.migrate()
            let isGranted = try await lent.database.rows(
                "select has_table_privilege('public', 'driftwatch.fleet_status', 'select')", as: Bool.self)
            #expect(isGranted == [true])
            #expect(try await lent.database.execute("select from mine.fleet") == 0)
        }
    }

    @Test
    func whatDependsOnAViewThatMustGoIsNamed() async throws {
        try await withTestDatabase { lent in
            _ = try await Migrator(lent.database).migrate()
            try await lent.database.execute("create view public.mine as select * from driftwatch.fleet_status")
            let file = SchemaFiles.File("m0099_other_view", Array("drop view driftwatch.fleet_status".utf8))
            let error = await #expect(throws: SchemaError.self) {
                try await lent.database.withTransaction { try Migrator.run(file, in: $0) }
            }
            #expect(
                try #require(error).description.contains("m0099_other_view: cannot drop view"),
                "\(String(describing: error))")
        }
    }

    @Test
    func aMigratorThatHasToWaitSaysSo() async throws {
        try await withTestDatabase { lent in
            _ = try await Migrator(lent.database).migrate()
            let held = AsyncStream<Void>.makeStream()
            async let other: Void = lent.database.withTransaction { transaction in
                try transaction.execute("select from driftwatch.schema_info for update")
                held.continuation.yield()
                try transaction.waitUntilSomebodyWaits()
            }
            for await _ in held.stream { break }
            let told = Mutex(0)
            let ran = try await Migrator(lent.database).migrate { told.withLock { $0 += 1 } }
            try await other
            #expect(ran == [])
            #expect(told.withLock { $0 } == 1)
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
            "acting_as", "awaits_look", "backoff", "clock", "count_names", "count_of_items", "cut_values", "diff_path",
            "edits_messages",
            "ends_alert",
            "failed_long_enough", "failing_message", "failing_step", "first_ten",
            "flapping_turns", "hash_of", "is_alive", "is_held_by",
            "is_only_an_edit",
            "is_overdue", "look_still_wanted", "may_lie_ahead", "may_name_actors", "mute_covers", "names_of", "on_hold",
            "opens_alert", "own_actor", "pack_path",
            "place_in_spread", "queue_of",
            "raise_lease_lost", "refuse", "refuse_unknown", "rfc3339", "serves", "start_in_spread", "state_after",
            "statement_clock", "unknown_name", "waiver_in_force",
        ]
        #expect(loose == pure)
    }

    /// On a server of its own, where this is not the role that owns the schema.
    @Test
    func everybodyMayReadTheViewsAndNobodyMayCallAVerb() async throws {
        try await PrivatePostgres.withServer { server in
            try await server.withDatabase { database in
                _ = try await Migrator(database).migrate()
                let open = try await database.rows(
                    """
                    select p.proname::text from pg_proc p
                    where p.pronamespace = 'driftwatch'::regnamespace and has_function_privilege('public', p.oid, 'execute')
                    order by 1
                    """, as: String.self)
                let harmless = [
                    "awaits_look", "clock", "count_of_items", "is_alive", "is_held_by", "is_overdue", "items_named",
                    "may_name_actors", "mute_covers", "on_hold",
                    "own_actor",
                    "queue_of", "queue_of", "rfc3339", "schedule_day", "schedule_zone", "server_is_eligible",
                    "servers_waived", "serves",
                    "stale_before",
                    "statement_clock", "waiver_in_force",
                ]
                #expect(open == harmless)
                let views = try await database.rows(
                    "select viewname::text from pg_views where schemaname = 'driftwatch'", as: String.self)
                #expect(views.count >= 7)
                try await database.withTransaction { transaction in
                    try transaction.execute("set local role pg_read_all_data")
                    for view in views { try transaction.execute("select * from driftwatch.\(identifier: view)") }
                }
                let refusal = await #expect(throws: DatabaseError.self) {
                    try await database.withTransaction { transaction in
                        try transaction.execute("set local role pg_read_all_data")
                        try transaction.execute("select driftwatch.enqueue_check('web-1')")
                    }
                }
                #expect(refusal?.sqlState == .insufficientPrivilege)
            }
        }
    }

    @Test
    func theBinaryHoldsEveryFileUnderSQL() throws {
        let folder = repository.appendingPathComponent("sql")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "sql" }
        let embedded = SchemaFiles.migrations + SchemaFiles.code + [SchemaFiles.roles]
        #expect(Set(files.map { $0.deletingPathExtension().lastPathComponent }) == Set(embedded.map(\.name)))
        for file in files {
            let name = file.deletingPathExtension().lastPathComponent
            #expect(try String(contentsOf: file, encoding: .utf8) == embedded.first { $0.name == name }?.text)
        }
    }
}

/// When ``SchemaFiles/codeVersion`` rises: with the first change of functions or views after a release.
@Suite(.timeLimit(.minutes(2)))
struct CodeVersionTests {
    struct Release: Sendable {
        let name: String
        let codeVersion: Int
        /// `schema_info.code_checksum` after its `migrate`.
        let checksum: String
    }

    /// Oldest first; a release adds its line and changes no other.
    static let releases: [Release] = []

    @Test
    func everyReleaseInTheChangelogIsWrittenDown() throws {
        let changelog = try String(contentsOf: repository.appendingPathComponent("CHANGELOG.md"), encoding: .utf8)
        let released = changelog.matches(of: /(?m)^## \[([0-9][^\]]*)\]/).map { String($0.1) }
        #expect(released.reversed() == Self.releases.map(\.name))
    }

    @Test
    func theFirstChangeAfterAReleaseRaisesTheVersionAndNoOtherDoes() async throws {
        try await withTestDatabase { lent in
            _ = try await Migrator(lent.database).migrate()
            let checksum = try await lent.database.rows(
                "select code_checksum from driftwatch.schema_info", as: String.self)[0]
            let last = Self.releases.last
            let isReleased = last?.checksum == checksum
            #expect(SchemaFiles.codeVersion == (last?.codeVersion ?? 0) + (isReleased ? 0 : 1), "\(checksum)")
        }
    }
}

private let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
