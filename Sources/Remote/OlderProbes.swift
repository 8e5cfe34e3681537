import DriftCore
import Synchronization

/// Which servers were last seen with a pinned probe of the version before this one, so that they are asked in it at once.
final class OlderProbes: Sendable {
    private let targets = Mutex<Set<ProbeTarget>>([])

    func contains(_ target: ProbeTarget) -> Bool { targets.withLock { $0.contains(target) } }

    func insert(_ target: ProbeTarget) { targets.withLock { _ = $0.insert(target) } }

    func remove(_ target: ProbeTarget) { targets.withLock { _ = $0.remove(target) } }
}
