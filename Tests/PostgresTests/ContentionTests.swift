import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.database)
struct ContentionTests {
    private let database = TestDatabase.current.database

    @Test func serializationFailuresAreRunAgain() async throws {
        try await database.execute("create table counter (n int)")
        try await database.execute("insert into counter values (0)")
        let attempts = Mutex(0)
        let other = TestDatabase.current.anotherDatabase()
        try await database.withTransaction(isolation: .serializable) { transaction in
            let attempt = attempts.withLock { count in
                count += 1
                return count
            }
            let n = try transaction.one("select n from counter", as: Int.self)
            if attempt <= 2 {
                let gate = DispatchSemaphore(value: 0)
                Task {
                    try await other.execute("update counter set n = n + 10")
                    gate.signal()
                }
                gate.wait()
            }
            try transaction.execute("update counter set n = \(n + 1)")
        }
        await other.close()
        #expect(attempts.withLock { $0 } == 3)
        #expect(try await database.rows("select n from counter", as: Int.self) == [21])
    }

    @Test func conflictsWithoutEndReachTheCaller() async throws {
        let attempts = Mutex(0)
        let error = await #expect(throws: DatabaseError.self) {
            try await database.withTransaction { transaction in
                attempts.withLock { $0 += 1 }
                try transaction.executeScript("do $$ begin raise exception 'again' using errcode = '40P01'; end $$")
            }
        }
        #expect(error?.sqlState == .deadlockDetected)
        #expect(error?.isTransient == true)
        #expect(attempts.withLock { $0 } == 6)
    }

    @Test func statementsOverTheirTimeoutEndInGoodOrder() async throws {
        let other = TestDatabase.current.anotherDatabase { settings in
            settings.poolSize = 1
            // Long enough for the short statements, on any machine.
            settings.statementTimeout = .seconds(2)
        }
        let before = try await other.rows("select pg_backend_pid()", as: Int.self)
        let error = await #expect(throws: DatabaseError.self) { try await other.execute("select pg_sleep(30)") }
        #expect(error?.sqlState == .queryCanceled)
        #expect(try await other.rows("select pg_backend_pid()", as: Int.self) == before)
        await other.close()
    }

    @Test func manySlowCallsDoNotHoldUpOtherWork() async throws {
        // Twice as many as the cooperative pool has threads, and then some.
        let calls = ProcessInfo.processInfo.activeProcessorCount * 2 + 4
        let other = TestDatabase.current.anotherDatabase { $0.poolSize = calls }
        let locked = TestDatabase.current.anotherDatabase { $0.poolSize = 1 }
        try await locked.withTransaction { transaction in
            try transaction.execute("select pg_advisory_xact_lock(1)")
            let started = DispatchSemaphore(value: 0)
            for _ in 0..<calls {
                Task {
                    started.signal()
                    try await other.execute("select pg_advisory_xact_lock(1)")
                }
            }
            // Each of these needs a thread of the cooperative pool while the calls before it block.
            for _ in 0..<calls { #expect(started.wait(timeout: .now() + 20) == .success) }
            let waiting = try eventuallyWaiting(transaction, calls)
            #expect(waiting)
        }
        await other.close()
        await locked.close()
    }

    private func eventuallyWaiting(_ transaction: borrowing Transaction, _ calls: Int) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let count = try transaction.one(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted", as: Int.self)
            if count == calls { return true }
            try transaction.execute("select pg_sleep(0.01)")
        }
        return false
    }

    @Test func anExhaustedPoolFailsWhoeverWaitsTooLong() async throws {
        let other = TestDatabase.current.anotherDatabase { settings in
            settings.poolSize = 1
            // Also the time for connecting on a busy machine.
            settings.leaseTimeout = .seconds(3)
        }
        try await other.withTransaction { transaction in
            let gate = DispatchSemaphore(value: 0)
            let outcome = Mutex<DatabaseError?>(nil)
            Task {
                do { try await other.execute("select 1") } catch {
                    outcome.withLock { $0 = error as? DatabaseError }
                }
                gate.signal()
            }
            #expect(gate.wait(timeout: .now() + 20) == .success)
            #expect(outcome.withLock { $0 }?.kind == .poolTimeout)
            #expect(outcome.withLock { $0 }?.label == "pool_timeout")
        }
        #expect(try await other.rows("select 1", as: Int.self) == [1])
        await other.close()
    }

    @Test func waitingForAConnectionIsCancellable() async throws {
        let other = TestDatabase.current.anotherDatabase { $0.poolSize = 1 }
        try await other.withTransaction { transaction in
            let gate = DispatchSemaphore(value: 0)
            let outcome = Mutex<DatabaseError?>(nil)
            let waiter = Task {
                do { try await other.execute("select 1") } catch {
                    outcome.withLock { $0 = error as? DatabaseError }
                }
                gate.signal()
            }
            waiter.cancel()
            #expect(gate.wait(timeout: .now() + 10) == .success)
            #expect(outcome.withLock { $0 }?.kind == .cancelled)
        }
        await other.close()
    }

    @Test func closingWaitsForCallsAndRefusesNewOnes() async throws {
        let other = TestDatabase.current.anotherDatabase()
        let running = Task { try await other.rows("select 1 from pg_sleep(0.2)", as: Int.self) }
        #expect(
            try await eventually {
                try await database.rows(
                    "select exists(select from pg_stat_activity where query = 'select 1 from pg_sleep(0.2)')",
                    as: Bool.self) == [true]
            })
        await other.close()
        #expect(try await running.value == [1])
        let error = await #expect(throws: DatabaseError.self) { try await other.execute("select 1") }
        #expect(error?.kind == .closed)
        await other.close()
    }
}
