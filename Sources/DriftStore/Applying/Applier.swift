package import DriftCore
package import Postgres

/// Makes the database match the files, in one transaction.
///
/// It follows the common lock order: one apply at a time, then the servers by id, then the rows that belong to them. A check
/// that is running waits until apply has ended, and then finds the new assignments. Jobs come before servers in the lock
/// order, so they are changed in a separate transaction afterwards.
package struct Applier: Sendable {
    package struct Request: Sendable {
        package var configuration: LoadedConfiguration
        /// Whether the files name all packs that should exist: a folder does, a single inventory does not.
        package var namesAllPacks: Bool
        package var prune: Bool
        /// Whether more than a fifth of the servers may be removed.
        package var confirmed: Bool
        package var dryRun: Bool
        package var actor: ActingPerson

        package init(
            configuration: LoadedConfiguration, namesAllPacks: Bool = true, prune: Bool = false,
            confirmed: Bool = false, dryRun: Bool = false, actor: ActingPerson
        ) {
            self.configuration = configuration
            self.namesAllPacks = namesAllPacks
            self.prune = prune
            self.confirmed = confirmed
            self.dryRun = dryRun
            self.actor = actor
        }
    }

    /// Undoes a dry run.
    private struct Undo: Error { var report: ApplyReport }

    private let database: Database

    package init(_ database: Database) { self.database = database }

    /// The names of the packs that the database has.
    package func knownPacks() async throws -> Set<PackName> {
        Set(try await database.rows("select pack_name from driftwatch.all_packs", as: PackName.self))
    }

    /// Applies the files, or with `dryRun` only returns what that would change.
    ///
    /// - Throws: ``ApplyRefusal`` or `DatabaseError`; then nothing has changed.
    package func apply(_ request: Request) async throws -> ApplyReport {
        let report: ApplyReport
        do {
            report = try await database.withTransaction { transaction in
                let report = try ApplyTransaction(request, in: transaction).run(in: transaction)
                if request.dryRun { throw Undo(report: report) }
                return report
            }
        } catch let undo as Undo {
            return undo.report
        }
        do { try await enqueue(report.checks, for: request.actor) } catch let error as DatabaseError {
            // The apply is committed, and the janitor does the same a little later.
            guard error.isTransient else { throw error }
        }
        return report
    }

    /// Asks for the checks that are now wanted, and moves waiting jobs to the current queue of their server.
    private func enqueue(_ servers: [ServerID], for actor: ActingPerson) async throws {
        try await database.execute("select driftwatch.requeue_jobs()", cancellation: .shielded)
        try await database.execute(
            "select driftwatch.enqueue_looks(\(servers), null, \(actor.sql))", cancellation: .shielded)
    }
}
