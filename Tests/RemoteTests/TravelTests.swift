import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// The script's way to the server: through any login shell, into any `sh`.
@Suite struct TravelTests {
    static let loginShells = [
        "/bin/sh", "/bin/dash", "/bin/bash", "/usr/bin/fish", "/usr/bin/tcsh", "/usr/bin/bsd-csh", "/usr/bin/zsh",
        "/usr/bin/ksh", "/usr/bin/mksh",
    ]

    @Test func theScriptUsesNoneOfItsStandIns() {
        #expect(!ProbeScript.text.contains { "JQXY".contains($0) })
        #expect(ProbeScript.text.utf8.allSatisfy { $0 < 0x7F })
        #expect(ProbeScript.text.hasPrefix("#!/bin/sh\n"))
    }

    @Test func theCommandHoldsNothingThatShellsReadDifferently() {
        #expect(!ProbeScript.command.contains("\n"))
        #expect(!ProbeScript.command.contains("!"))
        for word in ProbeScript.command.split(separator: "'") {
            #expect(word.utf8.count < 1024, "csh knows no longer words")
        }
    }

    @Test(arguments: loginShells) func aLoginShellPassesTheScriptOnIntact(shell: String) async throws {
        guard Tool.has(shell) else { try Test.cancel("\(shell) is not installed") }
        let show = ProbeScript.command.replacingOccurrences(
            of: #"exec /bin/sh -c "$p" "$p""#, with: #"printf %s "$p""#)
        #expect(show != ProbeScript.command)
        #expect(try await Tool.run([shell, "-c", show]).text == ProbeScript.text)
    }

    @Test(arguments: loginShells) func aLoginShellRunsTheProbe(shell: String) async throws {
        guard Tool.has(shell) else { try Test.cancel("\(shell) is not installed") }
        let request = ProbeRequest(ProbeQuestions(files: [.init(path: "/")]))
        let answer = try await Tool.run([shell, "-c", ProbeScript.command], input: request.input)
        let facts = try #require(try ProbeAnswer.facts(in: answer.output, to: request))
        guard case .present(let root) = facts.files["/"] else {
            Issue.record("no root: \(facts)")
            return
        }
        #expect(root.status.type == .directory)
    }

    @Test(arguments: [["/bin/dash"], ["/bin/bash"], ["/bin/busybox", "sh"], ["/usr/bin/ksh"], ["/usr/bin/mksh"]])
    func everyShellReadsTheScriptAlike(interpreter: [String]) async throws {
        guard Tool.has(interpreter[0]) else { try Test.cancel("\(interpreter[0]) is not installed") }
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let request = ProbeRequest(folder.questions)
        let answer = try await Tool.run(
            interpreter + ["-c", ProbeScript.text, ProbeScript.text, "bounded"], input: request.input)
        let facts = try #require(try ProbeAnswer.facts(in: answer.output, to: request))
        folder.expect(facts)
    }

    @Test func theScriptAsAFileAnswersLikeTheCommand() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let file = folder.url.appendingPathComponent("probe")
        try ProbeScript.text.write(to: file, atomically: false, encoding: .utf8)
        let request = ProbeRequest(folder.questions)
        let answer = try await Tool.run(["/bin/sh", file.path], input: request.input)
        folder.expect(try #require(try ProbeAnswer.facts(in: answer.output, to: request)))
    }

    @Test func theScriptPassesShellcheck() async throws {
        guard Tool.has("/usr/bin/shellcheck") else { try Test.cancel("shellcheck is not installed") }
        let result = try await Tool.run(["/usr/bin/shellcheck", "-s", "sh", "-"], input: Array(ProbeScript.text.utf8))
        #expect(result.status == 0, "\(result.text)")
    }

    @Test func aScriptThatSpeaksNoneOfOurVersionsSaysSo() async throws {
        let input = Array("driftwatch-probe d1 99 98\nend\n".utf8)
        let answer = try await Tool.run(["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], input: input)
        #expect(answer.text.contains("driftwatch-probe d1 speaks 1\n"))
    }
}
