import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.database)
struct CancellationTests {
    private let database = TestDatabase.current.database

    /// Whether a statement with this mark runs on the server.
    private func isRunning(_ mark: String) async throws -> Bool {
        try await database.rows(
            "select exists(select from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like \("%\(mark)%"))",
            as: Bool.self) == [true]
    }

    private func cancelledMidway(
        _ mark: String, _ call: @escaping @Sendable (Database) async throws -> Void
    ) async throws -> (error: DatabaseError?, took: Duration, pid: Set<Int>) {
        let other = TestDatabase.current.anotherDatabase { $0.poolSize = 1 }
        let before = try await other.rows("select pg_backend_pid()", as: Int.self)
        let task = Task { try await call(other) }
        #expect(try await eventually { try await isRunning(mark) })
        let start = ContinuousClock.now
        task.cancel()
        let error = await #expect(throws: DatabaseError.self) { try await task.value }
        let took = ContinuousClock.now - start
        let after = try await other.rows("select pg_backend_pid()", as: Int.self)
        await other.close()
        return (error, took, Set(before + after))
    }

    @Test func cancellingTheTaskEndsTheStatementOnTheServer() async throws {
        let outcome = try await cancelledMidway("'lone mark'") { database in
            try await database.execute("select pg_sleep(60), 'lone mark'")
        }
        #expect(outcome.error?.kind == .cancelled)
        #expect(outcome.error?.mayHaveCommitted == false)
        #expect(outcome.took < .seconds(1.5))
        #expect(try await eventually { try await !isRunning("'lone mark'") })
        // A late cancel request must not find the connection in use by another.
        #expect(outcome.pid.count == 2)
    }

    @Test func cancellingTheTaskEndsTheTransaction() async throws {
        try await database.execute("create table cancelled_midway ()")
        let outcome = try await cancelledMidway("'inner mark'") { database in
            try await database.withTransaction { transaction in
                try transaction.execute("insert into cancelled_midway default values")
                try transaction.execute("select pg_sleep(60), 'inner mark'")
            }
        }
        #expect(outcome.error?.kind == .cancelled)
        #expect(outcome.took < .seconds(1.5))
        #expect(outcome.pid.count == 2)
        #expect(try await database.rows("select count(*) from cancelled_midway", as: Int.self) == [0])
    }

    @Test func aShieldedCallRunsToItsEnd() async throws {
        try await database.executeScript("create table shielded (); create table door ()")
        let (held, isHeld) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        // The shielded call cannot end before it was cancelled: what it waits for is locked until then.
        let holder = Task {
            try await database.withTransaction { transaction in
                try transaction.execute("lock table door")
                isHeld.yield()
                gate.wait()
            }
        }
        _ = await held.first { true }
        let task = Task {
            try await database.withTransaction(cancellation: .shielded) { transaction in
                try transaction.execute("insert into door default values /* shielded mark */")
                try transaction.execute("insert into shielded default values")
            }
        }
        #expect(try await eventually { try await isRunning("/* shielded mark */") })
        task.cancel()
        gate.signal()
        try await holder.value
        try await task.value
        #expect(try await database.rows("select count(*) from shielded", as: Int.self) == [1])
    }

    @Test func aCancelledTaskStartsNothingUnlessShielded() async throws {
        try await database.execute("create table never_started ()")
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            let error = await #expect(throws: DatabaseError.self) {
                try await database.execute("insert into never_started default values")
            }
            #expect(error?.kind == .cancelled)
            try await database.execute("insert into never_started default values", cancellation: .shielded)
        }
        try await task.value
        #expect(try await database.rows("select count(*) from never_started", as: Int.self) == [1])
    }

    @Test func cancellationBetweenStatementsStopsTheNext() async throws {
        let ran = Mutex<[Int]>([])
        let task = Task {
            try await database.withTransaction { transaction in
                try transaction.execute("select 1")
                ran.withLock { $0.append(1) }
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                try transaction.execute("select 2")
                ran.withLock { $0.append(2) }
            }
        }
        let error = await #expect(throws: DatabaseError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        #expect(ran.withLock { $0 } == [1])
    }

    /// A cancel that arrives as its statement ends must not hit whoever uses the pool next.
    @Test func lateCancelsHitNobodyElse() async throws {
        let other = TestDatabase.current.anotherDatabase { $0.poolSize = 1 }
        for round in 0..<150 {
            let task = Task { try? await other.rows("select pg_sleep(0.001)", as: String?.self) }
            if round % 3 > 0 { try await other.execute("select 1") }
            task.cancel()
            #expect(try await other.rows("select \(round)::int from pg_sleep(0.002)", as: Int.self) == [round])
            _ = await task.value
        }
        await other.close()
    }
}
