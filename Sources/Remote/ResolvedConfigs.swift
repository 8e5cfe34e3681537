import DriftCore
import Synchronization

/// What the user's ssh config says of the way to each server.
///
/// That costs a process as expensive as a tenth of a check, so it is asked again only after some minutes.
final class ResolvedConfigs: Sendable {
    private struct Entry {
        var config: ResolvedConfig
        var until: ContinuousClock.Instant
    }

    private static let lifetime = Duration.seconds(300)

    private let settings: RemoteSettings
    private let known = Mutex<[ProbeTarget: Entry]>([:])

    init(_ settings: RemoteSettings) { self.settings = settings }

    /// Nil if the config cannot be read: that is ssh's to complain of.
    func config(for target: ProbeTarget) async throws(ProbeFailure) -> ResolvedConfig? {
        let now = ContinuousClock.now
        if let entry = known.withLock({ $0[target] }), entry.until > now { return entry.config }
        let command = try SSHCommand.resolving(target, settings: settings)
        // ssh reads files that it holds.
        defer { withExtendedLifetime(command) {} }
        guard
            let text = await Helper.output(
                of: command.executable, command.arguments, SSHCommand.environment, within: settings.budgets.login)
        else { return nil }
        let config = ResolvedConfig(text)
        known.withLock { $0[target] = Entry(config: config, until: now + Self.lifetime) }
        return config
    }
}
