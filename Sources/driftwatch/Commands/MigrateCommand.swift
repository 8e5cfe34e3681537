import ArgumentParser
import Postgres
import Schema

struct MigrateCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema up to date.",
        discussion: """
            Makes the schema `driftwatch` in the database of DRIFTWATCH_DATABASE_URL, or brings it to this version, in \
            one transaction; nothing else in the database is touched. Safe to run at every start, and by several at once. \
            A schema that a later version made stays as it is.

            Example:
              DRIFTWATCH_DATABASE_URL=postgresql:///driftwatch driftwatch migrate
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Change nothing; exit with 1 if the schema is not up to date.")
    var check = false

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let console = context.console
        return try await context.withDatabase(requiringSchema: false) { settings in
            // Waits for another migrate to end, however long it takes.
            settings.callDeadline = .zero
        } _: { database in
            let migrator = Migrator(database)
            let before = try await migrator.state()
            guard !check else { return try report(before, to: console) }
            let ran = try await migrator.migrate { console.note("waiting for another migrate to end") }
            for name in ran { console.print("ran \(name)") }
            if before == .outdated { console.print("brought functions and views up to date") }
            return try report(await migrator.state(), to: console)
        }
    }

    private func report(_ state: SchemaState, to console: Console) throws -> ExitStatus {
        switch state {
        case .current:
            console.print("the schema is up to date (version \(Migrator.schemaVersion))")
        case .newer(let version):
            console.print(
                "the schema belongs to a newer version (schema version \(version)); this version works with it and does not change it"
            )
        case .outdated:
            console.print("functions and views belong to an older version: run driftwatch migrate")
            return .badNews
        case .empty:
            console.print("\(SchemaError.missing)")
            return .badNews
        case .behind(let pending):
            console.print("\(SchemaError.behind(pending: pending))")
            return .badNews
        case .tooNew(let version, let oldestBinary):
            throw SchemaError.tooNew(version: version, oldestBinary: oldestBinary)
        case .edited(let name):
            throw SchemaError.edited(migration: name)
        }
        return .fine
    }
}
