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

    /// One that cannot be read among many: its neighbours are not asked one by one.
    @Test func fewBadFilesCostFewRuns() async throws {
        guard await SSHServer.canMakeNamespaces() else { try Test.cancel("mount namespaces are not allowed here") }
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let tool = URL(fileURLWithPath: folder.path("sha256sum"))
        try #"""
        #!/bin/sh
        echo run >>'\#(folder.path("runs"))'
        exec '\#(folder.path("real"))' "$@"
        """#.write(to: tool, atomically: false, encoding: .utf8)
        try FileManager.default.copyItem(atPath: "/usr/bin/sha256sum", toPath: folder.path("real"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tool.path)
        for number in 0..<200 {
            try Data("\(number)".utf8).write(to: URL(fileURLWithPath: folder.path("many \(number)")))
        }
        let wanted: Set = [SHA256Digest(of: [1])]
        let good = (0..<200).map { folder.path("many \($0)") }
        let bad = ["/proc/self/mem", "/proc/self/clear_refs"].filter { FileManager.default.isReadableFile(atPath: $0) }
        let request = ProbeRequest(
            ProbeQuestions(
                files: (good.prefix(77) + bad + good.dropFirst(77)).map { .init(path: $0, expectedHashes: wanted) }))
        let answer = try await Tool.run(
            [
                "/usr/bin/unshare", "-m", "/bin/sh", "-c",
                #"mount --bind "$0" /usr/bin/sha256sum && exec /bin/sh -c "$1" "$1" bounded"#, tool.path,
                ProbeScript.text,
            ], input: request.input)
        let facts = try #require(try ProbeAnswer.facts(in: answer.output, to: request))
        for (number, path) in good.enumerated() {
            guard case .present(let entry) = facts.files[ServerPath(path)], case .read(let hash, _) = entry.content
            else {
                Issue.record("\(path): \(String(describing: facts.files[ServerPath(path)]))")
                return
            }
            #expect(hash == SHA256Digest(of: Array("\(number)".utf8)))
        }
        guard case .present(let entry) = facts.files["/proc/self/mem"] else {
            Issue.record("no /proc/self/mem")
            return
        }
        #expect(entry.content == .unreadable(.readError))
        let runs = try String(contentsOfFile: folder.path("runs"), encoding: .utf8).split(separator: "\n").count
        // Two for each halving of 202, which is at most eight times, for each bad file, and the first.
        #expect(runs > 2 && runs <= 1 + 2 * 8 * bad.count)
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
        #expect(String(decoding: request.input, as: UTF8.self).contains("file 1 c "), "asked as any other file")
        let answer = try await Tool.run(["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], input: request.input)
        #expect(!answer.text.contains("body "))
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

    /// What the script keeps back and the worker would show, would be shown by its hash alone.
    @Test func theScriptsSecretsAreSecretsHereToo() throws {
        let start = try #require(ProbeScript.text.firstRange(of: "dw_secret() {")?.upperBound)
        let body = ProbeScript.text[start...].prefix { $0 != "}" }
        let patterns = body.split(separator: "\n").flatMap { line -> [Substring] in
            // `pattern | pattern) return 0 ;;`, or the last two on a line of their own.
            guard let end = line.firstIndex(of: ")"), line.contains("*/") || line.contains("*.") else { return [] }
            let isKept = line[end...].contains("return 0") || line[end...] == ")"
            return isKept ? line[..<end].split { $0 == "|" || $0 == " " } : []
        }
        #expect(patterns.count > 20)
        for pattern in patterns {
            let path = (pattern.hasPrefix("/") ? "" : "/") + pattern.replacing("*", with: "x")
            #expect(!Masking.mayReadContent(of: path), "\(pattern)")
        }
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
