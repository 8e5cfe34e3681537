import Foundation
import TestSupport
import Testing

/// The commands of the documentation, run as a reader runs them; what the pages print after them is what comes.
@Suite
struct ReaderTests {
    /// A server that the reader can log in to, as an account that the machine itself does not have.
    private static func withServer(_ body: (SSHServer) async throws -> Void) async throws {
        guard await SSHServer.canMakeNamespaces() else { try Test.cancel("mount namespaces are not allowed here") }
        let variation = SSHServer.Variation {
            $0.account = .init(shell: "/bin/bash")
            $0.configuration = ["AuthorizedKeysFile .ssh/authorized_keys"]
            $0.prepare = { folder in
                let home = folder.appending(path: "home/.ssh")
                try FileManager.default.createDirectory(
                    at: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                try FileManager.default.copyItem(
                    at: folder.appending(path: "client.pub"), to: home.appending(path: "authorized_keys"))
            }
        }
        try await SSHServer.with(variation, body)
    }

    private static func commands(of path: String) throws -> [DocumentPage.Block] {
        try DocumentPage.named(path).blocks.filter { $0.kind == "sh" }
    }

    /// Without what is another one each time, and with one blank where columns have several.
    private static func comparable(_ text: String) -> String {
        text.replacing(/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?/, with: "TIME").replacing(/check \d+/, with: "check N")
            .replacing(/\ +/, with: " ")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test
    func theDemoRuns() async throws {
        let demo = try #require(try Self.commands(of: "README.md").first)
        #expect(demo.text == "make demo\n")
        try await Self.withServer { server in
            let session = try await ReaderSession.run([demo], with: server)
            let output = try #require(session.steps.first?.output)
            #expect(session.failures == [], "\(session)")
            // The pictures at the head of the page are the demo's.
            for picture in try DocumentPage.named("README.md").blocks.prefix(2) {
                let lines = Self.comparable(picture.text.replacing("$ driftwatch diff web-1 --pack base\n", with: ""))
                #expect(Self.comparable(output.replacing("    | ", with: "")).contains(lines), "\(output)")
            }
        }
    }

    @Test
    func theReadmeLeadsToOnesOwnFirstAlert() async throws {
        let page = try DocumentPage.named("README.md")
        let blocks = Array(try Self.commands(of: "README.md").dropFirst())
        try await Self.withServer { server in
            let session = try await ReaderSession.run(blocks, with: server)
            #expect(session.failures == ["1 driftwatch check web-1"], "\(session)")
            var texts = 0
            for (index, block) in page.blocks.enumerated() where block.kind == "text" && index > 0 {
                let before = page.blocks[index - 1]
                guard before.section == block.section,
                    let step = session.steps.first(where: { $0.block.line == before.line })
                else { continue }
                #expect(Self.comparable(step.output) == Self.comparable(block.text), "README.md:\(block.line)")
                texts += 1
            }
            #expect(texts == 3)
            for drifted in [
                "web-1: ~/.ssh/authorized_keys: wrong permissions · Configuration drift detected · pack base · 1 item",
                "  ~/.ssh/authorized_keys (Who may log in): wrong permissions: mode 0640, expected 0600",
            ] { #expect(session.messages.contains(drifted), "\(session)") }
            #expect(
                session.messages.contains(
                    "web-1: compliant again: ~/.ssh/authorized_keys · Configuration compliant · pack base"),
                "\(session)")
            let listing = session.steps.first { $0.block.text.contains("alerts list") }?.output
            #expect(listing?.contains("resolved") == true, "\(session)")
        }
    }

    /// Each page begins where the README's reader has the first verdict; `before` and `after` stand for a sentence.
    private static func run(
        _ path: String, before: [String: String] = [:], after: [String: String] = [:]
    ) async throws -> ReaderSession {
        let readme = try Array(commands(of: "README.md").dropFirst())
        let broken = try #require(readme.firstIndex { $0.text.contains("g+r") })
        let end = try #require(readme.last)
        var blocks = Array(readme[..<broken])
        for block in try commands(of: path) {
            blocks += before.filter { block.text.contains($0.key) }.map { .init(kind: "sh", text: $0.value, line: 0) }
            blocks.append(block)
            blocks += after.filter { block.text.contains($0.key) }.map { .init(kind: "sh", text: $0.value, line: 0) }
        }
        var session: ReaderSession?
        blocks.append(.init(kind: "sh", text: "cd '\(DocumentPage.root.path(percentEncoded: false))'", line: 0))
        try await withServer { session = try await ReaderSession.run(blocks + [end], with: $0) }
        return try #require(session)
    }

    @Test
    func theInstallationsCommandsRun() async throws {
        let session = try await Self.run("docs/INSTALL.md")
        #expect(session.failures == [], "\(session)")
    }

    @Test
    func theProbeThatIsPinnedIsPrinted() async throws {
        let session = try await Self.run("docs/SECURITY.md", before: ["--print-script": "cd ~"])
        #expect(session.failures == [], "\(session)")
    }

    /// What was known at the time of the backup is known again, and a key is replaced while the other still works.
    @Test
    func aBackupRestoresAndAKeyIsReplaced() async throws {
        let start = "driftwatch run >>~/driftwatch/messages 2>>~/driftwatch/log &\n"
        let session = try await Self.run(
            "docs/MAINTENANCE.md",
            before: [
                "pg_dump": "cd ~\nssh web-1.example.net chmod g+r .ssh/authorized_keys\ndriftwatch check web-1\n",
                "drop schema": """
                ssh web-1.example.net chmod 600 .ssh/authorized_keys
                driftwatch check web-1
                messages_arrive
                kill %1
                wait
                """,
            ],
            after: [
                "drop schema": start + "driftwatch check web-1\n",
                "/ driftwatch": "DRIFTWATCH_SSH_IDENTITY=~/.ssh/driftwatch driftwatch probe web-1\n",
            ])
        #expect(
            session.failures == [
                "1 driftwatch check web-1", "4 DRIFTWATCH_SSH_IDENTITY=~/.ssh/driftwatch driftwatch probe web-1",
            ], "\(session)")
        let restored = try #require(session.steps.first { $0.block.text.contains("drop schema") })
        #expect(restored.output.contains(/web-1 +base +drifted/), "\(restored)")
        #expect(restored.output.contains("alert 1"), "\(restored)")
        let resolved = session.messages.split(separator: "\n").filter {
            $0.hasPrefix("web-1: compliant again: ")
        }
        #expect(resolved.count == 2, "the restored alert closes again: \(session)")
        for step in session.steps where step.block.text.contains("doctor") {
            // The workers' key is another one meanwhile, so that `doctor` makes it a note.
            #expect(step.output.contains(/note +web-1 .*: .*login, shell/), "\(step)")
            #expect(!step.output.contains(/wrong +web-1/), "\(step)")
        }
    }
}
