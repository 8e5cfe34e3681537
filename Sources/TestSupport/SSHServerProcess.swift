import Foundation
import Glibc
import Synchronization

/// A child that runs until a test ends it, together with everything that it started.
package final class ChildProcess: Sendable {
    // Guarded by the lock; Foundation's class is not Sendable.
    private let process: Mutex<Process>
    private let lines: AsyncStream<String>
    package let processIdentifier: Int32

    /// Starts `command`, whose first word is a path; its standard error (and output) can be waited on.
    package init(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        pipe.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                continuation.finish()
            } else {
                continuation.yield(String(decoding: data, as: UTF8.self))
            }
        }
        try process.run()
        processIdentifier = process.processIdentifier
        self.process = Mutex(process)
    }

    /// Waits until the child has printed `text`; false when it ended without.
    package func says(_ text: String) async -> Bool {
        await said(until: text) != nil
    }

    /// All that the child has printed up to the first chunk with `text` in it; nil when it ended without.
    package func said(until text: String) async -> String? {
        var all = ""
        for await chunk in lines {
            all += chunk
            if all.contains(text) { return all }
        }
        return nil
    }

    /// Kills the child and all that descends from it, and waits for the child.
    package func end() async {
        for process in Self.descendants(of: processIdentifier) { kill(process, SIGKILL) }
        process.withLock { process in
            if process.isRunning { kill(processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
    }

    /// Runs `command` to its end and says whether it exited with 0.
    package static func succeeds(_ command: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// The processes that descend from `ancestor`, by the kernel's own table.
    package static func descendants(of ancestor: Int32) -> [Int32] {
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
