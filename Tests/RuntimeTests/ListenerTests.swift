import Postgres
import Runtime
import TestSupport
import Testing

/// One connection hears for all parts of a process.
@Suite(.database, .timeLimit(.minutes(1)))
struct ListenerTests {
    private let database = TestDatabase.current.database

    @Test
    func eachChannelWakesItsOwnLoopFromOneConnection() async throws {
        let (jobs, outbox) = (WakeSignal(), WakeSignal())
        let listener = Listener(database: database, wakes: ["jobs": jobs, "outbox": outbox])
        let listening = Task { try await listener.run() }
        // When listening begins, each may have missed something.
        await jobs.untilRaised()
        await outbox.untilRaised()
        let sessions = try await database.rows(
            """
            select query from pg_stat_activity where datname = current_database() and query like 'LISTEN %'
            """, as: String.self)
        #expect(sessions == [#"LISTEN "jobs"; LISTEN "outbox""#])
        try await database.withTransaction { try $0.notify("outbox", "") }
        await outbox.untilRaised()
        try await database.withTransaction { try $0.notify("jobs", "") }
        await jobs.untilRaised()
        // Nothing was left over: what one channel says does not wake the other's loop.
        try await database.withTransaction { try $0.notify("outbox", "") }
        await outbox.untilRaised()
        let isRaised = Task {
            await jobs.untilRaised()
            return !Task.isCancelled
        }
        isRaised.cancel()
        #expect(await !isRaised.value)
        listening.cancel()
        try await listening.value
    }
}
