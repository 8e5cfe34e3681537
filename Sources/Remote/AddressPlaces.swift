package import DriftCore
import Synchronization

/// The places to log in at each address: sshd drops those who come too many at a time, and refuses for minutes those
/// whose logins fail one after the other.
///
/// Nobody waits for a place: who finds none goes away, and the job comes back later.
package final class AddressPlaces: Sendable {
    private let limit: Int
    private let clock: @Sendable () -> Duration
    private let addresses = Mutex<[String: LoginPacing]>([:])

    /// `clock` never goes back.
    package init(limit: Int, clock: @escaping @Sendable () -> Duration = AddressPlaces.uptime()) {
        self.limit = max(1, limit)
        self.clock = clock
    }

    /// The time since this was called.
    package static func uptime() -> @Sendable () -> Duration {
        let start = ContinuousClock.now
        return { ContinuousClock.now - start }
    }

    /// Runs `body` in a place at `address`.
    ///
    /// - Throws: `.noPlace` when there is none now, and what `body` throws.
    package func withPlace<Value>(at address: String, _ body: () async throws(ProbeFailure) -> Value)
        async throws(ProbeFailure) -> Value
    {
        let answer = addresses.withLock { addresses in
            addresses[address, default: LoginPacing(limit: limit)].begin(at: clock())
        }
        switch answer {
        case .begin: break
        case .full: throw ProbeFailure(.noPlace, detail: "as many logins at this address as may be are under way")
        case .rest(let time):
            throw ProbeFailure(
                .noPlace, detail: "logins at this address rest for \(time.components.seconds + 1) s, after some failed",
                retryAfter: time)
        }
        do {
            let value = try await body()
            _ = end(at: address, with: nil)
            return value
        } catch {
            throw end(at: address, with: error) ?? error
        }
    }

    private func end(at address: String, with failure: ProbeFailure?) -> ProbeFailure? {
        addresses.withLock { addresses in
            var pacing = addresses[address] ?? LoginPacing(limit: limit)
            let result = pacing.end(with: failure, at: clock())
            addresses[address] = pacing
            return result
        }
    }
}
