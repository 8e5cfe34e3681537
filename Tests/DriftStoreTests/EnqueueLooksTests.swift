import Postgres
import TestSupport
import Testing

/// Jobs for checks that a change asks for, beside those who ask themselves and those who wait for work.
@Suite(.timeLimit(.minutes(2)))
struct EnqueueLooksTests {
    @Test
    func aCheckThatSomebodyAsksForMeanwhileIsTheOneThatIsWanted() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.whileUncommitted("select driftwatch.enqueue_check('web-1', 'ann')") {
                let made = try await LookTests.enqueue(database)
                #expect(made == 0)
            }
            let askers = try await database.rows("select requested_by from driftwatch.jobs", as: String.self)
            #expect(askers == ["ann"])
        }
    }

    private static func firstWakeUp(of database: Database, listening: AsyncStream<Void>.Continuation) async -> String? {
        for await wakeUp in database.notifications(on: "driftwatch_jobs") {
            if let payload = wakeUp.payload { return payload }
            listening.finish()
        }
        return nil
    }

    @Test(arguments: [true, false])
    func workersAreWokenIfThereIsSomethingToDo(isWanted: Bool) async throws {
        try await withMigratedDatabase { database in
            if isWanted { try await database.makeServer("web-1") }
            let (listens, listening) = AsyncStream<Void>.makeStream()
            async let first = Self.firstWakeUp(of: database, listening: listening)
            for await _ in listens {}
            #expect(try await LookTests.enqueue(database) == (isWanted ? 1 : 0))
            // Only the newest notification is kept for a reader who is late, so a second one may not follow the awaited one.
            if !isWanted { try await database.execute("select pg_notify('driftwatch_jobs', 'the end')") }
            #expect(await first == (isWanted ? "" : "the end"))
        }
    }
}
