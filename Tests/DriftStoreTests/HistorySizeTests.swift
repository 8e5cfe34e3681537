import DriftCore
import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

/// How much room history takes.
@Suite(.timeLimit(.minutes(2)))
struct HistorySizeTests {
    /// A check of one item, whose mode is another one each time.
    private static func check(_ number: Int64) -> Check {
        let (key, item) = (ItemKey(rawValue: "file:/etc/profile.d/site.sh"), "/etc/profile.d/site.sh")
        let mismatch = Mismatch(
            type: .wrongPermissions, item: item, key: key, expected: ["mode": "0644"],
            actual: ["mode": "0\(number % 512)"])
        return Check(
            packName: PackName(rawValue: "base"), packDigest: SHA256Digest(of: []),
            outcomes: [ItemOutcome(key: key, item: item, finding: .wrong([mismatch]))])
    }

    @Test
    func aCheckThatFindsSomethingElseThanTheOneBeforeTakesLittleRoom() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await lent.database.makeServer("web-1.example.net", packs: ["base": ["/a"]])
            let checks: Int64 = 500
            let jobs = try await lent.database.rows(
                """
                insert into driftwatch.jobs (kind, server_id, schedule_name, slot_at, state, run_at, created_at, finished_at)
                select 'drift_check', 'web-1.example.net', 'default', now() + n * interval '1 day', 'succeeded', now(), now(), now()
                from generate_series(1, \(checks)) n returning job_id
                """, as: Int64.self)
            let size: SQL = """
                select (pg_total_relation_size('driftwatch.checks') + pg_total_relation_size('driftwatch.check_details'))::integer
                """
            let before = try await lent.database.rows(size, as: Int.self)[0]
            try await lent.database.withTransaction { transaction in
                for job in jobs {
                    let origin = EffectsStore.Origin(
                        jobID: job, serverID: ServerID(rawValue: "web-1.example.net"), startedAt: Date(),
                        duration: .seconds(1))
                    try EffectsStore.record(Self.check(job), from: origin, in: transaction)
                }
            }
            let details = try await lent.database.rows("select count(*) from driftwatch.check_details", as: Int.self)
            #expect(details == [Int(checks)])
            let bytes = try await lent.database.rows(size, as: Int.self)[0] - before
            // With indexes; 1114 were measured.
            #expect(bytes / Int(checks) < 1200)
        }
    }
}
