import DriftCore
import Foundation
internal import Redaction

/// The `ssh` command line for one server.
///
/// The user's ssh config keeps its say in everything that is not named here: jump hosts, ciphers, and the key exchange,
/// which is most of a session's cost. `KexAlgorithms curve25519-sha256` in that config makes a session several times
/// cheaper and gives up the hybrid post-quantum exchange; that trade is the user's, never made here.
struct SSHCommand {
    let executable: String
    let arguments: [String]

    init(to target: ProbeTarget, settings: RemoteSettings, command: String = ProbeScript.command) throws(ProbeFailure) {
        for (name, path) in [
            ("ssh config", settings.sshConfig), ("known_hosts", settings.knownHosts), ("identity", settings.identity),
        ] {
            guard let path, !FileManager.default.isReadableFile(atPath: path) else { continue }
            throw ProbeFailure(
                .misconfigured, detail: VisibleText.plain("the \(name) file \(path) cannot be read".utf8))
        }
        guard !target.address.isEmpty, target.address.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw ProbeFailure(.misconfigured, detail: "the address is not a host name")
        }

        var options = [
            // Unknown to older releases.
            "IgnoreUnknown=SessionType,StdinNull,ForkAfterAuthentication",
            "SessionType=default", "StdinNull=no", "ForkAfterAuthentication=no", "RemoteCommand=none",
            "BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "VerifyHostKeyDNS=no",
            "VisualHostKey=no",
            "ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes", "Tunnel=no", "PermitLocalCommand=no",
            "AddKeysToAgent=no", "EscapeChar=none", "ConnectionAttempts=1",
            "ConnectTimeout=\(max(1, settings.budgets.connect.components.seconds))",
            "ServerAliveInterval=5", "ServerAliveCountMax=3",
            // Says on standard error when the login is over.
            "LogLevel=VERBOSE",
        ]
        if let knownHosts = settings.knownHosts {
            options += ["UserKnownHostsFile=\(Self.quoted(knownHosts))", "GlobalKnownHostsFile=none"]
        }
        if let identity = settings.identity {
            // Keeps an agent's keys and the default ones out: each refused key counts against us.
            options += ["IdentitiesOnly=yes", "IdentityFile=\(Self.quoted(identity))"]
        }
        var arguments = ["-T"]
        if let config = settings.sshConfig { arguments += ["-F", config] }
        arguments += options.flatMap { ["-o", $0] }
        if let port = target.port { arguments += ["-p", String(port)] }
        if let user = target.user { arguments += ["-l", user] }
        self.executable = settings.sshExecutable
        self.arguments = arguments + ["--", target.address, command]
    }

    /// What `ssh` needs of our environment, and nothing else: no secret of ours reaches a `ProxyCommand`, and no locale
    /// of ours reaches the server by `SendEnv`.
    static func environment(_ own: [String: String] = ProcessInfo.processInfo.environment) -> [String: String] {
        let wanted = [
            "PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "XDG_RUNTIME_DIR", "KRB5CCNAME",
            "TMPDIR",
        ]
        return own.filter { wanted.contains($0.key) }
    }

    /// As ssh reads a file name in an option: quoted, with its percent signs kept.
    private static func quoted(_ path: String) -> String {
        "\"\(path.replacingOccurrences(of: "%", with: "%%"))\""
    }
}
