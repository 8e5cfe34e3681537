import DriftCore
import DriftStore
import Foundation
import Logging
import Postgres
import Presentation
import Runtime

/// One proof of the whole line: a drift is planted, checked, alerted, sent, repaired, resolved, and told.
struct CanaryRun {
    let database: Database
    let console: Console
    let actor: SQL
    let server: ServerLine
    let pack: PackName
    let item: ItemKey
    let file: PlantedFile
    /// Asks for the checks itself, instead of waiting for the next slot.
    let asksAtOnce: Bool
    let deadline: ContinuousClock.Instant

    /// - Throws: ``CommandFailure`` that names the stage which failed.
    func run() async throws {
        try await prepare()
        let planted = try await now()
        try file.plant()
        console.print("planted \(file.path)")
        do {
            if asksAtOnce { try await ask() }
            for stage in CanaryStage.afterPlanting { try await reach(stage, since: planted, opening: true) }
        } catch {
            // It shall not stay as drift; the alert, if there is one, resolves by itself.
            _ = try? file.remove()
            throw error
        }
        let repaired = try await now()
        try file.remove()
        console.print("repaired")
        try await ask()
        for stage in CanaryStage.afterRepair { try await reach(stage, since: repaired, opening: false) }
    }

    /// Makes sure that a check has seen the item right: only what was right can drift.
    private func prepare() async throws {
        let began = try await now()
        if try file.remove() { console.print("removed what an earlier canary left") }
        try await ask()
        let facts = try await facts(since: began, opening: true) { $0.isChecked && $0.openAlert == nil && !$0.isWrong }
        guard facts.isChecked else {
            let (message, hint) = CanaryStage.checked.missing(facts)
            throw CommandFailure(.badNews, "the canary on \(server.id): \(message)", hint: hint)
        }
        if let alert = facts.openAlert {
            throw CommandFailure(
                .badNews, "the canary on \(server.id): alert \(alert) of the pack \(pack) is open already",
                hint: "a canary needs a pack of its own")
        }
        guard !facts.isWrong else {
            throw CommandFailure(
                .badNews, "the canary on \(server.id): its item is wrong before the drift is planted",
                hint: "driftwatch diff \(server.id) --pack \(pack)")
        }
    }

    private func reach(_ stage: CanaryStage, since instant: Date, opening: Bool) async throws {
        let facts = try await facts(since: instant, opening: opening, until: stage.isReached)
        guard stage.isReached(facts) else {
            let (message, hint) = stage.missing(facts)
            throw CommandFailure(.badNews, "the canary on \(server.id): \(message)", hint: hint)
        }
        console.print(stage.reached(facts))
    }

    /// Reads until that is so, or the deadline is there: what is waited for gives no signal.
    private func facts(
        since instant: Date, opening: Bool, until isReached: (CanaryFacts) -> Bool
    ) async throws -> CanaryFacts {
        var newest: CanaryFacts?
        var fault: (any Error)?
        let loop = Loop(every: .milliseconds(500), logger: Logger(label: "driftwatch.canary"))
        await loop.rounds {
            let isLast = ContinuousClock.now >= deadline
            do {
                newest = try await database.read { transaction in
                    try CanaryReader.facts(
                        server.id, pack, item: item, since: instant, opening: opening, in: transaction)
                }
                return newest.map(isReached) == true || isLast ? .never : .after(.milliseconds(500))
            } catch {
                if !isLast, let error = error as? DatabaseError, error.isTransient { throw error }
                fault = error
                return .never
            }
        }
        if let fault { throw fault }
        try Task.checkCancellation()
        guard let newest else { throw CommandFailure(.dependency, "the database does not answer") }
        return newest
    }

    private func ask() async throws {
        try await database.withTransaction { transaction in
            _ = try transaction.execute("select driftwatch.enqueue_check(\(server.id), \(actor))")
        }
    }

    private func now() async throws -> Date { try await database.read { try CanaryReader.now(in: $0) } }
}
