package import DriftCore
package import Postgres

/// Makes the database say what the files say, all of it in one transaction, or nothing.
///
/// Takes every lock in the order that all others keep: one apply at a time, then the servers by id, then what hangs on
/// them. A check that is under way waits for its end, and then finds the new assignments. Jobs come before servers in
/// that order, so they have a transaction of their own, afterwards.
package struct Applier: Sendable {
    package struct Request: Sendable {
        package var configuration: LoadedConfiguration
        /// Whether the files name all packs there shall be: those of a folder do, a lone inventory does not.
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
        Set(try await database.rows("select pack_name from driftwatch.packs", as: PackName.self))
    }

    /// Applies, or with `dryRun` only tells what applying would do.
    ///
    /// - Throws: ``ApplyRefusal``, or `DatabaseError`; nothing is changed then.
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
            // What was applied stands, and the janitor does the same a little later.
            guard error.isTransient else { throw error }
        }
        return report
    }

    /// Asks for the checks that are owed now, and moves waiting jobs to where their servers are reached now.
    private func enqueue(_ servers: [ServerID], for actor: ActingPerson) async throws {
        try await database.execute("select driftwatch.requeue_jobs()", cancellation: .shielded)
        try await database.execute(
            "select driftwatch.enqueue_looks(\(servers), null, \(actor.sql))", cancellation: .shielded)
    }
}
