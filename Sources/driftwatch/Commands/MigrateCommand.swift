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
            A schema that a later version made stays as it is. A schema that somebody has made for this role is used.

            With --roles it makes a role for each process to log in as (driftwatch_scheduler, driftwatch_worker, \
            driftwatch_notifier, driftwatch_web), and driftwatch_reader and driftwatch_operator for people's own roles to be \
            members of. Each may do what the view `role_privileges` says. They have no password until you set one.

            Example:
              DRIFTWATCH_DATABASE_URL=postgresql:///driftwatch driftwatch migrate --roles
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Change nothing; exit with 1 if the schema is not up to date.")
    var check = false

    @Flag(help: "Make the roles of processes and people too, and give them their rights.")
    var roles = false

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let console = context.console
        return try await context.withDatabase(requiringSchema: false) { settings in
            // Waits for another migrate to end, however long it takes.
            settings.callDeadline = .zero
        } _: { database in
            let migrator = Migrator(database)
            let before = try await migrator.state()
            guard !check else {
                let status = try report(before, to: console)
                guard roles, status == .fine else { return status }
                return report(missing: try await migrator.missingRoles(), to: console)
            }
            let ran = try await migrator.migrate { console.note("waiting for another migrate to end") }
            for name in ran { console.print("ran \(name)") }
            if before == .outdated { console.print("brought functions and views up to date") }
            let status = try report(await migrator.state(), to: console)
            if roles {
                for name in try await migrator.makeRoles() { console.print("made the role \(name)") }
                console.print("the roles have their rights: select * from driftwatch.role_privileges")
            }
            return status
        }
    }

    private func report(missing: [String], to console: Console) -> ExitStatus {
        if missing.isEmpty { console.print("the roles are there") }
        for name in missing { console.print("the role \(name) is missing: run driftwatch migrate --roles") }
        return missing.isEmpty ? .fine : .badNews
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
