import DriftCore
import Foundation
import Redaction
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
        #expect(!ProbeScript.text.contains { "J@ZX".contains($0) })
        #expect(ProbeScript.text.utf8.allSatisfy { $0 < 0x7F })
        #expect(ProbeScript.text.hasPrefix("#!/bin/sh\n"))
        // Behind the fold stands nothing that looks like one.
        #expect(ProbeScript.text.contains("\nexit\n^\n"))
        #expect(ProbeScript.text.split(separator: "\nexit\n^\n").last?.contains("^") == false)
    }

    @Test func theCommandHoldsNothingThatShellsReadDifferently() {
        #expect(!ProbeScript.command.contains("\n"))
        let quoted = ProbeScript.command.replacing(#"probe \' \! \\ "#, with: "")
        #expect(!quoted.contains("!") && !quoted.contains("\\"))
        for word in quoted.split(separator: "'") {
            #expect(word.utf8.count < 1024, "csh knows no longer words")
        }
    }

    @Test(arguments: loginShells) func aLoginShellPassesTheScriptOnIntact(shell: String) async throws {
        guard Tool.has(shell) else { try Test.cancel("\(shell) is not installed") }
        let show = ProbeScript.command.replacingOccurrences(
            of: #"if [ -x /bin/bash ]"#, with: #"printf %s "$p"; exit; if [ -x /bin/bash ]"#)
        #expect(show != ProbeScript.command)
        #expect(try await Tool.run([shell, "-c", show]).text == ProbeScript.text)
        let short = ProbeScript.commandWithoutTopics.replacingOccurrences(
            of: #"if [ -x /bin/bash ]"#, with: #"printf %s "$p"; exit; if [ -x /bin/bash ]"#)
        let beginning = try await Tool.run([shell, "-c", short]).text
        #expect(ProbeScript.text.hasPrefix(beginning + "\n"))
        #expect(beginning.utf8.count < ProbeScript.text.utf8.count * 3 / 4)
    }

    @Test(arguments: loginShells) func aLoginShellRunsTheProbe(shell: String) async throws {
        guard Tool.has(shell) else { try Test.cancel("\(shell) is not installed") }
        let request = ProbeRequest(ProbeQuestions(files: [.init(path: "/")]))
        for command in [ProbeScript.command, ProbeScript.commandWithoutTopics] {
            let answer = try await Tool.run([shell, "-c", command], input: request.input)
            let facts = try #require(try ProbeAnswer.facts(in: answer.output, to: request))
            guard case .present(let root) = facts.files["/"] else {
                Issue.record("no root: \(facts)")
                continue
            }
            #expect(root.status.type == .directory)
        }
    }

    @Test(arguments: [
        ["/bin/dash"], ["/bin/bash"], ["/bin/bash", "--posix"], ["/bin/busybox", "sh"], ["/usr/bin/ksh"],
        ["/usr/bin/mksh"], ["/usr/bin/yash"],
    ])
    func everyShellReadsTheScriptAlike(interpreter: [String]) async throws {
        guard Tool.has(interpreter[0]) else { try Test.cancel("\(interpreter[0]) is not installed") }
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let request = ProbeRequest(folder.questions)
        let answer = try await Tool.run(
            interpreter + ["-c", ProbeScript.text, ProbeScript.text, "chosen"], input: request.input)
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

    /// The server keeps the worst to itself, whoever asks and under whatever name.
    @Test func theScriptSendsNoSecretThatALinkHides() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let files = FileManager.default
        for (name, secret) in [("ppp", "chap-secrets"), (".ssh", "deploy")] {
            try files.createDirectory(atPath: folder.path(name), withIntermediateDirectories: false)
            try Data("c4n4ry\n".utf8).write(to: URL(fileURLWithPath: folder.path("\(name)/\(secret)")))
        }
        for (name, target) in [("hop1", "hop2"), ("hop2", "ppp/chap-secrets"), ("sshdir", ".ssh")] {
            try files.createSymbolicLink(atPath: folder.path(name), withDestinationPath: target)
        }
        let wanted: Set = [SHA256Digest(of: [1])]
        let paths = [folder.path("hop1"), folder.path("sshdir/deploy")]
        let request = ProbeRequest(ProbeQuestions(files: paths.map { .init(path: $0, expectedHashes: wanted) }))
        #expect(String(decoding: request.input, as: UTF8.self).contains("#file 1 c "), "asked as any other file")
        let answer = try await Tool.run(["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], input: request.input)
        #expect(!answer.text.contains("text "))
        let facts = try #require(try ProbeAnswer.facts(in: answer.output, to: request))
        for (path, secret) in zip(paths, ["ppp/chap-secrets", ".ssh/deploy"]) {
            guard case .present(let entry) = facts.files[ServerPath(path)] else {
                Issue.record("\(path): \(String(describing: facts.files[ServerPath(path)]))")
                continue
            }
            #expect(entry.content == .read(SHA256Digest(of: Array("c4n4ry\n".utf8)), bytes: nil))
            #expect(entry.realPath == .elsewhere(folder.path(secret)))
            #expect(!Masking.mayReadContent(of: path, at: entry))
        }
    }

    @Test func theScriptPassesShellcheck() async throws {
        guard Tool.has("/usr/bin/shellcheck") else { try Test.cancel("shellcheck is not installed") }
        let unfolded = ProbeScript.source.replacing("\nexit\n\n^\n", with: "\n")
        #expect(unfolded != ProbeScript.source)
        let result = try await Tool.run(["/usr/bin/shellcheck", "-s", "sh", "-"], input: Array(unfolded.utf8))
        #expect(result.status == 0, "\(result.text)")
    }

    @Test func aScriptThatSpeaksNoneOfOurVersionsSaysSo() async throws {
        let input = Array("#driftwatch-probe d1 99 98\n#end\n".utf8)
        let answer = try await Tool.run(["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], input: input)
        #expect(answer.text.contains("driftwatch-probe d1 speaks 2\n"))
    }
}
