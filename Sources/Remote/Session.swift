import DriftCore
import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// Runs one child within its budgets, in a session of its own that ends with it.
struct Session {
    /// What came of a child that ended by itself.
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

    private enum Breach: Error {
        case login, probe, output
    }

    func run(input: [UInt8]) async throws(ProbeFailure) -> Outcome {
        guard !Task.isCancelled else { throw ProbeFailure(.cancelled) }
        let descriptor = try Self.unlinkedFile(holding: input)
        let errors = ErrorLines()
        do {
            let result = try await Subprocess.run(
                configuration, input: .fileDescriptor(descriptor, closeAfterSpawningProcess: true),
                output: .bytes(limit: budgets.answerBytes), error: .sequence
            ) { execution in
                try await watch(execution.standardError.strings(), into: errors)
            }
            guard !Task.isCancelled else { throw ProbeFailure(.cancelled) }
            var exitCode: Int?
            if case .exited(let code) = result.terminationStatus { exitCode = Int(code) }
            return Outcome(
                output: result.standardOutput, errors: errors.lines, exitCode: exitCode,
                loggedIn: loginSigns.isEmpty || errors.loggedIn)
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

    /// Reads standard error to its end, against the clock.
    private func watch(_ lines: some AsyncSequence<String, any Error> & Sendable, into errors: ErrorLines) async throws
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await line in lines {
                    guard errors.add(line, signs: loginSigns) else { throw Breach.output }
                }
            }
            group.addTask {
                let clock = ContinuousClock()
                let start = clock.now
                if !loginSigns.isEmpty {
                    try await clock.sleep(until: start + budgets.login)
                    guard errors.loggedIn else { throw Breach.login }
                }
                try await clock.sleep(until: (errors.loginInstant ?? start) + budgets.probe)
                throw Breach.probe
            }
            try await group.next()
            group.cancelAll()
        }
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
            return ProbeFailure(.tooMuchOutput, detail: "more error messages than anyone can read")
        case let error as SubprocessError where error.code == .outputLimitExceeded:
            return ProbeFailure(.tooMuchOutput, detail: "more than \(budgets.answerBytes) bytes")
        case let error as SubprocessError where error.code == .executableNotFound:
            return ProbeFailure(.misconfigured, detail: SafeText.line("there is no \(executable)".utf8))
        default:
            return ProbeFailure(.misconfigured, detail: SafeText.line("\(executable): \(error)".utf8))
        }
    }

    /// Standard input comes from a file without a name: a pipe would have us write to a child that may be gone.
    private static func unlinkedFile(holding bytes: [UInt8]) throws(ProbeFailure) -> FileDescriptor {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("driftwatch-\(UUID().uuidString)").path
        do {
            let descriptor = try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
            do {
                try FileManager.default.removeItem(atPath: path)
                try descriptor.writeAll(bytes)
                try descriptor.seek(offset: 0, from: .start)
                return descriptor
            } catch {
                try? descriptor.close()
                throw error
            }
        } catch {
            throw ProbeFailure(.misconfigured, detail: SafeText.line("no temporary file: \(error)".utf8))
        }
    }
}

/// The lines of standard error so far, shared by their reader and the clock.
private final class ErrorLines: Sendable {
    private struct State {
        var lines: [String] = []
        var bytes = 0
        var loginInstant: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    var lines: [String] { state.withLock { $0.lines } }
    var loginInstant: ContinuousClock.Instant? { state.withLock { $0.loginInstant } }
    var loggedIn: Bool { loginInstant != nil }

    /// - Returns: Whether there may be more.
    func add(_ line: String, signs: [String]) -> Bool {
        state.withLock { state in
            if state.loginInstant == nil, signs.contains(where: { line.hasPrefix($0) }) {
                state.loginInstant = .now
            }
            state.bytes += line.utf8.count + 1
            if state.lines.count < 500 { state.lines.append(String(line.prefix(500))) }
            return state.bytes <= 1 << 20
        }
    }
}
