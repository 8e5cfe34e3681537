import DriftCore
import Foundation
import Remote
import Synchronization
import TestSupport
import Testing

/// Two looks in one session, of the real script over a real sshd.
@Suite struct SecondLookTests {
    private static let right = Array("hello\n".utf8)

    /// A second look at `questions`, before which `change` happens to the server.
    private static func again(
        _ questions: ProbeQuestions, after delay: Duration = .zero,
        _ change: @escaping @Sendable (Facts) async -> Void = { _ in }
    ) -> SecondLook {
        SecondLook(after: delay) { first in
            await change(first)
            return questions
        }
    }

    private func content(_ facts: Facts, _ path: String) -> FileContent? {
        guard case .present(let entry) = facts.files[ServerPath(path)] else { return nil }
        return entry.content
    }

    /// A folder with one file, the questions about it, and what changes it between the looks.
    private func withFile(
        _ body: (StrangeFiles, ProbeQuestions, @escaping @Sendable (Facts) async -> Void) async throws -> Void
    ) async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let path = folder.path("plain")
        let questions = ProbeQuestions(
            files: [.init(path: path, expectedHashes: [SHA256Digest(of: [1])]), .init(path: "~/nope")],
            environment: ["HOME", "PATH", "SSH_CONNECTION"])
        try await body(folder, questions) { _ in try? Data("changed\n".utf8).write(to: URL(fileURLWithPath: path)) }
    }

    /// What the two looks at such a file saw.
    private func expectBoth(_ looks: Looks, _ folder: StrangeFiles, loc: SourceLocation = #_sourceLocation) throws {
        let second = try #require(try looks.second?.get(), sourceLocation: loc)
        #expect(content(looks.first, folder.path("plain")) == .read(SHA256Digest(of: Self.right), bytes: Self.right))
        let changed = Array("changed\n".utf8)
        #expect(content(second, folder.path("plain")) == .read(SHA256Digest(of: changed), bytes: changed))
        #expect(second.files["~/nope"] == .missing)
        #expect(second.home == looks.first.home)
        #expect(second.environment == looks.first.environment, "the script begins anew as the login left it")
    }

    @Test func theSecondLookSeesWhatHappenedSinceInTheSameSession() async throws {
        try await withFile { folder, questions, change in
            try await SSHServer.with { server in
                let looks = try await RemoteProber(settings: server.settings).probe(
                    server.target(), asking: questions, again: Self.again(questions, change))
                try expectBoth(looks, folder)
                guard case .value = looks.first.environment["SSH_CONNECTION"] else {
                    Issue.record("the session has no name, so nothing shows that it was the same")
                    return
                }
            }
        }
    }

    @Test func itWorksWithoutSSHToo() async throws {
        try await withFile { folder, questions, change in
            #expect(Tool.ignoresBrokenPipes)
            let id = ServerID(rawValue: "here")
            let looks = try await RemoteProber(localServers: [id]).probe(
                ProbeTarget(serverID: id, connection: .local, address: "here"), asking: questions,
                again: Self.again(questions, change))
            try expectBoth(looks, folder)
        }
    }

    @Test(arguments: ["/bin/bash", "/bin/dash", "/usr/bin/ksh", "/usr/bin/mksh", "/bin/busybox sh"])
    func aPinnedScriptBeginsAnewInEveryShell(shell: String) async throws {
        guard Tool.has(String(shell.prefix { $0 != " " })) else { try Test.cancel("\(shell) is not installed") }
        try await withFile { folder, questions, change in
            let pin = folder.path("probe")
            try ProbeScript.text.write(toFile: pin, atomically: false, encoding: .utf8)
            try await SSHServer.with(.init { $0.forceCommand = "exec \(shell) '\(pin)' chosen" }) { server in
                let looks = try await RemoteProber(settings: server.settings).probe(
                    server.target(), asking: questions, again: Self.again(questions, change))
                let second = try #require(try looks.second?.get())
                #expect(second.files.count == 2 && second != looks.first)
            }
        }
    }

    @Test func manyQuestionsAreAskedTwice() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        // More than a pipe holds.
        let questions = ProbeQuestions(files: (0..<3000).map { .init(path: folder.path("nothing at all \($0)")) })
        try await SSHServer.with { server in
            let looks = try await RemoteProber(settings: server.settings).probe(
                server.target(), asking: questions, again: Self.again(questions))
            #expect(looks.first.files.values.allSatisfy { $0 == .missing })
            #expect(try looks.second?.get() == looks.first)
        }
    }

    @Test func aFirstAnswerThatIsEnoughEndsTheSession() async throws {
        try await SSHServer.with { server in
            let began = ContinuousClock.now
            let looks = try await RemoteProber(settings: server.settings).probe(
                server.target(), asking: ProbeQuestions(files: [.init(path: "/")]),
                again: SecondLook(after: .seconds(60)) { _ in nil })
            #expect(looks.second == nil)
            #expect(looks.first.files.count == 1)
            #expect(ContinuousClock.now - began < .seconds(30))
        }
    }

    /// It reads its input to the end, so it gets one, and is asked without waiting from then on.
    @Test(arguments: ["rounds", "version"])
    func anOlderPinnedScriptLooksOnce(lacking: String) async throws {
        try await withFile { folder, questions, change in
            let pin = folder.path("probe")
            if lacking == "version" {
                let first = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                try FileManager.default.copyItem(
                    atPath: first.appendingPathComponent("Fixtures/probe-1.sh").path, toPath: pin)
            } else {
                let old = ProbeScript.text.replacing(" rounds ", with: " ")
                    .replacing("'#open '*) dw_size=${dw_first#* } ;;", with: "'#open '*) ;;")
                #expect(old.utf8.count < ProbeScript.text.utf8.count - 10)
                try old.write(toFile: pin, atomically: false, encoding: .utf8)
            }
            try await SSHServer.with(.init { $0.forceCommand = "exec /bin/sh '\(pin)'" }) { server in
                let prober = RemoteProber(settings: server.settings)
                for _ in 0..<2 {
                    let looks = try await prober.probe(
                        server.target(), asking: questions, again: Self.again(questions, change))
                    #expect(looks.second == nil)
                    #expect(looks.first.files["~/nope"] == .missing)
                }
            }
        }
    }

    @Test func aSessionThatEndsBetweenTheLooksLeavesTheFirst() async throws {
        try await withFile { folder, questions, _ in
            try await SSHServer.with { server in
                let looks = try await RemoteProber(settings: server.settings).probe(
                    server.target(), asking: questions,
                    again: Self.again(questions) { _ in await server.endEverything() })
                #expect(looks.first.files["~/nope"] == .missing)
                guard case .failure(let failure) = looks.second else {
                    Issue.record("\(String(describing: looks.second))")
                    return
                }
                #expect(failure.isTransient, "\(failure)")
            }
        }
    }

    @Test func theWaitBetweenTheLooksIsNotCounted() async throws {
        try await withFile { folder, questions, _ in
            let budgets = RemoteSettings.Budgets(probe: .seconds(6))
            let id = ServerID(rawValue: "here")
            let looks = try await RemoteProber(settings: RemoteSettings(budgets: budgets), localServers: [id]).probe(
                ProbeTarget(serverID: id, connection: .local, address: "here"), asking: questions,
                again: SecondLook(after: .seconds(8)) { _ in questions })
            #expect(try looks.second?.get().files["~/nope"] == .missing)
        }
    }

    @Test func cancellingBetweenTheLooksEndsTheSession() async throws {
        try await withFile { folder, questions, _ in
            try await SSHServer.with { server in
                let (waiting, waits) = AsyncStream<Void>.makeStream()
                let task = Task {
                    try await RemoteProber(settings: server.settings).probe(
                        server.target(), asking: questions,
                        again: Self.again(questions, after: .seconds(600)) { _ in waits.finish() })
                }
                for await _ in waiting {}
                task.cancel()
                await #expect(throws: ProbeFailure(.cancelled)) { try await task.value }
            }
        }
    }
}
