package import DriftCore
import Foundation

/// What stands between this machine and a look at a server, stage by stage.
package struct ServerDiagnosis: Hashable, Sendable {
    package enum Stage: String, Hashable, Sendable, CaseIterable {
        case dns = "DNS"
        case tcp = "TCP"
        case hostKey = "host key"
        case login, shell
        case probe = "probe version"
        case sudo
    }

    package enum State: Hashable, Sendable {
        case ok
        case failed
        /// An earlier stage failed, or the stage has no meaning here.
        case skipped
    }

    package struct StageResult: Hashable, Sendable {
        package var stage: Stage
        package var state: State
        /// One safe line for people; may be empty.
        package var detail: String
        /// How to mend it, as one line; nil where nothing is to be done.
        package var hint: String?
    }

    package var target: ProbeTarget
    /// One for each stage, in their order.
    package var results: [StageResult]

    package var isWell: Bool { results.allSatisfy { $0.state != .failed } }

    /// Places one session's end at the stage where it came about.
    init(_ target: ProbeTarget, failure: ProbeFailure?, facts: Facts?, knownHosts: String? = nil) {
        self.target = target
        var results: [StageResult] = []
        let culprit = failure.map(Self.stage)
        var isPast = false
        for stage in Stage.allCases {
            var result = StageResult(stage: stage, state: .ok, detail: "", hint: nil)
            if isPast || (target.connection == .local && [.dns, .tcp, .hostKey, .login].contains(stage)) {
                result.state = .skipped
            } else if let failure, stage == culprit {
                result.state = .failed
                result.detail = failure.detail
                result.hint = Self.hint(for: failure, on: target, knownHosts: knownHosts)
                isPast = true
            } else if stage == .sudo {
                result = Self.sudo(facts)
            }
            results.append(result)
        }
        self.results = results
    }

    /// What only root may read, so that it tells whether `sudo` helps.
    static let privileged = ["/etc/shadow"]

    private static func sudo(_ facts: Facts?) -> StageResult {
        guard let path = privileged.first, case .present(let entry) = facts?.files[ServerPath(path)] else {
            return StageResult(stage: .sudo, state: .skipped, detail: "nothing to try it on", hint: nil)
        }
        switch entry.content {
        case .read: return StageResult(stage: .sudo, state: .ok, detail: "", hint: nil)
        case .unreadable(.sudoRefused):
            return StageResult(
                stage: .sudo, state: .failed, detail: "sudo -n is refused",
                hint: "files that only root may read stay unreadable; to allow them, in /etc/sudoers.d/driftwatch: "
                    + "LOGIN ALL=(root) NOPASSWD: /bin/sh, or the path of a pinned probe")
        default:
            return StageResult(
                stage: .sudo, state: .skipped, detail: "no sudo on the server: what needs root stays unreadable",
                hint: nil)
        }
    }

    private static func stage(_ failure: ProbeFailure) -> Stage {
        switch failure.reason {
        case .unreachable: failure.detail.contains("Could not resolve") ? .dns : .tcp
        case .loginThrottled, .loginTimeout, .authenticationRefused, .noPlace: .login
        case .hostKeyChanged, .hostKeyUnknown: .hostKey
        case .probeOutdated: .probe
        case .misconfigured: .dns
        case .shellRefused, .probeTimeout, .tooMuchOutput, .truncated, .malformedAnswer, .cancelled: .shell
        }
    }

    /// How to mend what kept a probe of `target` from finishing, as one line; nil where nothing is to be done.
    ///
    /// `knownHosts` is the file of host keys, where it is not the account's own.
    package static func hint(
        for failure: ProbeFailure, on target: ProbeTarget, knownHosts: String? = nil
    ) -> String? {
        let file = knownHosts ?? "~/.ssh/known_hosts"
        let port = target.port.map { "-p \($0) " } ?? ""
        let name = target.port.map { "[\(target.address)]:\($0)" } ?? target.address
        switch failure.reason {
        case .unreachable: return "check the address and port in the inventory, firewalls, and that sshd runs"
        case .loginThrottled: return "too many logins at once, or sshd refuses this host: see MaxStartups there"
        case .loginTimeout: return "see the server's sshd log; slow name lookups there are a common cause (UseDNS no)"
        case .authenticationRefused:
            return "add the worker's public key to ~/.ssh/authorized_keys of \(target.user ?? "the login user")"
        case .hostKeyUnknown:
            return "ssh-keyscan \(port)-- \(target.address) >> \(file), after comparing its fingerprint with the "
                + "server's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)"
        case .hostKeyChanged:
            return "if the server was reinstalled: ssh-keygen -f \(file) -R '\(name)', then as for a new one; "
                + "if not, find out why"
        case .shellRefused:
            return "the login user needs a shell that runs commands, or the probe pinned as forced command"
        case .probeOutdated: return "install this version's probe on the server in place of the pinned one"
        case .probeTimeout: return "the server is slow, or the login user's rc files wait for something"
        case .tooMuchOutput, .truncated, .malformedAnswer: return "see what `ssh \(target.address) true` prints"
        case .misconfigured: return "mend the worker's own settings"
        case .cancelled, .noPlace: return nil
        }
    }
}

extension RemoteProber {
    /// Tries every stage of a look at `target`, for `driftwatch doctor`.
    package func diagnose(_ target: ProbeTarget) async -> ServerDiagnosis {
        let impossible = SHA256Digest(of: Array(UUID().uuidString.utf8))
        let questions = ProbeQuestions(
            files: ServerDiagnosis.privileged.map { .init(path: $0, expectedHashes: [impossible]) })
        do {
            return ServerDiagnosis(target, failure: nil, facts: try await probe(target, asking: questions))
        } catch {
            return ServerDiagnosis(target, failure: error, facts: nil, knownHosts: settings.knownHosts)
        }
    }
}
