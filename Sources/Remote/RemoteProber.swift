package import DriftCore
import Foundation
package import Logging

/// Looks at servers over OpenSSH's `ssh`, and at this worker's own machine.
///
/// The process must ignore SIGPIPE.
package struct RemoteProber: Prober {
    let settings: RemoteSettings
    private let localServers: Set<ServerID>
    private let places: AddressPlaces
    private let jumpHosts: JumpHosts
    private let logger: Logger

    /// `localServers` says which servers this machine is; others with the connection `local` are refused.
    package init(
        settings: RemoteSettings = RemoteSettings(), localServers: Set<ServerID> = [],
        logger: Logger = Logger(label: "driftwatch.remote"),
        clock: @escaping @Sendable () -> Duration = AddressPlaces.uptime()
    ) {
        self.settings = settings
        self.localServers = localServers
        self.logger = logger
        places = AddressPlaces(limit: settings.loginsPerAddress, clock: clock)
        jumpHosts = JumpHosts(settings)
    }

    package func probe(_ target: ProbeTarget, asking questions: ProbeQuestions) async throws(ProbeFailure) -> Facts {
        let started = ContinuousClock.now
        do {
            let facts = try await look(target, ProbeRequest(questions, configUser: target.configUser))
            log("probed", target, since: started)
            return facts
        } catch {
            log("probe failed", target, since: started, failure: error)
            throw error
        }
    }

    private func look(_ target: ProbeTarget, _ request: ProbeRequest) async throws(ProbeFailure) -> Facts {
        switch target.connection {
        case .local:
            guard localServers.contains(target.serverID) else {
                throw ProbeFailure(
                    .misconfigured, detail: "this worker was not started with --local \(target.serverID)")
            }
            return try await lookHere(request)
        case .ssh:
            let jumpHosts = try await jumpHosts.hosts(on: target)
            return try await places.withPlace(at: target.address, behind: jumpHosts) {
                () async throws(ProbeFailure) -> Facts in
                try await lookThere(target, request)
            }
        }
    }

    private func lookHere(_ request: ProbeRequest) async throws(ProbeFailure) -> Facts {
        let session = Session(
            executable: "/bin/sh", arguments: ["-c", ProbeScript.text, ProbeScript.text],
            environment: Self.localEnvironment(), budgets: settings.budgets, loginSigns: [],
            lastLine: request.lastLine)
        let outcome = try await session.run(input: request.input)
        if let facts = try ProbeAnswer.facts(in: outcome.output, to: request) { return facts }
        let said = outcome.errors.last { !$0.isEmpty } ?? "no answer"
        throw ProbeFailure(.misconfigured, detail: SSHDiagnosis.detail("/bin/sh: \(said)"))
    }

    private func lookThere(_ target: ProbeTarget, _ request: ProbeRequest) async throws(ProbeFailure) -> Facts {
        let key = try await ChosenKey.choose(for: target, settings: settings)
        let command = try SSHCommand(to: target, settings: settings, key: key)
        // ssh reads files that it holds.
        defer { withExtendedLifetime(command) {} }
        let session = Session(
            executable: command.executable, arguments: command.arguments, environment: SSHCommand.environment(),
            budgets: settings.budgets,
            loginSigns: ["Authenticated to ", "driftwatch-probe \(request.nonce) "], lastLine: request.lastLine)
        let outcome = try await session.run(input: request.input)
        if let facts = try ProbeAnswer.facts(in: outcome.output, to: request) { return facts }
        // 255 is ssh's own; anything else is what the login shell left.
        if outcome.exitCode == 255 || outcome.exitCode == nil {
            throw command.failure(outcome.errors, loggedIn: outcome.loggedIn)
        }
        if let failure = SSHDiagnosis.refusal(outcome.errors) { throw failure }
        let printed = outcome.output.split(separator: UInt8(ascii: "\n")).last.map {
            SSHDiagnosis.detail(String(decoding: $0, as: UTF8.self))
        }
        let words = printed ?? SSHDiagnosis.words(of: outcome.errors).last ?? "no output"
        let detail = "exit status \(outcome.exitCode ?? 255): \(words)"
        throw ProbeFailure(.shellRefused, detail: SSHDiagnosis.detail(detail))
    }

    /// What a login would have, so that no secret of this process reaches the login shell.
    static func localEnvironment(_ own: [String: String] = ProcessInfo.processInfo.environment) -> [String: String] {
        var environment = own.filter { ["HOME", "USER", "LOGNAME", "SHELL"].contains($0.key) }
        environment["PATH"] = "/usr/local/bin:/usr/bin:/bin:/usr/games"
        return environment
    }

    private func log(
        _ message: Logger.Message, _ target: ProbeTarget, since start: ContinuousClock.Instant,
        failure: ProbeFailure? = nil
    ) {
        let duration = (ContinuousClock.now - start).components
        var metadata: Logger.Metadata = [
            "server.id": "\(target.serverID)", "server.connection": "\(target.connection.rawValue)",
            "duration.ms": "\(duration.seconds * 1000 + duration.attoseconds / 1_000_000_000_000_000)",
        ]
        if let failure {
            metadata["error.label"] = "\(failure.reason.rawValue)"
            metadata["error.detail"] = "\(failure.detail)"
        }
        logger.debug(message, metadata: metadata)
    }
}
