import DriftCore

/// The key exchanges that an ssh here offers a server, and whether others would be better.
///
/// The exchange is most of the CPU time of a check, and it decides whether a recorded session stays secret from a quantum
/// computer.
struct KeyExchange: Hashable, Sendable {
    static let best = "mlkem768x25519-sha256"
    /// For servers that do not know ``best``.
    static let next = "curve25519-sha256"

    /// What the ssh config makes it offer, best first.
    var offered: [String]
    /// What this ssh knows.
    var known: [String]

    /// One line for people and how to follow it, or nil if nothing is to be gained.
    var advice: ServerDiagnosis.Advice? {
        guard let first = offered.first else { return nil }
        let isPostQuantum = offered.contains { $0.hasPrefix("mlkem") || $0.hasPrefix("sntrup") }
        let remedy =
            "in the ssh config: KexAlgorithms \(Self.best),\(Self.next): the first is post-quantum and costs the least; "
            + "the second is for servers that do not know it"
        if known.contains(Self.best), first != Self.best {
            return ServerDiagnosis.Advice(
                finding: "\(SSHDiagnosis.detail(first, limit: 60)) is offered before \(Self.best)", hint: remedy)
        }
        guard !isPostQuantum else { return nil }
        return ServerDiagnosis.Advice(
            finding: "no post-quantum key exchange is offered: a session that is recorded today may be read later",
            hint: known.contains { $0.hasPrefix("sntrup") }
                ? "take KexAlgorithms out of the ssh config, or begin it with sntrup761x25519-sha512@openssh.com"
                : "install OpenSSH 9.9 or newer here; it knows \(Self.best)")
    }
}

extension KeyExchange {
    /// Asks ssh; nil if it gives no answer.
    init?(with target: ProbeTarget, _ settings: RemoteSettings, _ configs: ResolvedConfigs) async {
        guard target.connection == .ssh, let config = try? await configs.config(for: target),
            !config.keyExchanges.isEmpty,
            let known = await Helper.output(
                of: settings.sshExecutable, ["-Q", "kex"], SSHCommand.environment, within: settings.budgets.login)
        else { return nil }
        offered = config.keyExchanges
        self.known = known.split(separator: "\n").map(String.init)
    }
}
