import DriftCore
import DriftStore

/// How to mend what keeps a probe from finishing.
enum ProbeHint {
    static func text(for reason: ProbeFailure.Reason, on server: ServerLine) -> String? {
        let host = (server.sshUser.map { "\($0)@" } ?? "") + server.address
        let port = server.port.map { "-p \($0) " } ?? ""
        return switch reason {
        case .unreachable:
            "check the address and the network: ssh -v \(port)\(host)"
        case .loginThrottled:
            "its sshd drops logins when many come at once: raise MaxStartups there, or lower the worker's concurrency"
        case .loginTimeout:
            "its sshd answers too slowly: look at its load and at UseDNS in its sshd_config"
        case .authenticationRefused:
            "install the worker's public key: ssh-copy-id \(port)\(host); the key here is that of DRIFTWATCH_SSH_IDENTITY"
        case .hostKeyUnknown:
            "compare its key's fingerprint at its console, then: ssh-keyscan \(port)\(server.address) >> known_hosts"
        case .hostKeyChanged:
            "it may be another machine: compare the fingerprint at its console before ssh-keygen -R \(server.address)"
        case .shellRefused:
            "its account needs a login shell that runs commands (not nologin, not locked): chsh there"
        case .probeTimeout:
            "it took more than 30 s: look at its load and its disks"
        case .tooMuchOutput, .truncated, .malformedAnswer:
            "something in its login prints without end or cuts the session off: try ssh \(port)\(host) true"
        case .probeOutdated:
            "the probe that is pinned there is older than this worker speaks to: install the current one"
        case .misconfigured:
            "look at DRIFTWATCH_SSH_CONFIG, DRIFTWATCH_SSH_IDENTITY and DRIFTWATCH_SSH_KNOWN_HOSTS"
        case .cancelled, .noPlace: nil
        }
    }
}
