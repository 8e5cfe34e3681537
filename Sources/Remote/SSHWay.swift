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
            let text = try? await configs.text(for: target)
        else { return nil }
        self.init(resolved: text)
    }

    /// From what `ssh -G` prints.
    init?(resolved text: String) {
        let hosts = JumpHosts.hosts(inResolved: text)
        if !hosts.isEmpty {
            name = hosts.joined(separator: ", ")
            words = "the jump host\(hosts.count == 1 ? "" : "s") \(name)"
            return
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("proxycommand ") }
        guard let command = line?.dropFirst("proxycommand ".count), command != "none" else { return nil }
        name = "ProxyCommand \(SSHDiagnosis.detail(String(command), limit: 80))"
        words = "the \(name)"
    }
}
