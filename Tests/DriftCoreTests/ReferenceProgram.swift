import Foundation

/// A program that knows the right answers.
enum ReferenceProgram {
    /// What `command` prints, line by line, when it reads `lines`.
    static func answers(of command: [String], to lines: [String]) throws -> [String] {
        let input = FileManager.default.temporaryDirectory.appending(path: "reference-\(UUID().uuidString)")
        try Data(lines.map { "\($0)\n" }.joined().utf8).write(to: input)
        defer { try? FileManager.default.removeItem(at: input) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = try FileHandle(forReadingFrom: input)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: answer, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
    }

    /// What a Python script prints when it reads `cases`, each as JSON on a line.
    static func python(_ script: String, cases: [some Encodable]) throws -> [String] {
        let lines = try cases.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        return try answers(of: ["python3", "-W", "ignore", "-c", script], to: lines)
    }
}
