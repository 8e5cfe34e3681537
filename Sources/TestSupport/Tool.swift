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

        package var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// Runs `command`, whose first word is a path, with `input` from a file, and collects its standard output.
    package static func run(_ command: [String], input: [UInt8] = []) async throws -> Result {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("driftwatch-tool-\(UUID().uuidString)")
        try Data(input).write(to: file)
        let descriptor = try FileDescriptor.open(FilePath(file.path), .readOnly, options: [.closeOnExec])
        try FileManager.default.removeItem(at: file)
        let result = try await Subprocess.run(
            configuration(command), input: .fileDescriptor(descriptor, closeAfterSpawningProcess: true),
            output: .bytes(limit: 64 << 20), error: .discarded)
        var status: Int?
        if case .exited(let code) = result.terminationStatus { status = Int(code) }
        return Result(status: status, output: result.standardOutput)
    }

    /// Whether `command` runs and exits with 0.
    package static func succeeds(_ command: [String]) async -> Bool {
        (try? await run(command))?.status == 0
    }

    /// Whether a program is installed here.
    package static func has(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }

    static func configuration(_ command: [String]) -> Subprocess.Configuration {
        Subprocess.Configuration(
            executable: .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())))
    }

    /// Whether no process has `words` in its command line, or those that have are gone within some seconds.
    ///
    /// A killed process stays in the table until the kernel gets round to it, and nobody but its parent is told.
    package static func processesVanish(_ words: String) -> Bool {
        let end = ContinuousClock.now + .seconds(5)
        repeat {
            if !commandLines().contains(where: { $0.contains(words) }) { return true }
        } while ContinuousClock.now < end
        return false
    }

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
