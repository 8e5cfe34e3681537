import Foundation
import Postgres
import TestSupport
import Testing

/// What the queue's functions know of the domain.
@Suite(.timeLimit(.minutes(2)))
struct HookTests {
    /// The functions of the queue's file call the domain through two hooks, and read no table of it.
    @Test
    func theQueueKnowsTheDomainOnlyThroughItsHooks() async throws {
        let own: Set = [
            "jobs", "job_attempts", "queues", "workers", "clock", "raise_lease_lost",
            "unwanted_jobs", "jobs_ended",
        ]
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
            path: "../../sql/functions/f10_claim.sql")
        let text = try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n").filter {
                !$0.hasPrefix("--") && !$0.hasPrefix("comment on") && !$0.hasPrefix("    '")
            }
            .joined(separator: "\n")
        let defined = Set(text.matches(of: /function (\w+)/).map { String($0.1) })
        try await withMigratedDatabase { database in
            let names = try await database.rows(
                """
                select c.relname::text from pg_class c
                where c.relnamespace = 'driftwatch'::regnamespace and c.relkind in ('r', 'v')
                union select p.proname::text from pg_proc p where p.pronamespace = 'driftwatch'::regnamespace
                """, as: String.self)
            let words = Set(text.matches(of: /[a-z_]+/).map { String($0.0) })
            let leaks = Set(names).intersection(words).subtracting(own).subtracting(defined)
            #expect(leaks.sorted() == [])
            #expect(own.subtracting(words).sorted() == [])
        }
    }
}
