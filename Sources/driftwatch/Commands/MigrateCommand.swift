import ArgumentParser
import Postgres
import Schema

struct MigrateCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema up to date.",
        discussion: """
            Makes the schema `driftwatch` in the database of DRIFTWATCH_DATABASE_URL, or brings it to this version, in \
            one transaction; nothing else in the database is touched. Safe to run at every start, and by several at once.

            Example:
              DRIFTWATCH_DATABASE_URL=postgresql:///driftwatch driftwatch migrate
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Change nothing; exit with 1 if the schema is not up to date.")
    var check = false

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withDatabase(requiringSchema: false) { database in
            let migrator = Migrator(database)
            guard !check else { return try await report(migrator.state(), to: context.console) }
            let ran = try await migrator.migrate()
            let state = try await migrator.state()
            for name in ran { context.console.print("ran \(name)") }
            switch state {
            case .newer(let version):
                context.console.print("the schema is newer than this binary (version \(version)), and works with it")
            default:
                context.console.print(
                    "the schema is up to date (version \(Migrator.schemaVersion)\(ran.isEmpty ? ", nothing to do" : ""))"
                )
            }
            return .fine
        }
    }

    private func report(_ state: SchemaState, to console: Console) throws -> ExitStatus {
        switch state {
        case .current:
            console.print("the schema is up to date (version \(Migrator.schemaVersion))")
        case .newer(let version):
            console.print("the schema is newer than this binary (version \(version)), and works with it")
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
