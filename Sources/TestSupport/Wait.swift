package import Postgres

/// Looks again and again, every few milliseconds, until `condition` holds; false when it did not in time.
///
/// For what gives no signal to wait for, such as a row that another process writes.
package func eventually(
    within limit: Duration = .seconds(10), _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while !(try await condition()) {
        if ContinuousClock.now >= deadline { return false }
        // There is no signal to wait for: what is looked at happens in another process.
        try await Task.sleep(for: .milliseconds(5))
    }
    return true
}

extension Transaction {
    /// Returns when another session waits for something that this transaction holds, or when `isOver` says that none will.
    package borrowing func waitUntilSomebodyWaits(or isOver: () -> Bool = { false }) throws {
        while !isOver() {
            let isFree = try one(
                """
                select not exists (
                    select from pg_locks l where not l.granted and pg_backend_pid() = any(pg_blocking_pids(l.pid)))
                """, as: Bool.self)
            if !isFree { return }
            // The server gives no signal of a lock that is waited for.
            try execute("select pg_sleep(0.005)")
        }
    }
}
