import DriftCore
import Foundation
import PackFiles
import TestSupport
import Testing

/// The example packs, on this machine and on one made for them.
@Suite struct ExamplePackTests {
    private static func packs(_ names: [String]) throws -> [Pack] {
        let sources = try names.map {
            SourceFile(path: "packs/\($0).yaml", text: try ExampleServer.pack("\($0).yaml"))
        }
        var templates: [String: TemplateSource] = [:]
        for name in ExampleServer.templates.keys {
            templates[name] = .bytes(Array(try ExampleServer.pack("templates/\(name)").utf8))
        }
        let loaded = try ConfigurationLoader.load(packs: sources, templates: templates)
        return names.compactMap { loaded.packs[PackName(rawValue: $0)] }
    }

    @Test(arguments: ["accounts", "kernel-hardening", "ssh-hardening"])
    func eachItemGetsAnAnswer(name: String) async throws {
        let pack = try #require(try Self.packs([name]).first)
        let findings = try await TopicLook.findings(of: pack)
        #expect(findings.count == pack.expectations.count)
        // An ordinary account may not see everything, and this machine may have no sshd; all else is answered.
        let expected: [UnreadableReason] = [.permissionDenied, .sudoRefused]
        for (expectation, finding) in zip(pack.expectations, findings) {
            guard case .unreadable(let reason) = finding else { continue }
            // An sshd that was never started here has no folder of its own, and refuses to say anything.
            if reason == .readError, !FileManager.default.fileExists(atPath: "/run/sshd") { continue }
            #expect(getuid() != 0 && expected.contains(reason), "\(expectation.key): \(reason.rawValue)")
        }
    }

    /// What each item comes to on a server made for the packs.
    private func findings(
        of names: [String], labels: [String: String] = [:], after change: String
    ) async throws -> [(key: String, finding: ItemOutcome.Finding)] {
        guard await ExampleServer.isPossible() else { try Test.cancel("such a server cannot be made here") }
        let packs = try Self.packs(names)
        let questions = ProbeQuestions(packs: packs, on: ServerVariables(labels: labels))
        let facts = try await TopicLook.facts(questions, shell: ExampleServer.enter(after: change) + ["/bin/sh"])
        return packs.flatMap { pack in
            Comparison.judge(facts, against: pack, digest: pack.digest, on: ServerVariables(labels: labels)).outcomes
                .map { ("\(pack.name) \($0.key)", $0.finding) }
        }
    }

    private static let ofWebServer = ["accounts", "base", "debian-server", "web"]
    private static let ofDatabase = ["role": "database", "backups": "dump", "data": "mounted"]

    /// There is no systemd, the clock is this machine's, and `wheel` is not Debian's.
    private static func isElsewhere(_ key: String) -> Bool {
        [" service:", " system:", " group:wheel"].contains { key.contains($0) }
    }

    @Test func eachItemHoldsOnASensibleServer() async throws {
        let web = try await findings(of: Self.ofWebServer, after: "")
        let change = "open='0.0.0.0:22 127.0.0.1:5432'"
        let database = try await findings(of: ["postgres"], labels: Self.ofDatabase, after: change)
        for (key, finding) in web + database {
            guard Self.isElsewhere(key) else {
                #expect(finding == .ok, "\(key)")
                continue
            }
            if case .unreadable(let reason) = finding { Issue.record("\(key): \(reason)") }
        }
    }

    @Test func eachItemIsWrongOnAServerWhereItDoesNotHold() async throws {
        // The machine's own kernel and disk.
        let unbroken = [
            "debian-server mount:/", "debian-server setting:fs.protected_hardlinks",
            "debian-server setting:fs.protected_symlinks", "postgres setting:vm.swappiness",
            "postgres setting:vm.zone_reclaim_mode",
        ]
        let findings = try await findings(
            of: Self.ofWebServer + ["postgres"], labels: Self.ofDatabase, after: ExampleServer.breakAll)
        for (key, finding) in findings where !Self.isElsewhere(key) {
            let isWrong =
                switch finding {
                case .wrong, .notable: true
                case .ok, .exempt, .unreadable, .notApplicable: false
                }
            #expect(isWrong != unbroken.contains(key), "\(key): \(finding)")
        }
    }
}
