import DriftCore

/// What ssh goes through to reach a server, where it does not go straight.
struct SSHWay: Hashable, Sendable {
    /// Such as `bastion`.
    let name: String
    /// Such as `the jump host bastion`.
    let words: String

    /// Asks ssh; nil if it goes straight, and where its config cannot be read.
    init?(to target: ProbeTarget, _ configs: ResolvedConfigs) async {
        guard target.connection == .ssh,
            let config = try? await configs.config(for: target)
        else { return nil }
        let hosts = config.jumpHosts
        if !hosts.isEmpty {
            name = hosts.joined(separator: ", ")
            words = "the jump host\(hosts.count == 1 ? "" : "s") \(name)"
            return
        }
        guard let command = config.proxyCommand else { return nil }
        name = "ProxyCommand \(SSHDiagnosis.detail(command, limit: 80))"
        words = "the \(name)"
    }
}
