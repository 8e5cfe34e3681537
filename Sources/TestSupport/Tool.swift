import Foundation
import Glibc
import Subprocess
import SystemPackage

/// Runs programs of the machine for tests: reference tools, and shells of every kind.
package enum Tool {
    package struct Result: Sendable {
        /// Nil when a signal ended it.
        package var status: Int?
        package var output: [UInt8]
        package var errors: [UInt8]

        package var text: String { String(decoding: output, as: UTF8.self) }
        package var errorText: String { String(decoding: errors, as: UTF8.self) }
    }

    /// Runs `command`, whose first word is a path, with `input` from a file, and collects what it prints.
    ///
    /// It gets this process's environment, or `environment` and nothing else.
    package static func run(
        _ command: [String], input: [UInt8] = [], environment: [String: String]? = nil
    ) async throws -> Result {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("driftwatch-tool-\(UUID().uuidString)")
        try Data(input).write(to: file)
        let descriptor = try FileDescriptor.open(FilePath(file.path), .readOnly, options: [.closeOnExec])
        try FileManager.default.removeItem(at: file)
        let result = try await Subprocess.run(
            configuration(command, environment),
            input: .fileDescriptor(descriptor, closeAfterSpawningProcess: true),
            output: .bytes(limit: 64 << 20), error: .bytes(limit: 64 << 20))
        return Result(
            status: status(of: result.terminationStatus), output: result.standardOutput, errors: result.standardError)
    }

    /// Runs a script of `sh` in `folder`, and returns what it and its programs print, errors too.
    package static func run(script: String, in folder: String) async throws -> String {
        try await run(["/bin/sh", "-c", "exec 2>&1; cd \"$0\" || exit\n\(script)", folder]).text
    }

    /// Whether `command` runs and exits with 0.
    package static func succeeds(_ command: [String]) async -> Bool {
        (try? await run(command))?.status == 0
    }

    /// Whether a program is installed here.
    package static func has(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }

    static func configuration(
        _ command: [String], _ environment: [String: String]? = nil
    ) -> Subprocess.Configuration {
        Subprocess.Configuration(
            executable: .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
            environment: environment.map { variables in
                .custom(variables.map { Array("\($0.key)=\($0.value)\0".utf8) })
            } ?? .inherit)
    }

    static func status(of termination: TerminationStatus) -> Int? {
        if case .exited(let code) = termination { Int(code) } else { nil }
    }

    /// Whether no process has `words` in its command line, or those that have are gone within some seconds.
    ///
    /// A killed process stays in the process table for a while, and only its parent is notified.
    package static func processesVanish(_ words: String) -> Bool {
        let end = ContinuousClock.now + .seconds(5)
        repeat {
            if !processExists(words) { return true }
        } while ContinuousClock.now < end
        return false
    }

    /// Whether a process has `words` in its command line.
    package static func processExists(_ words: String) -> Bool { commandLines().contains { $0.contains(words) } }

    /// The command lines of all processes, words parted by spaces.
    private static func commandLines() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { name in
            guard Int(name) != nil, let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else {
                return nil
            }
            return String(decoding: line.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
        }
    }

    /// Makes writing to a closed pipe an error in place of a deadly signal, as `main` does.
    package static let ignoresBrokenPipes: Bool = {
        _ = signal(SIGPIPE, SIG_IGN)
        return true
    }()
}
