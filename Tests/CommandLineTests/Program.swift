import Foundation
import TestSupport

/// The built binary, run as a process of its own.
///
/// Nothing of this process's environment reaches it but what finds programs.
enum Program {
    struct Result: Sendable {
        /// Nil when a signal ended it.
        var status: Int?
        var output: String
        var errors: String
    }

    /// Runs to the end.
    static func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Result {
        let result = try await Tool.run([path] + arguments, environment: own.merging(environment) { $1 })
        return Result(status: result.status, output: result.text, errors: result.errorText)
    }

    /// Starts one that goes on until it is sent a signal; ended, whatever becomes of `body`.
    static func running<Value>(
        _ arguments: [String], _ environment: [String: String], _ body: (ChildProcess) async throws -> Value
    ) async throws -> Value {
        let process = try await ChildProcess([path] + arguments, environment: own.merging(environment) { $1 })
        let result: Swift.Result<Value, any Error>
        do { result = .success(try await body(process)) } catch { result = .failure(error) }
        await process.end()
        return try result.get()
    }

    /// The executable stands beside the test bundle.
    static let path: String = {
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let beside = bundle.appending(path: "driftwatch").path(percentEncoded: false)
        guard !FileManager.default.isExecutableFile(atPath: beside) else { return beside }
        return Bundle.main.bundleURL.deletingLastPathComponent().appending(path: "driftwatch")
            .path(percentEncoded: false)
    }()

    private static let own = ProcessInfo.processInfo.environment.filter {
        ["PATH", "HOME", "LD_LIBRARY_PATH"].contains($0.key)
    }
}

/// A folder that is gone after `body`; nobody else may read what is in it.
func withFolder<Value>(_ files: [String: String] = [:], _ body: (String) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "driftwatch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: file.path(percentEncoded: false))
    }
    return try await body(folder.path(percentEncoded: false))
}
