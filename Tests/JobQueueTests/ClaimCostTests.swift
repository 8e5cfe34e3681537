import Postgres
import TestSupport
import Testing

/// What a claim costs.
@Suite(.timeLimit(.minutes(2)))
struct ClaimCostTests {
    @Test
    func aClaimReadsNoMoreThanItTakesHoweverManyJobsThereAre() async throws {
        try await withMigratedDatabase { database in
            try await database.executeScript(
                """
                insert into driftwatch.jobs (kind, state, run_at, created_at, finished_at)
                select 'drift_check', case when n % 2 = 0 then 'available' else 'succeeded' end, clock_timestamp(),
                       clock_timestamp(), case when n % 2 = 1 then clock_timestamp() end
                from generate_series(1, 20000) n;
                analyze driftwatch.jobs;
                """)
            let (scans, read) = try await database.withTransaction { transaction in
                // More often than a plan is made anew for each call.
                for _ in 0..<8 {
                    let claimed = try transaction.rows(
                        "select job_id from driftwatch.claim_jobs('w', '{default}', 8, 1, '60 s', '2 min')",
                        as: Int64.self)
                    #expect(claimed.count == 8)
                }
                return try transaction.one(
                    """
                    select seq_scan::int, idx_tup_fetch::int from pg_stat_xact_user_tables
                    where schemaname = 'driftwatch' and relname = 'jobs'
                    """, as: (Int, Int).self)
            }
            #expect(scans == 0)
            #expect(read < 2000, "read \(read) rows")
        }
    }
}
