package import DriftCore
import Foundation
package import Logging
internal import Redaction

/// Looks at servers over OpenSSH's `ssh`, and at this worker's own machine.
///
/// The process must ignore SIGPIPE.
package struct RemoteProber: Prober {
    let settings: RemoteSettings
    private let localServers: Set<ServerID>
    /// Where this machine's configuration of logins lies: at the root, but for tests.
    private let localRoot: String
    private let places: AddressPlaces
    let configs: ResolvedConfigs
    private let jumpHosts: JumpHosts
    /// Where a pinned probe of the version before this one was seen last, so that it is asked in that version at once.
    private let olderProbes = KnownTargets()
    /// Whose pinned probe cannot be asked again.
    private let withoutRounds = KnownTargets()
    private let logger: Logger

    /// `localServers` says which servers this machine is; others with the connection `local` are refused.
    package init(
        settings: RemoteSettings = RemoteSettings(), localServers: Set<ServerID> = [],
        localRoot: String = "", logger: Logger = Logger(label: "driftwatch.remote"),
        clock: @escaping @Sendable () -> Duration = AddressPlaces.uptime()
    ) {
        self.settings = settings
        self.localServers = localServers
        self.localRoot = localRoot
        self.logger = logger
        places = AddressPlaces(limit: settings.loginsPerAddress, clock: clock)
        configs = ResolvedConfigs(settings)
        jumpHosts = JumpHosts(settings, configs)
    }

    package func probe(
        _ target: ProbeTarget, asking questions: ProbeQuestions, again: SecondLook?
    ) async throws(ProbeFailure) -> Looks {
        let started = ContinuousClock.now
        do {
            let looks = try await look(target, questions, again)
            log("probed", target, since: started)
            return looks
        } catch {
            log("probe failed", target, since: started, failure: error)
            throw error
        }
    }

    private func look(
        _ target: ProbeTarget, _ questions: ProbeQuestions, _ again: SecondLook?
    ) async throws(ProbeFailure) -> Looks {
        switch target.connection {
        case .local:
            guard localServers.contains(target.serverID) else {
                throw ProbeFailure(
                    .misconfigured, detail: "this worker was not started with --local \(target.serverID)")
            }
            return try await lookHere(dialogue(questions, target, again))
        case .ssh:
            let jumpHosts = try await jumpHosts.hosts(on: target)
            return try await places.withPlace(at: target.address, behind: jumpHosts) {
                () async throws(ProbeFailure) -> Looks in
                try await lookThere(target, questions, again)
            }
        }
    }

    /// A dialogue in the newest version.
    private func dialogue(_ questions: ProbeQuestions, _ target: ProbeTarget, _ again: SecondLook?) -> Dialogue {
        Dialogue(
            request(questions, target, version: ProbeScript.version, isOpen: again != nil), again: again,
            secondRequest: { request($0, target, version: ProbeScript.version) })
    }

    /// The script is to end its answer before its budget ends it.
    private func request(
        _ questions: ProbeQuestions, _ target: ProbeTarget, version: Int, isOpen: Bool = false
    ) -> ProbeRequest {
        ProbeRequest(
            questions, configUser: target.configUser, time: settings.budgets.probe - .seconds(4), version: version,
            isOpen: isOpen)
    }

    private func lookHere(_ dialogue: Dialogue) async throws(ProbeFailure) -> Looks {
        var environment = Self.localEnvironment()
        let request = dialogue.request
        let login = request.environment.isEmpty ? nil : LoginEnvironment(below: localRoot, home: environment["HOME"])
        if let login { environment.merge(login.variables) { $1 } }
        let process = BoundedProcess(
            executable: "/bin/sh", arguments: ["-c", ProbeScript.text, ProbeScript.text],
            environment: environment, budgets: settings.budgets, loginSigns: [])
        let looks: Looks
        do throws(ProbeFailure) {
            let outcome = try await process.run(request.round, next: dialogue.next)
            guard let seen = try await dialogue.looks(outcome.output) else {
                let said = outcome.errors.last { !$0.isEmpty } ?? "no answer"
                throw ProbeFailure(.misconfigured, detail: VisibleText.plain("/bin/sh: \(said)".utf8))
            }
            looks = seen
        } catch {
            looks = try dialogue.looks(after: error)
        }
        guard let login else { return looks }
        return looks.mapFacts { facts in
            var facts = facts
            login.correct(&facts.environment)
            return facts
        }
    }

    /// Asks in the newest version.
    ///
    /// If the server pins a probe that does not know it, asks in the version before. A pinned probe that knows no rounds is
    /// asked once; from then on, its input is closed at once.
    private func lookThere(
        _ target: ProbeTarget, _ questions: ProbeQuestions, _ again: SecondLook?
    ) async throws(ProbeFailure) -> Looks {
        if !olderProbes.contains(target) {
            let dialogue = dialogue(questions, target, withoutRounds.contains(target) ? nil : again)
            let looks = try await session(target, dialogue)
            if let knowsRounds = dialogue.knowsRounds {
                if knowsRounds { withoutRounds.remove(target) } else { withoutRounds.insert(target) }
            }
            if let looks { return looks }
        }
        let dialogue = Dialogue(request(questions, target, version: 1))
        let (outcome, command) = try await session(target, dialogue.request.round)
        if let looks = try await dialogue.looks(outcome.output) {
            olderProbes.insert(target)
            return looks
        }
        // The pinned probe may have been updated.
        olderProbes.remove(target)
        throw failure(outcome, command)
    }

    /// One session in the newest version; nil if the server pins a probe of the version before.
    private func session(_ target: ProbeTarget, _ dialogue: Dialogue) async throws(ProbeFailure) -> Looks? {
        let request = dialogue.request
        do throws(ProbeFailure) {
            let (outcome, command) = try await session(
                target, request.round, asksTopics: !request.questions.topics.isEmpty, next: dialogue.next)
            if let looks = try await dialogue.looks(outcome.output) { return looks }
            guard outcome.exitCode == Self.notUnderstood, try await speaksFirstVersion(target) else {
                throw failure(outcome, command)
            }
            return nil
        } catch {
            return try dialogue.looks(after: error)
        }
    }

    /// How a script of version 1 ends whose input does not begin as it expects.
    private static let notUnderstood = 65

    /// Whether a script of version 1 stands there.
    ///
    /// Questions of that version do not begin with `#`, so they are sent to nothing else. This one asks for a version
    /// that there is not, and about nothing.
    private func speaksFirstVersion(_ target: ProbeTarget) async throws(ProbeFailure) -> Bool {
        let nonce = ProbeRequest.freshNonce()
        let round = BoundedProcess.Round(
            input: Array("driftwatch-probe \(nonce) 0\nend\n".utf8), firstLine: "driftwatch-probe \(nonce) ",
            lastLine: "driftwatch-probe \(nonce) speaks")
        let (outcome, _) = try await session(target, round)
        return ProbeAnswer.speaks(1, in: outcome.output, nonce: nonce)
    }

    private func session(
        _ target: ProbeTarget, _ round: BoundedProcess.Round, asksTopics: Bool = false,
        next: BoundedProcess.NextRound? = nil
    ) async throws(ProbeFailure) -> (BoundedProcess.Outcome, SSHCommand) {
        let key = try await ChosenKey.choose(for: target, settings: settings, configs)
        let command = try SSHCommand(
            to: target, settings: settings, key: key,
            command: asksTopics ? ProbeScript.command : ProbeScript.commandWithoutTopics)
        let process = BoundedProcess(
            executable: command.executable, arguments: command.arguments, environment: SSHCommand.environment,
            budgets: settings.budgets, loginSigns: ["Authenticated to ", round.firstLine])
        // ssh reads files that the command holds, so it goes along.
        return (try await process.run(round, next: next), command)
    }

    /// Why an answer never began.
    private func failure(_ outcome: BoundedProcess.Outcome, _ command: SSHCommand) -> ProbeFailure {
        // 255 is ssh's own; anything else is what the login shell left.
        if outcome.exitCode == 255 || outcome.exitCode == nil {
            return command.failure(outcome.errors, loggedIn: outcome.loggedIn)
        }
        if let failure = SSHDiagnosis.refusal(outcome.errors) { return failure }
        let printed = outcome.output.split(separator: UInt8(ascii: "\n")).last.map { VisibleText.plain($0) }
        let words = printed ?? SSHDiagnosis.words(of: outcome.errors).last ?? "no output"
        return ProbeFailure(.shellRefused, detail: "exit status \(outcome.exitCode ?? 255): \(words)")
    }

    /// The environment of a login, so that no secret of this process reaches the login shell.
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
