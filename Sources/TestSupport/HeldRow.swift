import Dispatch
package import Postgres

extension Database {
    /// Runs `body` while another session holds what `statement` locks; `body` gets that session's pid.
    package func holding(_ statement: SQL, _ body: (_ pid: Int) async throws -> Void) async throws {
        let (locked, isLocked) = AsyncStream<Int>.makeStream()
        let unlock = DispatchSemaphore(value: 0)
        async let holder: Void = withTransaction { transaction in
            let pid = try transaction.one("select pg_backend_pid()", as: Int.self)
            try transaction.execute(statement)
            isLocked.yield(pid)
            unlock.wait()
        }
        let outcome: Result<Void, any Error>
        do {
            for await pid in locked {
                try await body(pid)
                break
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        unlock.signal()
        try await holder
        try outcome.get()
    }
}
