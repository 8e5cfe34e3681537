import Foundation
import Glibc
import Subprocess

/// A child that runs until a test ends it, together with everything that it started.
///
/// Not by Foundation's `Process`: its children inherit each other's descriptors, so that waiting for one waits for
/// even if others were started at the same time.
package final class ChildProcess: Sendable {
    private let task: Task<Int?, Never>
    private let lines: AsyncStream<String>
    /// The child's process id.
    package let processIdentifier: Int32

    /// Starts `command`, whose first word is a path; what it prints on standard error can be waited on.
    ///
    /// It gets this process's environment, or `environment` and nothing else.
    package init(_ command: [String], environment: [String: String]? = nil) async throws {
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        let (starts, start) = AsyncStream.makeStream(of: Int32.self)
        var configuration = Tool.configuration(command, environment)
        configuration.platformOptions.createSession = true
        configuration.platformOptions.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)
        ]
        // It outlives this call by design; `end` cancels it and waits for it.
        task = Task { [configuration] in
            defer {
                start.finish()
                line.finish()
            }
            let result = try? await Subprocess.run(
                configuration, input: .none, output: .discarded, error: .sequence
            ) { execution in
                start.yield(execution.processIdentifier.value)
                for try await text in execution.standardError.strings() { line.yield(text) }
            }
            return result.flatMap { Tool.status(of: $0.terminationStatus) }
        }
        self.lines = lines
        guard let identifier = await starts.first(where: { _ in true }) else {
            throw TestServerError(description: "\(command[0]) does not start")
        }
        processIdentifier = identifier
    }

    /// Waits until the child has printed `text`; false when it ended without.
    package func says(_ text: String) async -> Bool {
        await line(with: text) != nil
    }

    /// The next line that the child prints with `text` in it; nil when it ended without.
    package func line(with text: String) async -> String? {
        await lines.first { $0.contains(text) }
    }

    /// Sends a signal to the child alone.
    package func send(_ signal: Int32) { kill(processIdentifier, signal) }

    /// Waits until the child has ended by itself; its exit status, or nil if a signal ended it.
    package func exitStatus() async -> Int? { await task.value }

    /// Kills the child and all that descends from it, and waits for the child.
    package func end() async {
        killDescendants()
        task.cancel()
        _ = await task.value
    }

    package func killDescendants() {
        for process in Self.descendants(of: processIdentifier) { kill(process, SIGKILL) }
    }

    /// The processes that descend from `ancestor`, by the kernel's own table.
    private static func descendants(of ancestor: Int32) -> [Int32] {
        var children: [Int32: [Int32]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = Int32(name), let parent = parent(of: process) else { continue }
            children[parent, default: []].append(process)
        }
        var found: [Int32] = []
        var open = [ancestor]
        while let next = open.popLast() {
            found += children[next] ?? []
            open += children[next] ?? []
        }
        return found
    }

    private static func parent(of process: Int32) -> Int32? {
        // "1 (name) S parent …", where the name may hold anything.
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = stat.range(of: ") ", options: .backwards)
        else { return nil }
        let fields = stat[end.upperBound...].split(separator: " ")
        return fields.count > 1 ? Int32(fields[1]) : nil
    }
}
