package import DriftCore
import Foundation
package import Postgres
import Schema

extension DatabaseTemplate {
    /// The schema as `driftwatch migrate` leaves it, on a clock that tests can move.
    package static let migrated = DatabaseTemplate("migrated") { database in
        try await database.migrate()
        try await database.executeScript(
            """
            create table driftwatch.test_clock (shift interval not null, stopped_at timestamptz);
            insert into driftwatch.test_clock values ('0');
            create or replace function driftwatch.clock() returns timestamptz language sql volatile
            as 'select coalesce(stopped_at, clock_timestamp()) + shift from driftwatch.test_clock';
            """)
    }
}

/// Lends a fresh database with the whole schema in it.
package func withMigratedDatabase<R>(_ body: (Database) async throws -> R) async throws -> R {
    try await withTestDatabase(from: .migrated) { try await body($0.database) }
}

extension PrivatePostgres {
    /// Makes the whole schema anew on the server, and lends it.
    package func withMigratedDatabase(_ body: (Database) async throws -> Void) async throws {
        try await withDatabase { database in
            try await database.executeScript("drop schema if exists driftwatch cascade")
            try await DatabaseTemplate.migrated.prepare(database)
            try await body(database)
        }
    }
}

extension Database {
    /// Makes the schema.
    ///
    /// `scripts/mutate` names an SQL file in `DRIFTWATCH_TEST_MUTANT`, which takes one guard away again.
    package func migrate() async throws {
        _ = try await Migrator(self).migrate()
        if let file = ProcessInfo.processInfo.environment["DRIFTWATCH_TEST_MUTANT"] {
            try await executeScript(String(contentsOfFile: file, encoding: .utf8))
        }
    }

    /// Stops the database's clock: only ``advanceClock(by:)`` moves it from now on.
    package func stopClock() async throws {
        try await execute("update driftwatch.test_clock set stopped_at = clock_timestamp()")
    }

    /// Moves the database's clock on; it keeps ticking, unless it was stopped.
    package func advanceClock(by duration: Duration) async throws {
        try await execute("update driftwatch.test_clock set shift = shift + \(duration)")
    }

    /// Makes a server with packs of the given expectations, all eligible at once.
    package func makeServer(_ id: String, packs: [String: [String]] = ["base": ["/etc/motd"]]) async throws {
        try await withTransaction { try $0.makeServer(id, packs: packs) }
    }

    /// Stores a pack, or its next version.
    package func apply(_ pack: Pack) async throws {
        try await withTransaction { try $0.apply(pack) }
    }

    /// Runs `body` in a transaction that is undone, so that many small cases share one database.
    package func undoing(_ body: @Sendable (borrowing Transaction) throws -> Void) async throws {
        do {
            try await withTransaction { transaction in
                try body(transaction)
                throw Undone()
            }
        } catch is Undone {}
    }
}

private struct Undone: Error {}

extension Transaction {
    /// Makes a server with packs of the given expectations, all eligible at once.
    package borrowing func makeServer(_ id: String, packs: [String: [String]] = ["base": ["/etc/motd"]]) throws {
        for (name, paths) in packs.sorted(by: { $0.key < $1.key }) {
            try apply(
                Pack(
                    name: PackName(rawValue: name),
                    expectations: paths.map { Expectation(.file(FileExpectation(path: $0))) }))
        }
        try execute(
            """
            select driftwatch.apply_server(
                \(id), \(id.uppercased()), \(id), null, null, null, 'ssh', 'default', '{}',
                true, \(packs.keys.sorted()), 'test')
            """)
    }

    /// Stores a pack, or its next version.
    package borrowing func apply(_ pack: Pack) throws {
        try execute(
            """
            select driftwatch.apply_pack(
                \(pack.name.rawValue), \(pack.displayName), \(pack.description), \(pack.parents),
                \(pack.digest.description), \(try pack.resolvedJSON())::text::jsonb,
                \(pack.expectations.map(\.key.rawValue)))
            """)
        try execute("select driftwatch.forget_items(\(pack.name.rawValue))")
    }
}
