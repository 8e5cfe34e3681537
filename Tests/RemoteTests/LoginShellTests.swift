import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// What a login shell can print instead of its environment: an account may choose any program for its shell.
@Suite struct LoginShellTests {
    private static let names = ["A", "B"]

    /// Runs the script as `interpreter` reads it, for an account of root's number whose login shell is `shell`.
    private func environment(_ shell: String, readBy interpreter: String) async throws -> [String: SettingFact] {
        guard await Tool.succeeds(["/usr/bin/unshare", "-m", "/bin/true"]) else {
            try Test.cancel("no mount namespaces here")
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("driftwatch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = folder.appendingPathComponent("shell")
        try Data("#!/bin/sh\n\(shell)\n".utf8).write(to: program)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        let accounts = folder.appendingPathComponent("passwd")
        try Data("tester:x:0:0::/root:\(program.path)\n".utf8).write(to: accounts)

        let request = ProbeRequest(ProbeQuestions(environment: Self.names))
        let answer = try await Tool.run(
            [
                "/usr/bin/unshare", "-m", "/bin/sh", "-c", "mount --bind \"$0\" /etc/passwd && exec \"$@\"",
                accounts.path,
                interpreter, "-c", ProbeScript.text, ProbeScript.text, "chosen",
            ], input: request.input, environment: ["PATH": "/usr/bin:/bin", "LOGNAME": "tester"])
        return try #require(try ProbeAnswer.facts(in: answer.output, to: request), "\(answer.errorText)").environment
    }

    /// The command is the third word: before `exec` it prints the mark.
    private static let mark = #"eval "${3%%exec *}""#

    @Test(arguments: ["/bin/bash", "/bin/dash"])
    func valuesComeBackWholeBehindNoise(interpreter: String) async throws {
        let shell = """
            echo 'A=noise'
            export A="$(printf 'one\\ntwo\\001')"
            unset B
            exec /bin/sh "$@"
            """
        #expect(
            try await environment(shell, readBy: interpreter) == ["A": .value("one\ntwo\u{FFFD}"), "B": .unset])
    }

    /// What was not printed to its end proves neither a value nor that there is none.
    @Test(
        arguments: ["/bin/bash", "/bin/dash"],
        [
            "\(mark); printf 'A=1\\0'", "\(mark); printf 'A=1\\0B=2'", "\(mark); printf 'A=1\\0cat='",
            "\(mark); printf 'A=1\\0cat'", "\(mark); kill -9 $$", "\(mark); tr '\\0' x </dev/zero",
            "\(mark); yes A=1 | tr '\\n' '\\0'",
        ])
    func anEnvironmentThatWasCutIsUnreadable(interpreter: String, shell: String) async throws {
        let expected = SettingFact.unreadable(.readError)
        #expect(try await environment(shell, readBy: interpreter) == ["A": expected, "B": expected])
    }

    @Test(arguments: ["/bin/bash", "/bin/dash"], ["exit 1", "echo A=1", "tr '\\0' x </dev/zero", "yes"])
    func aShellThatNeverRunsTheCommandAnswersNothing(interpreter: String, shell: String) async throws {
        let expected = SettingFact.unreadable(.unsupported)
        #expect(try await environment(shell, readBy: interpreter) == ["A": expected, "B": expected])
    }
}
