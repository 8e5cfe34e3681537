import DriftCore
import Foundation
internal import Redaction
import Subprocess
import Synchronization
import SystemPackage

/// Runs one child process within its budgets, in its own session, which ends with it.
struct BoundedProcess {
    /// What came of a child that ended by itself, or was ended once it had said all.
    struct Outcome {
        var output: [UInt8]
        /// Standard error's lines, the first of them only.
        var errors: [String]
        /// Nil when a signal ended it.
        var exitCode: Int?
        var loggedIn: Bool
    }

    let executable: String
    let arguments: [String]
    let environment: [String: String]
    let budgets: RemoteSettings.Budgets
    /// A line of standard error that begins so says that the login is over; nil when there is none to wait for.
    let loginSigns: [String]
    /// How the line of standard output begins after which there is nothing more to hear.
    let lastLine: String

    private enum Breach: Error {
        case login, probe, output
    }

    private enum Event {
        case streamEnded, lastLine, patienceEnded
    }

    func run(input: [UInt8]) async throws(ProbeFailure) -> Outcome {
        guard !Task.isCancelled else { throw ProbeFailure(.cancelled) }
        // A pipe would have us write to a child that may be gone.
        let file = try HeldFile(holding: input)
        defer { withExtendedLifetime(file) {} }
        let heard = Heard(limit: budgets.answerBytes, loginSigns: loginSigns, lastLine: lastLine)
        do {
            let result = try await Subprocess.run(
                configuration, input: .fileDescriptor(file.descriptor, closeAfterSpawningProcess: false),
                output: .sequence, error: .sequence
            ) { execution in
                try await listen(to: execution.standardOutput, execution.standardError, heard)
                // What the child leaves behind in its group goes with it. The child is not reaped before this closure
                // ends, so the group cannot be another's.
                try? execution.send(signal: .kill, toProcessGroup: true)
            }
            guard !Task.isCancelled else { throw ProbeFailure(.cancelled) }
            var exitCode: Int?
            if case .exited(let code) = result.terminationStatus { exitCode = Int(code) }
            return Outcome(
                output: heard.output, errors: heard.errors, exitCode: exitCode,
                loggedIn: loginSigns.isEmpty || heard.loggedIn)
        } catch {
            throw failure(error)
        }
    }

    private var configuration: Configuration {
        var options = PlatformOptions()
        // A group KILL at once is the only teardown that leaves no grandchild behind.
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)
        ]
        return Configuration(
            executable: executable.contains("/") ? .path(FilePath(executable)) : .name(executable),
            arguments: Arguments(arguments),
            environment: .custom(environment.map { Array("\($0.key)=\($0.value)\0".utf8) }),
            platformOptions: options)
    }

    /// Reads both streams to their ends, or the output to its last line, against the clock.
    private func listen(
        to output: SubprocessOutputSequence, _ errors: SubprocessOutputSequence, _ heard: Heard
    ) async throws {
        try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask {
                for try await buffer in output {
                    guard heard.addOutput(buffer.copy()) else { throw Breach.output }
                    if heard.isComplete { return .lastLine }
                }
                return .streamEnded
            }
            group.addTask {
                for try await buffer in errors {
                    guard heard.addErrors(buffer.copy()) else { throw Breach.output }
                }
                heard.endErrors()
                return .streamEnded
            }
            group.addTask {
                let clock = ContinuousClock()
                let start = clock.now
                if !loginSigns.isEmpty {
                    try await clock.sleep(until: start + budgets.login)
                    guard heard.loggedIn else { throw Breach.login }
                }
                try await clock.sleep(until: (heard.loginInstant ?? start) + budgets.probe)
                throw Breach.probe
            }
            var errorsEnded = false
            for try await event in group.prefix(2) {
                if event == .lastLine {
                    if !errorsEnded { await Self.farewell(&group) }
                    break
                }
                errorsEnded = true
            }
            group.cancelAll()
        }
    }

    /// Gives a child that has sent everything a moment to end by itself, so that servers see a closed session, not a broken
    /// one.
    ///
    /// One in which an rc file left a background process never does. A breach changes nothing any more.
    private static func farewell(_ group: inout ThrowingTaskGroup<Event, any Error>) async {
        group.addTask {
            try await ContinuousClock().sleep(for: .seconds(1))
            return .patienceEnded
        }
        _ = try? await group.next()
    }

    private func failure(_ error: any Error) -> ProbeFailure {
        if let failure = error as? ProbeFailure { return failure }
        if Task.isCancelled || error is CancellationError { return ProbeFailure(.cancelled) }
        switch error {
        case Breach.login:
            return ProbeFailure(.loginTimeout, detail: "no login within \(budgets.login.components.seconds) s")
        case Breach.probe:
            return ProbeFailure(.probeTimeout, detail: "no answer within \(budgets.probe.components.seconds) s")
        case Breach.output:
            return ProbeFailure(.tooMuchOutput, detail: "more than \(budgets.answerBytes) bytes, or errors without end")
        case let error as SubprocessError where error.code == .executableNotFound:
            return ProbeFailure(.misconfigured, detail: VisibleText.plain("there is no \(executable)".utf8))
        default:
            return ProbeFailure(.misconfigured, detail: VisibleText.plain("\(executable): \(error)".utf8))
        }
    }
}
