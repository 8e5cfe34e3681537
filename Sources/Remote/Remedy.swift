import DriftCore

/// How to fix what kept a probe from finishing, each as one line.
///
/// None of them may make a login succeed that was refused for a good reason. If somebody may be in between, the line says
/// what to compare, never a command to paste.
enum Remedy {
    static let keyMode = "chmod 600 the key's file: ssh does not use a key that others can read"
    static let passphrase =
        "nobody can type it here: use a key without a passphrase, or load it into the worker's ssh-agent (ssh-add)"
    static let agent = "the agent refused to sign: the key may be locked, or need a touch; use one that does not"
    static let password =
        "the account's password has expired: change it there, or let it never expire (chage -M -1 USER)"
    static let forwarding =
        "the jump host let us in but does not reach the server: check its address and port in the inventory, and "
        + "AllowTcpForwarding on the jump host"

    static let algorithms =
        "the ssh here and the sshd there have no such algorithm in common: update the older of the two, or allow what "
        + "is missing for this host in the ssh config (KexAlgorithms, HostKeyAlgorithms, Ciphers)"

    static func atJumpHost(_ reason: ProbeFailure.Reason, _ name: String) -> String? {
        switch reason {
        case .unreachable, .loginThrottled, .loginDropped, .loginTimeout, .loginPenalized:
            "see whether `ssh \(name)` works from the worker's account, and the jump host's sshd log"
        case .authenticationRefused, .moreAuthenticationNeeded, .accountRefused:
            "the worker must be let in on the jump host too: its key in ~/.ssh/authorized_keys there, and forwarding "
                + "allowed (AllowTcpForwarding)"
        case .hostKeyUnknown:
            "the jump host's key must be known too: compare its fingerprint on the jump host's own console before you "
                + "add it; a ProxyCommand does not see DRIFTWATCH_SSH_KNOWN_HOSTS and DRIFTWATCH_SSH_IDENTITY, a "
                + "ProxyJump does"
        default: nil
        }
    }

    /// `knownHosts` is the file of host keys, where it is not the account's own.
    static func generic(_ reason: ProbeFailure.Reason, on target: ProbeTarget, knownHosts: String?) -> String? {
        let file = knownHosts ?? "~/.ssh/known_hosts"
        let port = target.port.map { "-p \($0) " } ?? ""
        let name = target.port.map { "[\(target.address)]:\($0)" } ?? target.address
        let user = target.user ?? "the login user"
        switch reason {
        case .unreachable: return "check the address and port in the inventory, firewalls, and that sshd runs"
        case .loginThrottled: return "too many logins at once, or sshd refuses this host: see MaxStartups there"
        case .loginDropped: return "sshd broke off: see the server's sshd log"
        case .loginPenalized:
            return "sshd there refuses this machine for a while (PerSourcePenalties): its log says which logins failed"
        case .loginTimeout:
            return "see the server's sshd log; slow name lookups there are a common cause (UseDNS no), and PAM is "
                + "another; if it must be slow: DRIFTWATCH_SSH_LOGIN_TIMEOUT"
        case .authenticationRefused:
            return "add the worker's public key to ~/.ssh/authorized_keys of \(user); if it is there: home, ~/.ssh and "
                + "the file must be \(user)'s and not writable by others (chmod go-w); DRIFTWATCH_SSH_IDENTITY says "
                + "which key is offered"
        case .moreAuthenticationNeeded:
            return "no second factor can be typed here: let this account in by key alone on the server (Match User "
                + "\(user), AuthenticationMethods publickey)"
        case .accountRefused:
            return
                "the key is accepted, but the account is refused: see the server's log; /etc/nologin, an expired account "
                + "(chage -l \(user)), pam_access"
        case .identityUnusable: return "see DRIFTWATCH_SSH_IDENTITY: a private key of the worker's account, mode 600"
        case .hostKeyUnknown:
            return "compare, on the server's own console, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub with what "
                + "`ssh-keyscan \(port)-t ed25519 -- \(target.address) | ssh-keygen -lf -` shows here; only if they "
                + "are equal, add that key to \(file). Where a @cert-authority vouches for it, find out why the server "
                + "shows no certificate instead"
        case .hostKeyChanged:
            return
                "somebody may be in between: compare the fingerprint with the server's own, on its console (ssh-keygen "
                + "-lf /etc/ssh/ssh_host_ed25519_key.pub); only if it was reinstalled and they are equal: ssh-keygen -f "
                + "\(file) -R '\(name)', then as for a new server"
        case .hostKeyRevoked:
            return
                "anybody who has this key can pretend to be the server: never accept it again; make a new host key on "
                + "the server"
        case .hostCertificateInvalid:
            return "let the certificate authority sign the server's host key anew, for the name that is used here "
                + "(ssh-keygen -s CA -h -n \(target.address)); adding the key to known_hosts would hide what is wrong"
        case .shellRefused:
            return "the login user needs a shell that runs commands, or the probe pinned as forced command"
        case .probeOutdated: return "install this version's probe on the server in place of the pinned one"
        case .probeTimeout:
            return "the server is slow, or the login user's rc files wait for something; if it must be slow: "
                + "DRIFTWATCH_PROBE_TIMEOUT"
        case .tooMuchOutput, .truncated, .malformedAnswer: return "see what `ssh \(target.address) true` prints"
        case .misconfigured:
            return target.connection == .local
                ? "the probe is a script for /bin/sh of this machine: see why that does not run it"
                : "fix what is named on the machine that looks: ssh, its config, or the DRIFTWATCH_SSH_* settings"
        case .cancelled, .noPlace: return nil
        }
    }
}
