package import DriftCore
import Foundation

/// What stands between this machine and a look at a server, stage by stage.
package struct ServerDiagnosis: Hashable, Sendable {
    package enum Stage: String, Hashable, Sendable, CaseIterable {
        /// The files and options that ssh is given here.
        case settings = "ssh settings"
        case jumpHost = "jump host"
        case dns = "DNS"
        case tcp = "TCP"
        /// With the algorithms that both ends have to agree on before it.
        case hostKey = "host key"
        /// Our own private key.
        case key
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
        /// How to fix it, as one line; nil if nothing is to be done.
        package var hint: String?
    }

    package var target: ProbeTarget
    /// One for each stage, in their order.
    package var results: [StageResult]
    /// Advice on the key exchange; nil if there is none.
    package var keyExchangeAdvice: Advice?

    package struct Advice: Hashable, Sendable {
        package var finding: String
        package var hint: String
    }

    package var isWell: Bool { results.allSatisfy { $0.state != .failed } }

    /// Places one session's end at the stage where it came about.
    ///
    /// `way` is what ssh goes through to reach the server; nil if it goes straight.
    init(_ target: ProbeTarget, failure: ProbeFailure?, facts: Facts?, way: SSHWay? = nil, knownHosts: String? = nil) {
        self.target = target
        var results: [StageResult] = []
        let culprit = failure.map { Self.stage($0, on: target, way) }
        let pointless = Self.pointless(on: target, way)
        var isPast = false
        for stage in Stage.allCases {
            var result = StageResult(stage: stage, state: .ok, detail: "", hint: nil)
            if stage == .jumpHost, let way { result.detail = way.name }
            if isPast || (pointless.contains(stage) && stage != culprit) {
                result.state = .skipped
                if !isPast, let way, [.dns, .tcp].contains(stage) {
                    result.detail = "\(way.words) looks the address up and connects, so it cannot be judged from here"
                }
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

    /// Stages that have no meaning on the way to `target`.
    private static func pointless(on target: ProbeTarget, _ way: SSHWay?) -> Set<Stage> {
        if target.connection == .local { return [.settings, .jumpHost, .dns, .tcp, .hostKey, .key, .login] }
        return way == nil ? [.jumpHost] : [.dns, .tcp]
    }

    private static func stage(_ failure: ProbeFailure, on target: ProbeTarget, _ way: SSHWay?) -> Stage {
        // What fails on this machine itself fails where the probe is started.
        if target.connection == .local { return failure.reason == .probeOutdated ? .probe : .shell }
        if failure.jumpHost != nil, way != nil { return .jumpHost }
        return switch failure.reason {
        case .unreachable: failure.detail.contains("Could not resolve") ? .dns : .tcp
        case .loginThrottled, .loginDropped, .loginPenalized, .loginTimeout, .authenticationRefused,
            .moreAuthenticationNeeded, .accountRefused, .noPlace:
            .login
        case .identityUnusable: .key
        case .hostKeyChanged, .hostKeyUnknown, .hostKeyRevoked, .hostCertificateInvalid: .hostKey
        case .probeOutdated: .probe
        // Nothing that both ends know: the server was reached.
        case .misconfigured: failure.detail.hasPrefix("Unable to negotiate with ") ? .hostKey : .settings
        case .shellRefused, .probeTimeout, .tooMuchOutput, .truncated, .malformedAnswer, .cancelled: .shell
        }
    }

    /// How to fix what kept a probe of `target` from finishing, as one line; nil if nothing is to be done.
    ///
    /// `knownHosts` is the file of host keys, where it is not the account's own.
    package static func hint(
        for failure: ProbeFailure, on target: ProbeTarget, knownHosts: String? = nil
    ) -> String? {
        failure.remedy ?? Remedy.generic(failure.reason, on: target, knownHosts: knownHosts)
    }
}

extension RemoteProber {
    /// Tries every stage of a look at `target`, for `driftwatch doctor`.
    package func diagnose(_ target: ProbeTarget) async -> ServerDiagnosis {
        let impossible = SHA256Digest(of: Array(UUID().uuidString.utf8))
        let questions = ProbeQuestions(
            files: ServerDiagnosis.privileged.map { .init(path: $0, expectedHashes: [impossible]) })
        let way = await SSHWay(to: target, configs)
        var diagnosis: ServerDiagnosis
        do {
            diagnosis = ServerDiagnosis(
                target, failure: nil, facts: try await probe(target, asking: questions), way: way)
        } catch {
            diagnosis = ServerDiagnosis(target, failure: error, facts: nil, way: way, knownHosts: settings.knownHosts)
        }
        diagnosis.keyExchangeAdvice = await KeyExchange(with: target, settings, configs)?.advice
        return diagnosis
    }
}
