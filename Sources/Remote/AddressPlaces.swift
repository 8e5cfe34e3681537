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

    /// Runs `body` in a place at `address`, and one at each of the jump hosts on the way.
    ///
    /// - Throws: `.noPlace` when there is none now, and what `body` throws.
    package func withPlace<Value>(
        at address: String, behind jumpHosts: [String] = [], _ body: () async throws(ProbeFailure) -> Value
    ) async throws(ProbeFailure) -> Value {
        let way = jumpHosts + [address]
        try begin(at: way)
        do {
            let value = try await body()
            _ = end(at: way, with: nil)
            return value
        } catch {
            throw end(at: way, with: error) ?? error
        }
    }

    /// Takes all places or none.
    private func begin(at way: [String]) throws(ProbeFailure) {
        let answer = addresses.withLock { addresses in
            let now = clock()
            var begun: [String] = []
            for name in way {
                let answer = addresses[name, default: LoginPacing(limit: limit)].begin(at: now)
                guard answer == .begin else {
                    for name in begun { addresses[name]?.leave() }
                    return answer
                }
                begun.append(name)
            }
            return .begin
        }
        switch answer {
        case .begin: break
        case .full: throw ProbeFailure(.noPlace, detail: "as many logins at this address as may be are under way")
        case .rest(let time):
            throw ProbeFailure(
                .noPlace, detail: "logins at this address rest for \(time.components.seconds + 1) s, after some failed",
                retryAfter: time)
        }
    }

    /// A success is one of the whole way, a failure only of the host where it came about.
    private func end(at way: [String], with failure: ProbeFailure?) -> ProbeFailure? {
        addresses.withLock { addresses in
            let now = clock()
            let culprit = failure.flatMap { $0.jumpHost ?? way.last }
            var result = failure
            for name in way {
                if failure == nil || name == culprit {
                    result = addresses[name]?.end(with: failure, at: now)
                } else {
                    addresses[name]?.leave()
                }
            }
            return result
        }
    }
}
