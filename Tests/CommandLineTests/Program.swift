import Foundation
import Synchronization
import Testing

/// The built binary, run as a process of its own.
enum Program {
    struct Result: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// The executable stands beside the test bundle.
    static let path: String = {
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let beside = bundle.appending(path: "driftwatch").path(percentEncoded: false)
        guard !FileManager.default.isExecutableFile(atPath: beside) else { return beside }
        return Bundle.main.bundleURL.deletingLastPathComponent().appending(path: "driftwatch")
            .path(percentEncoded: false)
    }()

    /// Runs to the end.
    ///
    /// Nothing of this process's environment reaches it but what finds programs.
    static func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Result {
        let running = try RunningProgram(arguments, environment)
        return await running.result()
    }
}

/// A process that may go on for a while.
final class RunningProgram: Sendable {
    private struct State {
        var output = Data()
        var errors = Data()
        var status: Int32?
        var openEnds = 2
        var finished: [CheckedContinuation<Void, Never>] = []
        var waiting: [(text: String, CheckedContinuation<Bool, Never>)] = []

        var isOver: Bool { status != nil && openEnds == 0 }
    }

    private let state = Mutex(State())
    let pid: Int32

    init(_ arguments: [String], _ environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(filePath: Program.path)
        process.arguments = arguments
        let own = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "LD_LIBRARY_PATH"].contains($0.key) }
        process.environment = own.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let errors = Pipe()
        for pipe in [output, errors] {
            // A program that another test starts meanwhile must not hold our pipes open for as long as it runs.
            for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
                _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
            }
        }
        process.standardOutput = output
        process.standardError = errors
        process.terminationHandler = { _ in }
        try process.run()
        pid = process.processIdentifier
        output.fileHandleForReading.readabilityHandler = { [weak self] in self?.read($0, \.output) }
        errors.fileHandleForReading.readabilityHandler = { [weak self] in self?.read($0, \.errors) }
        process.terminationHandler = { [weak self] process in
            let status =
                process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
            self?.change { $0.status = status }
        }
        // It may have ended before the handler stood.
        if !process.isRunning { change { $0.status = $0.status ?? process.terminationStatus } }
    }

    /// Waits for the end.
    func result() async -> Program.Result {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.finished.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
        return state.withLock { state in
            Program.Result(
                status: state.status ?? -1, output: String(decoding: state.output, as: UTF8.self),
                errors: String(decoding: state.errors, as: UTF8.self))
        }
    }

    /// Waits until standard output or standard error holds `text`; false when the process ends without it.
    func says(_ text: String) async -> Bool {
        await withCheckedContinuation { continuation in
            change { $0.waiting.append((text, continuation)) }
        }
    }

    func send(_ signal: Int32) { kill(pid, signal) }

    private func read(_ handle: FileHandle, _ part: any WritableKeyPath<State, Data> & Sendable) {
        let data = handle.availableData
        if data.isEmpty { handle.readabilityHandler = nil }
        change { state in
            if data.isEmpty { state.openEnds -= 1 }
            state[keyPath: part].append(data)
        }
    }

    /// Changes the state, and wakes whoever waited for that.
    private func change(_ body: (inout State) -> Void) {
        let (finished, told) = state.withLock {
            state -> ([CheckedContinuation<Void, Never>], [(CheckedContinuation<Bool, Never>, Bool)]) in
            body(&state)
            let said = String(decoding: state.output + state.errors, as: UTF8.self)
            var told: [(CheckedContinuation<Bool, Never>, Bool)] = []
            let isOver = state.isOver
            state.waiting.removeAll { text, continuation in
                let isSaid = said.contains(text)
                if isSaid || isOver { told.append((continuation, isSaid)) }
                return isSaid || isOver
            }
            guard isOver else { return ([], told) }
            defer { state.finished = [] }
            return (state.finished, told)
        }
        for continuation in finished { continuation.resume() }
        for (continuation, isSaid) in told { continuation.resume(returning: isSaid) }
    }
}

/// A folder that is gone after `body`.
func withFolder<Value>(_ files: [String: String] = [:], _ body: (String) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "driftwatch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
    return try await body(folder.path(percentEncoded: false))
}

extension Trait where Self == ConditionTrait {
    /// For suites that start many programs, which can wait for one another's pipes when all suites run at once.
    ///
    /// `DRIFTWATCH_TEST_COMMANDS=1 make test FILTER=ExitStatusTests` runs one of them alone.
    static var startsPrograms: Self {
        .enabled(
            if: ProcessInfo.processInfo.environment["DRIFTWATCH_TEST_COMMANDS"] == "1",
            "runs alone: DRIFTWATCH_TEST_COMMANDS=1 make test FILTER=SUITE")
    }
}
