import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// The script of the version before, as it is pinned on servers.
@Suite struct FirstVersionTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/probe-1.sh")

    private func withPinnedScript(_ body: (SSHServer, StrangeFiles) async throws -> Void) async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let pin = folder.path("probe")
        try FileManager.default.copyItem(atPath: Self.script.path, toPath: pin)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: pin)
        try await SSHServer.with(.init { $0.forceCommand = pin }) { try await body($0, folder) }
    }

    @Test func aWorkerSpeaksToAPinnedScriptOfTheVersionBefore() async throws {
        try await withPinnedScript { server, folder in
            let prober = RemoteProber(settings: server.settings)
            var questions = folder.questions
            // That script decides by names alone what it tells, so it is not asked for the texts of the others.
            for index in questions.files.indices { questions.files[index].show = .text }
            questions.packages = true
            questions.environment = ["HOME", "NOT_SET_ANYWHERE"]
            for _ in 0..<2 {
                let facts = try await prober.probe(server.target(), asking: questions)
                folder.expect(facts)
                guard case .listed = facts.packages else {
                    Issue.record("\(facts.packages)")
                    return
                }
                #expect(facts.environment["NOT_SET_ANYWHERE"] == .unset)
            }
        }
    }

    @Test func itIsAskedForNoTextThatAPackDoesNotAllow() async throws {
        try await withPinnedScript { server, folder in
            let facts = try await RemoteProber(settings: server.settings)
                .probe(server.target(), asking: folder.questions)
            guard case .present(let entry) = facts.files[ServerPath(folder.path("plain"))] else {
                Issue.record("no entry")
                return
            }
            #expect(entry.content == .read(SHA256Digest(of: Array("hello\n".utf8)), bytes: nil))
        }
    }

    /// Its questions are words that a shell would run, so a shell that ends as that script does gets none.
    @Test func aShellThatEndsAsThatScriptDoesIsAskedNothing() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let command = "cat >>'\(folder.path("heard"))'; exit 65"
        try await SSHServer.with(.init { $0.forceCommand = command }) { server in
            let questions = ProbeQuestions(files: [.init(path: "/srv/$(touch x)/y")], environment: ["HOME"])
            await #expect(throws: ProbeFailure.self) {
                try await RemoteProber(settings: server.settings).probe(server.target(), asking: questions)
            }
        }
        let heard = try String(contentsOfFile: folder.path("heard"), encoding: .utf8).split(separator: "\n")
        #expect(heard.contains("#file 0 s - /srv/$(touch x)/y"))
        let others = heard.filter { !$0.hasPrefix("#") }
        #expect(others.count == 2 && others.last == "end", "\(others)")
        #expect(others.first?.hasPrefix("driftwatch-probe d") == true && others.first?.hasSuffix(" 0") == true)
    }
}
