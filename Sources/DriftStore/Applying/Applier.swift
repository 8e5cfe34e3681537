package import DriftCore
package import Postgres

/// Makes the database say what the files say, all of it in one transaction, or nothing.
///
/// Takes every lock in the order that all others keep: one apply at a time, then the servers by id, then what hangs on
/// them. A check that is under way waits for its end, and then finds the new assignments.
package struct Applier: Sendable {
    package struct Request: Sendable {
        package var configuration: LoadedConfiguration
        /// Whether the files name all packs there shall be: those of a folder do, a lone inventory does not.
        package var namesAllPacks: Bool
        package var prune: Bool
        /// Whether more than a fifth of the servers may be removed.
        package var confirmed: Bool
        package var dryRun: Bool
        package var actor: String

        package init(
            configuration: LoadedConfiguration, namesAllPacks: Bool = true, prune: Bool = false,
            confirmed: Bool = false, dryRun: Bool = false, actor: String
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
        do {
            return try await database.withTransaction { transaction in
                let report = try Application(request, in: transaction).run(in: transaction)
                if request.dryRun { throw Undo(report: report) }
                return report
            }
        } catch let undo as Undo {
            return undo.report
        }
    }
}
