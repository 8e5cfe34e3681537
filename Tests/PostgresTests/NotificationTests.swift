import Postgres
import TestSupport
import Testing

@Suite(.database, .timeLimit(.minutes(2)))
struct NotificationTests {
    private let database = TestDatabase.current.database

    @Test func aCommittedNotificationArrives() async throws {
        var wakeups = database.notifications(on: "Odd \"channel").makeAsyncIterator()
        #expect(await wakeups.next()?.payload == .some(nil))
        try? await database.withTransaction { transaction in
            try transaction.notify("Odd \"channel", "rolled back")
            throw CancellationError()
        }
        try await database.withTransaction { transaction in try transaction.notify("Odd \"channel", "slot 1") }
        #expect(await wakeups.next()?.payload == "slot 1")
    }

    @Test func eachChannelKeepsItsNewest() async throws {
        var wakeups = database.notifications(on: "one", "other").makeAsyncIterator()
        #expect(await wakeups.next()?.channel == .some(nil))
        var last = database.notifications(on: "other").makeAsyncIterator()
        #expect(await last.next()?.channel == .some(nil))
        try await database.withTransaction { transaction in
            try transaction.notify("one", "1")
            for number in 1...50 { try transaction.notify("other", "\(number)") }
        }
        while try #require(await last.next()).payload != "50" {}
        let first = await wakeups.next()
        #expect((first?.channel, first?.payload) == ("one", "1"))
    }

    @Test func droppingTheSequenceEndsTheListening() async throws {
        func hear() async {
            var wakeups = database.notifications(on: "dropped").makeAsyncIterator()
            _ = await wakeups.next()
        }
        await hear()
        let name = TestDatabase.current.name
        #expect(
            try await eventually {
                try await database.rows(
                    "select count(*) from pg_stat_activity where datname = \(name) and query = 'LISTEN \"dropped\"'",
                    as: Int.self) == [0]
            })
    }

    @Test func onlyTheNewestWaits() async throws {
        var wakeups = database.notifications(on: "busy").makeAsyncIterator()
        #expect(await wakeups.next()?.payload == .some(nil))
        let other = database.notifications(on: "busy").makeAsyncIterator()
        try await database.withTransaction { transaction in
            for number in 1...50 { try transaction.notify("busy", "\(number)") }
        }
        var seen: [String] = []
        while seen.last != "50" {
            guard let payload = try #require(await wakeups.next()).payload else { continue }
            seen.append(payload)
        }
        #expect(seen.count <= 50)
        _ = other
    }

    @Test func cancellingTheTaskEndsTheListening() async throws {
        let name = TestDatabase.current.name
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for await _ in database.notifications(on: "ending") { signal.yield() }
        }
        #expect(await began.first { true } != nil)
        task.cancel()
        await task.value
        #expect(
            try await eventually {
                try await database.rows(
                    "select count(*) from pg_stat_activity where datname = \(name) and query = 'LISTEN \"ending\"'",
                    as: Int.self) == [0]
            })
    }

    @Test func closingTheDatabaseEndsTheListening() async throws {
        let other = TestDatabase.current.anotherDatabase()
        let task = Task {
            for await _ in other.notifications(on: "closing") {}
        }
        await other.close()
        await task.value
        for await _ in other.notifications(on: "closing") { Issue.record("a closed database listens to nothing") }
    }

    @Test func behindATransactionPoolerTheSequenceIsSilent() async throws {
        let other = TestDatabase.current.anotherDatabase { $0.pooler = .transaction }
        let task = Task {
            for await _ in other.notifications(on: "silent") { Issue.record("nothing may arrive") }
        }
        try await other.withTransaction { transaction in try transaction.notify("silent", "hello") }
        await other.close()
        await task.value
    }

    @Test func listeningSurvivesARestartOfTheServer() async throws {
        try await PrivatePostgres.withServer { server in
            try await server.withDatabase { database in
                var wakeups = database.notifications(on: "lasting").makeAsyncIterator()
                #expect(await wakeups.next()?.payload == .some(nil))
                for round in 1...2 {
                    try await server.restart()
                    // What was sent meanwhile is lost, so the return is a wake-up by itself.
                    #expect(await wakeups.next()?.payload == .some(nil))
                    try await database.withTransaction { transaction in try transaction.notify("lasting", "\(round)") }
                    #expect(await wakeups.next()?.payload == "\(round)")
                }
            }
        }
    }
}
