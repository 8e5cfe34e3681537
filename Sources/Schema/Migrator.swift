package import Postgres

/// Brings the schema `driftwatch` up to date, and says how a database stands.
///
/// All that is missing is done in one transaction: a migration is there as a whole or not at all. Migrators that start
/// together wait for each other: for the row of `schema_info`, or, where there is none yet, for whoever creates it. Both
/// need rights on the schema, so that no other role can hold a migration up. No superuser and no extension is needed,
/// only the right to create a schema in the database, or a schema that somebody has made.
package struct Migrator: Sendable {
    /// Counts migrations; written to the database, and compared with what it asks of binaries.
    package static let schemaVersion = SchemaFiles.migrations.count

    /// The oldest schema version whose binaries still work on this schema.
    static let oldestBinary = 1

    static let oldestServer = 150_000

    let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// How the schema stands, compared with this binary.
    ///
    /// - Throws: ``SchemaError`` for a server that is too old or a database of another encoding than UTF-8, or `DatabaseError`.
    package func state() async throws -> SchemaState {
        try await database.withTransaction { transaction in
            try Self.requireSupportedServer(transaction)
            return try Self.state(transaction)
        }
    }

    /// Does what is missing, and returns the names of the migrations that it ran.
    ///
    /// `onWait` is called where another migrator is at work on a schema that exists. How long its end is waited for is
    /// the database's `callDeadline`.
    ///
    /// - Throws: ``SchemaError``, or `DatabaseError`; the database is then as it was.
    package func migrate(onWait: @Sendable () -> Void = {}) async throws -> [String] {
        do {
            return try await migrateOnce(onWait)
        } catch let error as DatabaseError where Self.createdByAnother.contains(error.sqlState?.rawValue ?? "") {
            // The other one has committed: there is a row to wait for now.
            return try await migrateOnce(onWait)
        }
    }

    /// What PostgreSQL says to the later one of two that create the same schema or table.
    private static let createdByAnother: Set = ["23505", "42P06", "42P07"]

    private func migrateOnce(_ onWait: @Sendable () -> Void) async throws -> [String] {
        try await database.withTransaction { transaction in
            try Self.requireSupportedServer(transaction)
            if let cause = try ReadOnlyCause.current(in: transaction) { throw SchemaError.readOnly(cause) }
            // Waiting for another migrator may take long; waiting for a table's lock must not, as all others would
            // queue up behind it.
            try transaction.executeScript(
                """
                set local statement_timeout = 0;
                set local lock_timeout = 0;
                """)
            try Self.lock(transaction, onWait)
            try transaction.execute("set local lock_timeout = '10s'")
            let state = try Self.state(transaction)
            switch state {
            case .current: return []
            case .tooNew(let version, let oldestBinary):
                throw SchemaError.tooNew(version: version, oldestBinary: oldestBinary)
            case .edited(let name): throw SchemaError.edited(migration: name)
            case .newer: return []
            case .empty, .behind, .outdated: break
            }
            try transaction.execute("set local search_path = driftwatch, pg_temp")
            let pending = state.pending
            for file in SchemaFiles.migrations where pending.contains(file.name) {
                try Self.run(file, in: transaction)
                _ = try transaction.execute(
                    """
                    insert into driftwatch.schema_migrations (migration, checksum, applied_at)
                    values (\(file.name), encode(sha256(\(Array(file.text.utf8))), 'hex'), clock_timestamp())
                    """)
            }
            for file in SchemaFiles.code { try Self.run(file, in: transaction) }
            _ = try transaction.execute(
                """
                insert into driftwatch.schema_info (version, oldest_binary, code_version, code_checksum)
                values (\(Self.schemaVersion), \(Self.oldestBinary), \(SchemaFiles.codeVersion),
                        encode(sha256(\(Self.codeBytes)), 'hex'))
                on conflict (singleton) do update
                set version = excluded.version, oldest_binary = excluded.oldest_binary,
                    code_version = excluded.code_version, code_checksum = excluded.code_checksum
                """)
            return pending
        }
    }

    /// Refuses to work on a schema that is not there, is behind, or is too new; returns how it stands.
    ///
    /// - Throws: ``SchemaError``, or `DatabaseError`.
    @discardableResult
    package func requireUsable() async throws -> SchemaState {
        let state = try await state()
        switch state {
        case .current, .newer, .outdated: return state
        case .empty: throw SchemaError.missing
        case .behind(let pending): throw SchemaError.behind(pending: pending)
        case .edited(let name): throw SchemaError.edited(migration: name)
        case .tooNew(let version, let oldestBinary):
            throw SchemaError.tooNew(version: version, oldestBinary: oldestBinary)
        }
    }

    /// Keeps other migrators out until the transaction ends.
    static func lock(_ transaction: borrowing Transaction, _ onWait: () -> Void) throws {
        guard try hasBookkeeping(transaction) else {
            try makeSchema(transaction)
            try transaction.executeScript(bookkeeping)
            return
        }
        let (role, owner, mayMigrate) = try transaction.one(
            """
            select current_user::text, c.relowner::regrole::text, pg_has_role(c.relowner, 'usage') from pg_class c
            where c.oid = to_regclass('driftwatch.schema_info')
            """, as: (String, String, Bool).self)
        guard mayMigrate else { throw SchemaError.notTheOwner(role: role, owner: owner) }
        let free = try transaction.rows(
            "select true from driftwatch.schema_info for update skip locked", as: Bool.self)
        guard free.isEmpty else { return }
        onWait()
        try transaction.execute("select from driftwatch.schema_info for update")
    }

    private static func hasBookkeeping(_ transaction: borrowing Transaction) throws -> Bool {
        let (role, isReadable, isThere) = try transaction.one(
            """
            select current_user::text,
                   case when to_regnamespace('driftwatch') is null then true
                        when not has_schema_privilege('driftwatch', 'usage') then false
                        else coalesce(has_table_privilege(to_regclass('driftwatch.schema_info'), 'select'), true) end,
                   case when to_regnamespace('driftwatch') is null or not has_schema_privilege('driftwatch', 'usage')
                        then false else to_regclass('driftwatch.schema_info') is not null end
            """, as: (String, Bool, Bool).self)
        guard isReadable else { throw SchemaError.mayNotUse(role: role) }
        return isThere
    }

    /// Uses a schema that somebody has made for this role: that needs no rights on the database.
    private static func makeSchema(_ transaction: borrowing Transaction) throws {
        let (role, databaseName, isThere, mayMake) = try transaction.one(
            """
            select current_user::text, current_database()::text, to_regnamespace('driftwatch') is not null,
                   case when to_regnamespace('driftwatch') is null
                        then has_database_privilege(current_database(), 'create')
                        else has_schema_privilege('driftwatch', 'create') end
            """, as: (String, String, Bool, Bool).self)
        guard mayMake else {
            throw isThere
                ? SchemaError.mayNotFillSchema(role: role)
                : SchemaError.mayNotMakeSchema(role: role, database: databaseName)
        }
        guard !isThere else { return }
        try transaction.executeScript(
            """
            create schema driftwatch;
            comment on schema driftwatch is 'Driftwatch: servers, packs, the job queue, checks, alerts, the outbox.';
            """)
    }

    static func run(_ file: SchemaFiles.File, in transaction: borrowing Transaction) throws {
        do { try transaction.executeScript(file.text) } catch {
            guard error.sqlState == .dependentObjectsStillExist else { throw error }
            throw SchemaError.inTheWay(file: file.name, message: error.serverMessage ?? "\(error)")
        }
    }

    static var codeBytes: [UInt8] {
        SchemaFiles.code.flatMap { Array("-- \($0.name)\n".utf8) + Array($0.text.utf8) }
    }

    private static let bookkeeping = """
        set local search_path = driftwatch, pg_temp;
        create table if not exists schema_migrations (
            migration text primary key,
            checksum text not null,
            applied_at timestamptz not null
        );
        comment on table schema_migrations is 'The migrations that ran here.';
        comment on column schema_migrations.migration is 'The file, without its ending.';
        comment on column schema_migrations.checksum is 'sha256 of the file as it ran.';
        comment on column schema_migrations.applied_at is 'When it ran.';
        create table if not exists schema_info (
            singleton boolean primary key default true check (singleton),
            version integer not null,
            oldest_binary integer not null,
            code_version integer not null,
            code_checksum text not null
        );
        comment on table schema_info is 'One row: which schema this is, and which binaries still work on it.';
        comment on column schema_info.singleton is 'Keeps it at one row.';
        comment on column schema_info.version is 'How many migrations it has.';
        comment on column schema_info.oldest_binary is 'Binaries whose own version is below this refuse to work.';
        comment on column schema_info.code_version is 'Which release''s functions and views it has, counted from 1.';
        comment on column schema_info.code_checksum is 'sha256 of the functions and views.';
        """

    private static func requireSupportedServer(_ transaction: borrowing Transaction) throws {
        let (version, encoding) = try transaction.one(
            "select current_setting('server_version_num')::int, current_setting('server_encoding')",
            as: (Int, String).self)
        guard version >= oldestServer else { throw SchemaError.serverTooOld(version: version) }
        guard encoding == "UTF8" else { throw SchemaError.wrongEncoding(encoding) }
    }

    private static func state(_ transaction: borrowing Transaction) throws -> SchemaState {
        guard try hasBookkeeping(transaction),
            let (version, oldestBinary, codeVersion, sameCode) = try transaction.first(
                """
                select version, oldest_binary, code_version, code_checksum = encode(sha256(\(codeBytes)), 'hex')
                from driftwatch.schema_info
                """, as: (Int, Int, Int, Bool).self)
        else { return .empty }
        if oldestBinary > schemaVersion { return .tooNew(version: version, oldestBinary: oldestBinary) }
        let checksums = try transaction.rows(
            "select migration, checksum from driftwatch.schema_migrations", as: (String, String).self)
        let applied = Dictionary(checksums, uniquingKeysWith: { first, _ in first })
        var pending: [String] = []
        for file in SchemaFiles.migrations {
            guard let checksum = applied[file.name] else {
                pending.append(file.name)
                continue
            }
            let own = try transaction.one("select encode(sha256(\(Array(file.text.utf8))), 'hex')", as: String.self)
            guard own == checksum else { return .edited(migration: file.name) }
        }
        guard pending.isEmpty else { return .behind(pending: pending) }
        if version > schemaVersion || codeVersion > SchemaFiles.codeVersion { return .newer(version: version) }
        return sameCode ? .current : .outdated
    }
}
