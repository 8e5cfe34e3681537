import Foundation
import Postgres
import TestSupport
import Testing

/// First checks that are asked for although nobody asked: `enqueue_first_checks`.
@Suite(.timeLimit(.minutes(2)))
struct FirstCheckTests {
    private static let both = ["base": ["/a"], "web": ["/b"]]

    private static func enqueue(_ database: Database) async throws -> Int {
        try await database.rows("select driftwatch.enqueue_first_checks()", as: Int.self)[0]
    }

    private static func claim(_ database: Database) async throws -> (Int64, UUID) {
        try await database.rows(
            """
            select job_id, lease_token from driftwatch.claim_jobs('w', '{default}', '{drift_check}', 1, 1, '60 s', '60 s')
            """, as: (Int64, UUID).self)[0]
    }

    /// Ends a claimed job with a check of each of the packs.
    private static func look(_ claim: (Int64, UUID), at packs: [String], _ database: Database) async throws {
        let (job, token) = claim
        try await database.withTransaction { transaction in
            try transaction.execute("select driftwatch.settle_job(\(job), \(token), 'succeeded')")
            try transaction.execute(
                """
                select driftwatch.record_check(
                    \(job), 'web-1', p.pack_name, p.digest, 'compliant', null, 1, 0, 0, null, null, now(), 1)
                from driftwatch.packs p where p.pack_name = any(\(packs))
                """)
        }
    }

    @Test
    func whatWasAssignedAndNeverLookedAtIsLookedAt() async throws {
        try await withMigratedDatabase { database in
            for server in ["web-1", "web-2", "held"] { try await database.makeServer(server) }
            try await database.execute("select driftwatch.disable_drift_detection('held', 'moving house')")
            #expect(try await Self.enqueue(database) == 2)
            #expect(try await Self.enqueue(database) == 0, "those are on their way")
            let jobs = try await database.rows(
                "select server_id || ' ' || priority from driftwatch.jobs order by 1", as: String.self)
            #expect(jobs == ["web-1 50", "web-2 50"])
        }
    }

    @Test
    func aPackThatIsAssignedWhileACheckRunsIsLookedAtAfterIt() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/a"]])
            #expect(try await Self.enqueue(database) == 1)
            let claim = try await Self.claim(database)
            try await database.makeServer("web-1", packs: Self.both)
            #expect(try await Self.enqueue(database) == 0, "one is under way")
            try await Self.look(claim, at: ["base"], database)
            #expect(try await Self.enqueue(database) == 1)
            try await Self.look(Self.claim(database), at: ["base", "web"], database)
            #expect(try await Self.enqueue(database) == 0)
        }
    }

    @Test
    func aLookThatFailedCountsUntilThePackIsAnotherOrTheServerIsToBeFoundElsewhere() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            #expect(try await Self.enqueue(database) == 1)
            let (job, token) = try await Self.claim(database)
            try await database.execute("select driftwatch.settle_job(\(job), \(token), 'failed')")
            #expect(try await Self.enqueue(database) == 0)
            try await database.makeServer("web-1", packs: ["base": ["/etc/motd", "/etc/issue"]])
            #expect(try await Self.enqueue(database) == 1)
            let (second, itsToken) = try await Self.claim(database)
            try await database.execute("select driftwatch.settle_job(\(second), \(itsToken), 'failed')")
            #expect(try await Self.enqueue(database) == 0)
            try await database.advanceClock(by: .seconds(1))
            try await database.execute(
                """
                select driftwatch.apply_server('web-1', 'WEB-1', 'the-right-address', null, null, null, 'ssh', 'default',
                    '{}', true, '{base}', 'test')
                """)
            #expect(try await Self.enqueue(database) == 1)
        }
    }
}
