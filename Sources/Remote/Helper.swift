import Subprocess
import SystemPackage

/// Small helper programs of ssh that answer at once.
enum Helper {
    /// What a program prints, or nil if it fails or takes longer than `limit`.
    static func output(
        of executable: String, _ arguments: [String], _ environment: [String: String], within limit: Duration
    ) async -> String? {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)]
        let configuration = Configuration(
            executable: executable.contains("/") ? .path(FilePath(executable)) : .name(executable),
            arguments: Arguments(arguments),
            environment: .custom(environment.map { Array("\($0.key)=\($0.value)\0".utf8) }), platformOptions: options)
        return await withTaskGroup(of: String?.self) { group in
            group.addTask {
                let result = try? await Subprocess.run(
                    configuration, input: .none, output: .bytes(limit: 1 << 20), error: .discarded)
                guard let result, case .exited(0) = result.terminationStatus else { return nil }
                return String(decoding: result.standardOutput, as: UTF8.self)
            }
            group.addTask {
                try? await ContinuousClock().sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
