package import DriftCore
import Synchronization

/// The places to log in at each address: sshd drops those who come too many at a time.
///
/// Nobody waits for a place: who finds none goes away, and the job comes back later.
package final class AddressPlaces: Sendable {
    private let limit: Int
    private let taken = Mutex<[String: Int]>([:])

    package init(limit: Int) { self.limit = max(1, limit) }

    /// Runs `body` in a place at `address`.
    ///
    /// - Throws: `.noPlace` when all are taken, and what `body` throws.
    package func withPlace<Value>(at address: String, _ body: () async throws(ProbeFailure) -> Value)
        async throws(ProbeFailure) -> Value
    {
        let isFree = taken.withLock { taken in
            guard taken[address, default: 0] < limit else { return false }
            taken[address, default: 0] += 1
            return true
        }
        guard isFree else {
            throw ProbeFailure(.noPlace, detail: "\(limit) logins at this address are under way")
        }
        defer {
            taken.withLock { taken in
                let left = taken[address, default: 1] - 1
                taken[address] = left > 0 ? left : nil
            }
        }
        return try await body()
    }
}
