import Synchronization

/// Whether a process is at work.
package final class Readiness: Sendable {
    package enum Phase: Sendable { case starting, working, stopping }

    private let phase = Mutex(Phase.starting)

    package init() {}

    package func enter(_ phase: Phase) { self.phase.withLock { $0 = phase } }

    /// Why it is not at work; nil if it is.
    var reasonAgainst: String? {
        switch phase.withLock({ $0 }) {
        case .starting: "starting: the database is not usable yet"
        case .working: nil
        case .stopping: "stopping"
        }
    }
}
