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

    /// What the child is asked, and how the first and the last line of its answer begin.
    struct Round: Sendable {
        var input: [UInt8]
        var firstLine: String
        var lastLine: String
    }

    /// Decides by the first answer whether the child, which waits for it, is asked again.
    typealias NextRound = @Sendable (_ answer: [UInt8]) async -> Round?

    private enum Breach: Error {
        case login, probe, output
    }

    private enum Event {
        case streamEnded, lastLine, patienceEnded, talkEnded
    }

    /// How long after the login an answer may take to begin before the input is closed: a script that knows no rounds
    /// reads to the end of it.
    private static let patience = Duration.seconds(5)

    /// Asks once, or with `next` perhaps once more; the output is that of the last round.
    ///
    /// Each round has the whole time. What `next` takes is not counted.
    func run(_ round: Round, next: NextRound? = nil) async throws(ProbeFailure) -> Outcome {
        guard !Task.isCancelled else { throw ProbeFailure(.cancelled) }
        let pipe = try OpenInput()
        let heard = Heard(
            limit: budgets.answerBytes, loginSigns: loginSigns, firstLine: round.firstLine, lastLine: round.lastLine)
        do {
            let result = try await Subprocess.run(
                configuration, input: .fileDescriptor(pipe.readingEnd, closeAfterSpawningProcess: true),
                output: .sequence, error: .sequence
            ) { execution in
                try await talk(
                    over: pipe, execution.standardOutput, execution.standardError, heard, saying: round.input, next)
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
    private func talk(
        over pipe: OpenInput, _ output: SubprocessOutputSequence, _ errors: SubprocessOutputSequence, _ heard: Heard,
        saying input: [UInt8], _ next: NextRound?
    ) async throws {
        let time = RoundTime()
        try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask {
                await pipe.write(input)
                if next == nil { pipe.close() } else { try await closeUnheard(pipe, heard) }
                return .talkEnded
            }
            group.addTask {
                var next = next
                for try await buffer in output {
                    guard heard.addOutput(buffer.copy()) else { throw Breach.output }
                    guard heard.isComplete else { continue }
                    guard let ask = next.take() else { return .lastLine }
                    time.stop()
                    let round = await ask(heard.output)
                    if let round {
                        heard.beginRound(lastLine: round.lastLine)
                        time.begin(budgets.probe)
                        await pipe.write(round.input)
                    }
                    pipe.close()
                    if round == nil { return .lastLine }
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
                var end = (heard.loginInstant ?? start) + budgets.probe
                repeat {
                    try await clock.sleep(until: end)
                    end = time.end ?? end
                } while end > clock.now
                throw Breach.probe
            }
            var openStreams = 2
            while openStreams > 0, let event = try await group.next() {
                switch event {
                case .streamEnded: openStreams -= 1
                case .lastLine:
                    if openStreams == 2 { await Self.farewell(&group) }
                    openStreams = 0
                case .patienceEnded, .talkEnded: break
                }
            }
            group.cancelAll()
        }
    }

    /// Closes the input if no answer begins for long.
    private func closeUnheard(_ pipe: OpenInput, _ heard: Heard) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        while !heard.hasBegun {
            if let login = loginSigns.isEmpty ? start : heard.loginInstant, clock.now > login + Self.patience {
                return pipe.close()
            }
            try await clock.sleep(for: .milliseconds(200))
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
        while let event = try? await group.next(), event == .talkEnded {}
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

/// When the time of a round ends that is not the first.
private final class RoundTime: Sendable {
    private enum State {
        case first, stopped
        case until(ContinuousClock.Instant)
    }

    private let state = Mutex(State.first)

    /// The worker has the word.
    func stop() { state.withLock { $0 = .stopped } }

    func begin(_ budget: Duration) { state.withLock { $0 = .until(.now + budget) } }

    /// Nil in the first round; a moment from now while the time is stopped.
    var end: ContinuousClock.Instant? {
        state.withLock { state in
            switch state {
            case .first: nil
            case .stopped: .now + .seconds(1)
            case .until(let end): end
            }
        }
    }
}
