import DriftCore
import DriftServices
import Foundation
import JobQueue
import Postgres
import TestSupport
import Testing

/// What it costs to store the result of a check.
@Suite(.timeLimit(.minutes(2)))
struct CheckCostTests {
    /// One statement locks what is known of the server, and one per pack stores the check and what is known after it.
    @Test(arguments: [1, 3])
    func storingACheckTakesOneStatementAndOnePerPack(packs: Int) async throws {
        try await withMigratedDatabase { database in
            let names = (0..<packs).map { "pack-\($0)" }
            try await database.makeServer(
                "web-1", packs: Dictionary(uniqueKeysWithValues: names.map { ($0, ["/etc/motd"]) }))
            let prober = ScriptedProber()
            prober.see(on: "web-1", [ServerPath("/etc/motd"): .plain])
            let handler = DriftCheckHandler(database: database, prober: prober, logger: .quiet)
            // The second time, nothing is new.
            for round in 1...2 {
                try await database.execute("select driftwatch.enqueue_check('web-1', 'test')")
                let claims = try await database.rows(
                    "select job_id, lease_token from driftwatch.claim_jobs('w', '{default}', 1, 1, '60 s', '60 s')",
                    as: (Int64, UUID).self)
                let (job, token) = try #require(claims.first)
                let result = try await handler.handle(Job(id: job, serverID: "web-1"))
                let effects = try #require(result.effects)
                let count = try await database.withTransaction { transaction in
                    try transaction.execute("select driftwatch.settle_job(\(job), \(token), 'succeeded')")
                    let before = try transaction.statementsRun()
                    try effects(transaction)
                    return try transaction.statementsRun() - before - 1
                }
                #expect(count == 1 + packs, "round \(round)")
            }
        }
    }
}

extension Transaction {
    /// How many statements this session has run, this one apart.
    fileprivate borrowing func statementsRun() throws -> Int {
        try one(
            "select coalesce(sum(generic_plans + custom_plans), 0)::int from pg_prepared_statements", as: Int.self)
    }
}
