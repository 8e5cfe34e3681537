import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// The prober against a real sshd.
@Suite struct SSHProbeTests {
    @Test func aPlainServerIsSeenWhole() async throws {
        try await SSHServer.with { server in
            let facts = try await RemoteProber(settings: server.settings).probe(
                server.target(),
                asking: ProbeQuestions(
                    files: [.init(path: "/etc/passwd"), .init(path: "/nope"), .init(path: "~/nope")], packages: true,
                    environment: ["HOME", "NOPE"]))
            guard case .present(let entry) = facts.files["/etc/passwd"] else {
                Issue.record("no entry: \(facts.files)")
                return
            }
            #expect(entry.status.type == .file)
            #expect(entry.status.mode == 0o644)
            #expect(entry.status.owner == Account(name: "root", number: 0))
            #expect(facts.files["/nope"] == .missing)
            #expect(facts.files["~/nope"] == .missing)
            #expect(facts.environment["NOPE"] == .unset)
            #expect(facts.environment["HOME"] == facts.home.map { .value($0) })
            guard case .listed(let database) = facts.packages else {
                Issue.record("no packages")
                return
            }
            #expect(database.packages["dpkg"]?.first?.state == .installed)
        }
    }
}
