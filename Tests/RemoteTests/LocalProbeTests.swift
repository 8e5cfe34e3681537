import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// The prober on the machine that it runs on.
@Suite struct LocalProbeTests {
    private let id = ServerID(rawValue: "here")

    private var target: ProbeTarget { ProbeTarget(serverID: id, connection: .local, address: "here") }

    private func prober(_ budgets: RemoteSettings.Budgets = .init()) -> RemoteProber {
        #expect(Tool.ignoresBrokenPipes)
        return RemoteProber(settings: RemoteSettings(budgets: budgets), localServers: [id])
    }

    @Test func strangeFilesAreSeenAsTheyAre() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        folder.expect(try await prober().probe(target, asking: folder.questions))
    }

    @Test func lookingChangesNothing() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        func snapshot() async throws -> String {
            let what = ["-printf", "%p %m %U %G %s %T@ %C@ %l\n"]
            return try await Tool.run(["/usr/bin/find", folder.url.path, "/etc", "-xdev"] + what).text
        }
        let before = try await snapshot()
        _ = try await prober().probe(
            target,
            asking: ProbeQuestions(files: folder.questions.files, packages: true, environment: ["HOME", "PATH"]))
        #expect(try await snapshot() == before)
    }

    @Test func aMachineThatTheWorkerIsNotIsRefused() async {
        let other = ProbeTarget(serverID: ServerID(rawValue: "other"), connection: .local, address: "other")
        await expect(.misconfigured) { try await prober().probe(other, asking: ProbeQuestions()) }
    }

    @Test func noSecretOfOursReachesTheLoginShell() async throws {
        #expect(unsafe setenv("DRIFTWATCH_TEST_CANARY", "canary", 1) == 0)
        let facts = try await prober().probe(
            target, asking: ProbeQuestions(environment: ["DRIFTWATCH_TEST_CANARY", "not a name", "1x"]))
        #expect(facts.environment["DRIFTWATCH_TEST_CANARY"] == .unset)
        #expect(facts.environment["not a name"] == .unreadable(.unsupported))
        #expect(facts.environment["1x"] == .unreadable(.unsupported))
    }

    @Test func aHomeComesFromTheAccountDatabaseOnly() async throws {
        var target = target
        target.configUser = "daemon"
        let questions = ProbeQuestions(files: [.init(path: "~/nope"), .init(path: "/etc/nope~/x")])
        let known = try await prober().probe(target, asking: questions)
        #expect(known.home == "/usr/sbin")
        #expect(known.files["~/nope"] == .missing)
        #expect(known.files["/etc/nope~/x"] == .missing)
        for name in ["no-such-account", "-x", "0", "$(id)", ""] {
            target.configUser = name
            let unknown = try await prober().probe(target, asking: questions)
            #expect(unknown.home == nil)
            #expect(unknown.files["~/nope"] == .unreadable(.unknownAccount))
        }
    }

    @Test func theAnswersOfAThousandFilesComeInOneBatch() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        for number in 0..<1000 {
            try Data("\(number)\n".utf8).write(to: URL(fileURLWithPath: folder.path("many \(number)")))
        }
        let questions = ProbeQuestions(
            files: (0..<1100).map { number in
                .init(
                    path: folder.path("many \(number)"), expectedHashes: [SHA256Digest(of: Array("\(number)\n".utf8))])
            })
        let facts = try await prober().probe(target, asking: questions)
        #expect(facts.files.values.count { $0 == .missing } == 100)
        for (number, file) in questions.files.prefix(1000).enumerated() {
            guard case .present(let entry) = facts.files[ServerPath(file.path)],
                case .read(let hash, bytes: nil) = entry.content
            else {
                Issue.record("\(file.path): \(String(describing: facts.files[ServerPath(file.path)]))")
                return
            }
            #expect(hash == SHA256Digest(of: Array("\(number)\n".utf8)))
        }
    }

    @Test func whatOnePackWantsAndAnotherDoesNotComesToo() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let text = Array("hello\n".utf8)
        let own = SHA256Digest(of: text)
        let facts = try await prober().probe(
            target,
            asking: ProbeQuestions(files: [
                .init(path: folder.path("plain"), expectedHashes: [own]),
                .init(path: folder.path("two words"), expectedHashes: [own, SHA256Digest(of: [1])]),
            ]))
        for (name, bytes) in [("plain", nil), ("two words", text)] {
            guard case .present(let entry) = facts.files[ServerPath(folder.path(name))] else {
                Issue.record("\(name): \(String(describing: facts.files[ServerPath(folder.path(name))]))")
                continue
            }
            #expect(entry.content == .read(own, bytes: bytes))
        }
    }

    @Test func contentsAreCapped() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let sizes = [65_536, 65_537] + [Int](repeating: 60_000, count: 20)
        for (number, size) in sizes.enumerated() {
            try Data(repeating: 0x41, count: size).write(to: URL(fileURLWithPath: folder.path("big \(number)")))
        }
        let sparse = folder.path("sparse")
        #expect(await Tool.succeeds(["/usr/bin/truncate", "-s", "33M", sparse]))
        let wanted: Set = [SHA256Digest(of: [1])]
        let facts = try await prober().probe(
            target,
            asking: ProbeQuestions(
                files: sizes.indices.map { .init(path: folder.path("big \($0)"), expectedHashes: wanted) }
                    + [.init(path: sparse, expectedHashes: wanted)]))
        func content(_ path: String) -> FileContent? {
            guard case .present(let entry) = facts.files[ServerPath(path)] else { return nil }
            return entry.content
        }
        let sent = sizes.indices.map { number -> Int? in
            guard case .read(_, let bytes) = content(folder.path("big \(number)")) else { return -1 }
            return bytes?.count
        }
        #expect(sent[0] == 65_536)
        #expect(sent[1] == nil)
        #expect(sent.compactMap(\.self).reduce(0, +) <= 1 << 20)
        #expect(!sent.contains(-1))
        #expect(content(sparse) == .unreadable(.tooLarge))
    }
}

/// Runs `body`, which must fail for `reason` with words that are safe to print.
func expect(
    _ reason: ProbeFailure.Reason, _ location: SourceLocation = #_sourceLocation, _ body: () async throws -> Facts
) async {
    do {
        let facts = try await body()
        Issue.record("no failure but \(facts)", sourceLocation: location)
    } catch let failure as ProbeFailure {
        #expect(failure.reason == reason, "\(failure.detail)", sourceLocation: location)
        #expect(failure.detail.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    } catch {
        Issue.record(error, sourceLocation: location)
    }
}
