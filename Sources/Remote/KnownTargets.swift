import DriftCore
import Synchronization

/// Servers of which something is known from their last answer, for as long as this process runs.
final class KnownTargets: Sendable {
    private let targets = Mutex<Set<ProbeTarget>>([])

    func contains(_ target: ProbeTarget) -> Bool { targets.withLock { $0.contains(target) } }

    func insert(_ target: ProbeTarget) { targets.withLock { _ = $0.insert(target) } }

    func remove(_ target: ProbeTarget) { targets.withLock { _ = $0.remove(target) } }
}
