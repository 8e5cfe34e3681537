import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// What becomes of waiting jobs whose server is reached elsewhere now.
@Suite(.timeLimit(.minutes(2)))
struct RequeueTests {
    enum Waiting: CaseIterable {
        case available, retryable, scheduled
    }

    private static func enqueue(_ database: Database) async throws -> Int64 {
        try await database.rows("select driftwatch.enqueue_check('web-1', 'test')", as: Int64.self)[0]
    }

    @Test(arguments: Waiting.allCases)
    func askingAgainHurriesAJobToWhereItsServerIsReachedNow(waiting: Waiting) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            let store = QueueStore(database: database)
            let job = try await Self.enqueue(database)
            if waiting != .available {
                let claim = try #require(try await store.claimSome(1).first)
                if waiting == .retryable {
                    try await store.end(claim, .retry)
                } else {
                    try await store.end(claim, .noPlace(retryAfter: .seconds(60)))
                }
            }
            try await database.execute("update driftwatch.servers set queue = 'dmz'")
            #expect(try await Self.enqueue(database) == job)
            let claims = try await store.claim(
                for: "w", queues: ["dmz"], atMost: 1, rescued: 1, lease: .seconds(60),
                timeLimit: .seconds(60))
            #expect(claims.map(\.job.id) == [job])
            #expect(try await Self.enqueue(database) == job)
            #expect(try await database.state(of: job) == "running", "what runs goes on")
        }
    }

    @Test
    func waitingJobsAreMovedAndRunningOnesStay() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.makeServer("web-2")
            try await database.enqueueAll()
            let running = try #require(try await QueueStore(database: database).claimSome(1).first)
            try await database.execute("update driftwatch.servers set connection = 'local'")
            #expect(try await database.rows("select driftwatch.requeue_jobs()", as: Int.self) == [1])
            #expect(try await database.rows("select driftwatch.requeue_jobs()", as: Int.self) == [0])
            let queues = try await database.rows(
                "select queue from driftwatch.jobs order by job_id = \(running.job.id)", as: String.self)
            #expect(queues == ["local:web-2", "default"])
        }
    }
}
