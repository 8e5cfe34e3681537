import Dispatch
package import Postgres
import Synchronization

extension Database {
    /// Runs `body` while another session holds the rows that `statement` locks.
    package func holding(_ statement: SQL, _ body: () async throws -> Void) async throws {
        let (locked, isLocked) = AsyncStream<Void>.makeStream()
        let unlock = DispatchSemaphore(value: 0)
        async let holder: Void = withTransaction { transaction in
            defer { isLocked.finish() }
            try transaction.execute(statement)
            isLocked.finish()
            unlock.wait()
        }
        for await _ in locked {}
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        unlock.signal()
        try await holder
        try outcome.get()
    }

    /// Fails if the statement waits for a lock.
    package func withoutWaiting<Value: ColumnDecodable & Sendable>(
        _ statement: SQL, as: Value.Type
    ) async throws -> [Value] {
        try await withTransaction { transaction in
            try transaction.execute("set local lock_timeout = '5 s'")
            return try transaction.rows(statement, as: Value.self)
        }
    }

    /// Runs `second` when `first` has run, and commits `first` when `second` waits for it, or is over.
    package func whileUncommitted(_ first: SQL, run second: () async throws -> Void) async throws {
        let (ran, hasRun) = AsyncStream<Void>.makeStream()
        let isOver = Flag()
        async let other: Void = withTransaction { transaction in
            defer { hasRun.finish() }
            try transaction.execute(first)
            hasRun.finish()
            try transaction.waitUntilSomebodyWaits { isOver.isSet }
        }
        for await _ in ran {}
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await second()) } catch { outcome = .failure(error) }
        isOver.set()
        try await other
        try outcome.get()
    }
}

private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
}
