package import Postgres
package import Testing

/// A fresh database on the test server, for one suite or one test.
package struct TestDatabase: Sendable {
    package let name: String
    package let database: Database
    /// Reaches the database from elsewhere: another `Database`, `psql`, a child process.
    package let conninfo: String

    @TaskLocal private static var bound: TestDatabase?

    /// The database of the running test's `.database` trait.
    package static var current: TestDatabase {
        guard let bound else { preconditionFailure("this test's suite lacks the trait .database") }
        return bound
    }

    /// Another pool on the same database, with other settings; close it at the end of the test.
    package func anotherDatabase(_ change: (inout DatabaseSettings) -> Void = { _ in }) -> Database {
        var settings = database.settings
        change(&settings)
        return Database(settings, logger: .quiet)
    }

    static func withBound(_ database: TestDatabase, _ body: () async throws -> Void) async rethrows {
        try await $bound.withValue(database) { try await body() }
    }
}

/// Lends a fresh database, and drops it when `body` is done.
package func withTestDatabase<R>(
    from template: DatabaseTemplate? = nil, poolSize: Int = 4, _ body: (TestDatabase) async throws -> R
) async throws -> R {
    let server = try TestServer.current()
    let source: String? =
        if let template { try await TemplateCache.shared.database(of: template, on: server) } else { nil }
    let name = server.newDatabaseName(template?.name ?? "empty")
    try await server.create(name, template: source)
    var settings = server.settings(name)
    settings.poolSize = poolSize
    let database = Database(settings, logger: server.logger)
    let outcome: Result<R, any Error>
    do {
        outcome = .success(
            try await body(TestDatabase(name: name, database: database, conninfo: settings.conninfo)))
    } catch {
        outcome = .failure(error)
    }
    // Dropping cuts off whatever a failed test has left running, so that closing cannot wait for it.
    try await server.drop(name)
    await database.close()
    return try outcome.get()
}

/// Gives a suite (all its tests together) or a test a database of its own: ``TestDatabase/current``.
package struct DatabaseTrait: SuiteTrait, TestTrait, TestScoping {
    let template: DatabaseTemplate?

    /// On a suite: once around all its tests, not around each.
    package var isRecursive: Bool { false }

    package func scopeProvider(for test: Test, testCase: Test.Case?) -> DatabaseTrait? {
        test.isSuite == (testCase == nil) ? self : nil
    }

    @concurrent
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTestDatabase(from: template) { database in
            try await TestDatabase.withBound(database) { try await function() }
        }
    }
}

extension Trait where Self == DatabaseTrait {
    /// An empty database.
    package static var database: DatabaseTrait { DatabaseTrait(template: nil) }

    /// A copy of `template`.
    package static func database(from template: DatabaseTemplate) -> DatabaseTrait { DatabaseTrait(template: template) }
}
