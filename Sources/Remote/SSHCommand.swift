import DriftCore
import Foundation
internal import Redaction

/// The `ssh` command line for one server, and the config file that goes with it.
///
/// The user's ssh config keeps its say in everything that is not named here: jump hosts, ciphers, and the key exchange,
/// which is most of a session's cost (the README has advice on it).
///
/// ssh passes its config file on to the ssh for a jump host, but none of its other options. So the options for the whole
/// way are in a config file of ours, which then includes the user's config.
struct SSHCommand {
    let executable: String
    let arguments: [String]
    private let config: SSHConfig
    private let key: HeldFile?

    /// `key` is the one to offer where no setting names it.
    init(
        to target: ProbeTarget, settings: RemoteSettings, key: ChosenKey? = nil, command: String = ProbeScript.command
    ) throws(ProbeFailure) {
        try self.init(to: target, settings: settings, key: key, before: ["-T"], after: [command])
    }

    /// Prints what the user's config says of the way to `target`, and connects nowhere.
    static func resolving(_ target: ProbeTarget, settings: RemoteSettings) throws(ProbeFailure) -> SSHCommand {
        try SSHCommand(to: target, settings: settings, key: nil, before: ["-G"], after: [])
    }

    private init(
        to target: ProbeTarget, settings: RemoteSettings, key: ChosenKey?, before: [String], after: [String]
    ) throws(ProbeFailure) {
        for (name, path) in [
            ("ssh config", settings.sshConfig), ("known_hosts", settings.knownHosts), ("identity", settings.identity),
        ] {
            guard let path, !FileManager.default.isReadableFile(atPath: path) else { continue }
            throw ProbeFailure(.misconfigured, detail: "the \(name) file \(path) cannot be read")
        }
        guard !target.address.isEmpty, target.address.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw ProbeFailure(.misconfigured, detail: "the address is not a host name")
        }
        let shared = try Self.shared(settings, key)
        config = try SSHConfig(shared, continuing: settings.sshConfig)
        self.key = key?.publicPart
        var arguments = before + ["-F", config.path]
        arguments += (Self.target + shared).flatMap { ["-o", $0] }
        if let port = target.port { arguments += ["-p", String(port)] }
        if let user = target.user { arguments += ["-l", user] }
        self.executable = settings.sshExecutable
        self.arguments = arguments + ["--", target.address] + after
    }

    /// Why it did not get in, from its standard error, which names the user's files.
    func failure(_ errors: [String], loggedIn: Bool) -> ProbeFailure {
        SSHDiagnosis.failure(errors.map(config.inTermsOfTheUser), loggedIn: loggedIn)
    }

    /// What holds for the session with the server alone.
    private static let target = [
        "SessionType=default", "StdinNull=no", "ForkAfterAuthentication=no", "RemoteCommand=none",
        "ClearAllForwardings=yes", "Tunnel=no", "EscapeChar=none",
        // Says on standard error when the login is over.
        "LogLevel=VERBOSE",
    ]

    /// What holds on the whole way, jump hosts included.
    private static func shared(_ settings: RemoteSettings, _ key: ChosenKey?) throws(ProbeFailure) -> [String] {
        var options = [
            // Unknown to older releases. This list replaces the one in the user's config, so it also has what people commonly
            // put there.
            "IgnoreUnknown=SessionType,StdinNull,ForkAfterAuthentication,KnownHostsCommand,LogVerbose,UseKeychain",
            "BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "VerifyHostKeyDNS=no",
            "KnownHostsCommand=none", "NoHostAuthenticationForLocalhost=no", "VisualHostKey=no",
            // A connection that somebody else opened proves neither the host key nor our own.
            "ControlMaster=no", "ControlPath=none",
            "ForwardAgent=no", "ForwardX11=no", "GSSAPIDelegateCredentials=no", "PermitLocalCommand=no",
            "AddKeysToAgent=no", "ConnectionAttempts=1",
            "ConnectTimeout=\(max(1, settings.budgets.connect.components.seconds))",
            "ServerAliveInterval=5", "ServerAliveCountMax=3",
            "LogVerbose=\(SSHTrace.wanted)",
            // The keys that an agent happens to hold are not for us: each refused key counts against us.
            "IdentitiesOnly=yes",
        ]
        if let knownHosts = settings.knownHosts {
            options += ["UserKnownHostsFile=\(try quoted(knownHosts))", "GlobalKnownHostsFile=none"]
        }
        if let identity = settings.identity {
            options.append("IdentityFile=\(try quoted(identity))")
        } else if let key {
            options.append("IdentityFile=\(try quoted(key.path))")
        }
        return options
    }

    /// What `ssh` needs of our environment, and nothing else: no secret of ours reaches a `ProxyCommand`, and no locale
    /// of ours reaches the server by `SendEnv`.
    static let environment: [String: String] = {
        let wanted = [
            "PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "XDG_RUNTIME_DIR", "KRB5CCNAME",
            "TMPDIR",
        ]
        return ProcessInfo.processInfo.environment.filter { wanted.contains($0.key) }
    }()

    /// As ssh reads a file name in an option: quoted, with its percent signs kept.
    private static func quoted(_ path: String) throws(ProbeFailure) -> String {
        guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ProbeFailure(.misconfigured, detail: "the path of an ssh setting has control characters")
        }
        var text = URL(fileURLWithPath: path).path
        for (plain, written) in [("\\", "\\\\"), ("\"", "\\\""), ("%", "%%")] {
            text = text.replacingOccurrences(of: plain, with: written)
        }
        return "\"\(text)\""
    }
}
