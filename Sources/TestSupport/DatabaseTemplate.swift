package import Postgres

/// What a test database holds from the start, made once per process and then copied.
///
/// ```swift
/// extension DatabaseTemplate {
///     static let migrated = DatabaseTemplate("migrated") { try await Migrator($0).migrate() }
/// }
/// ```
package struct DatabaseTemplate: Sendable {
    package let name: String
    package let prepare: @Sendable (Database) async throws -> Void

    /// `name` is the key of the copy: lower-case letters, digits and underscores.
    package init(_ name: String, prepare: @escaping @Sendable (Database) async throws -> Void) {
        self.name = name
        self.prepare = prepare
    }
}

/// The templates made in this process.
actor TemplateCache {
    static let shared = TemplateCache()

    private var templates: [String: Task<String, any Error>] = [:]

    /// The name of the template's database, made on first request while all others wait.
    func database(of template: DatabaseTemplate, on server: TestServer) async throws -> String {
        if let made = templates[template.name] { return try await made.value }
        // Shared by all suites, so it may not end with the task of the first.
        let making = Task {
            let name = server.newDatabaseName(template.name)
            try await server.create(name, template: nil)
            let database = Database(server.settings(name), logger: server.logger)
            do { try await template.prepare(database) } catch {
                await database.close()
                throw error
            }
            await database.close()
            return name
        }
        templates[template.name] = making
        return try await making.value
    }
}
