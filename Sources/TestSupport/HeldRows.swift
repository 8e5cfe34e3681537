import Dispatch
package import Postgres

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
}
