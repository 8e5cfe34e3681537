import DriftCore
import Foundation
import PackFiles
import Remote
import TestSupport
import Testing

/// Placeholders of the server in a real look, at this machine and over ssh.
@Suite struct TemplatedLookTests {
    private static let template =
        "{{ server.name }} is a {{ labels.role }} with {{ facts.os.id }} on {{ facts.architecture }}\n"

    /// A pack about a file in `folder`, which is named after a label.
    private func pack(_ folder: URL) throws -> Pack {
        let item = "{ path: \"\(folder.path)/{{ labels.role }}\", template: motd }"
        let loaded = try ConfigurationLoader.load(
            packs: [SourceFile(path: "packs/base.yaml", text: "items: { files: [\(item)] }")],
            templates: ["motd": .bytes(Array(Self.template.utf8))])
        return try #require(loaded.packs.values.first)
    }

    private func variables(_ role: String) -> ServerVariables {
        ServerVariables(id: ServerID(rawValue: "web-1"), name: "Web $(1)", address: "web-1", labels: ["role": role])
    }

    private func system() async throws -> (id: String, machine: String) {
        let text = try await Tool.run(["/bin/sh", "-c", ". /etc/os-release && echo \"$ID $(uname -m)\""]).text
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        return (try #require(words.first), try #require(words.last))
    }

    private func withFiles(_ body: (URL, (id: String, machine: String)) async throws -> Void) async throws {
        let folder = URL.temporaryDirectory.appending(path: "templated-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Every account can read it, wherever the temporary folder is.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        let system = try await system()
        for (role, text) in [
            ("web", "Web $(1) is a web with \(system.id) on \(system.machine)\n"),
            ("db", "Web $(1) is a db with another on \(system.machine)\n"),
            ("cut", "Web $(1) is a cut with \(system.id) on \(system.machine)"),
        ] {
            try Data(text.utf8).write(to: folder.appending(path: role))
        }
        try await body(folder, system)
    }

    private func judge(
        _ pack: Pack, _ role: String, _ look: (ProbeQuestions) async throws -> Facts
    ) async throws -> ItemOutcome {
        let server = variables(role)
        let facts = try await look(ProbeQuestions(packs: [pack], on: server))
        return try #require(Comparison.judge(facts, against: pack, digest: pack.digest, on: server).outcomes.first)
    }

    @Test func eachServerHasItsOwnTextAndFacts() async throws {
        try await withFiles { folder, system in
            let pack = try pack(folder)
            let good = try await judge(pack, "web") { try await TopicLook.facts($0) }
            #expect(good.finding == .ok)
            #expect(good.item == "\(folder.path)/web")
            #expect(good.key.rawValue == "file:\(folder.path)/{{ labels.role }}")
            for (role, removed, added) in [
                ("db", "-Web $(1) is a db with \(system.id) on", "+Web $(1) is a db with another on"),
                ("cut", "-Web $(1) is a cut with", "No newline at end of file"),
            ] {
                guard
                    case .wrong(let mismatches) = try await judge(pack, role, { try await TopicLook.facts($0) }).finding
                else {
                    Issue.record("\(role) is not wrong")
                    continue
                }
                #expect(mismatches.map(\.type) == [.wrongContent])
                for part in [removed, added] { #expect(mismatches[0].diff?.contains(part) == true, "\(mismatches)") }
            }
        }
    }

    @Test func overSSHAsWell() async throws {
        try await withFiles { folder, _ in
            let pack = try pack(folder)
            try await SSHServer.with { server in
                let outcome = try await judge(pack, "web") {
                    try await RemoteProber(settings: server.settings).probe(server.target(), asking: $0)
                }
                #expect(outcome.finding == .ok)
            }
        }
    }
}
