import Foundation
import Postgres
import TestSupport
import Testing

/// `canary`, end to end with the built binary: a real worker looks, a real notifier sends.
@Suite(.timeLimit(.minutes(4)))
struct CanaryCommandTests {
    private struct Site {
        var database: Database
        var environment: [String: String]
        var file: String
        var slack: SlackStandIn

        func canary(_ more: String..., timeout: String = "60s") async throws -> Program.Result {
            try await Program.run(["canary", "--file", file, "--timeout", timeout] + more, environment)
        }
    }

    private static func withSite(_ body: (Site) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await withFolder { folder in
                let slack = try SlackStandIn()
                let files = [
                    "fleet.yaml": """
                    servers:
                      - { id: monitor, connection: local, packs: [canary], labels: { canary: "true" } }

                    """,
                    "packs/canary.yaml": """
                    name: Canary
                    items:
                      files:
                        - { path: \(folder)/canary/planted, state: absent }

                    """,
                ]
                for folder in ["\(folder)/site/packs", "\(folder)/canary"] {
                    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                }
                for (name, text) in files {
                    try text.write(toFile: "\(folder)/site/\(name)", atomically: true, encoding: .utf8)
                }
                let environment = [
                    "DRIFTWATCH_DATABASE_URL": lent.conninfo, "DRIFTWATCH_ACTOR": "alice",
                    "DRIFTWATCH_SLACK_WEBHOOK_URL": "\(slack.url)/services/T0/B0/one",
                    "DRIFTWATCH_LISTEN": "127.0.0.1:\(unusedPort())", "HOME": folder,
                ]
                let applied = try await Program.run(["apply", "\(folder)/site"], environment)
                #expect(applied.status == 0, "\(applied)")
                try await body(
                    Site(
                        database: lent.database, environment: environment, file: "\(folder)/canary/planted",
                        slack: slack))
            }
        }
    }

    @Test
    func theWholeLineProvesItself() async throws {
        try await Self.withSite { site in
            try await Program.running(["run", "--local", "monitor"], site.environment) { _ in
                // Twice: the second begins where the first ended.
                for round in 1...2 {
                    let result = try await site.canary("--now")
                    #expect(result.status == 0, "\(result)")
                    let first = 2 * round - 1
                    #expect(
                        result.output == """
                            planted \(site.file)
                            checked
                            alert \(round) opened
                            its message was sent
                            repaired
                            alert \(round) resolved
                            the message about that was sent
                            the canary on monitor is well

                            """, "\(first)")
                    #expect(!FileManager.default.fileExists(atPath: site.file))
                }
            }
            let texts = site.slack.received.compactMap(\.text)
            #expect(texts.count == 4 && texts.allSatisfy { $0.hasPrefix("Canary: ") }, "\(texts)")
        }
    }

    @Test
    func withoutANotifierTheMessageIsWhatFails() async throws {
        try await Self.withSite { site in
            try await Program.running(["worker", "--local", "monitor"], site.environment) { _ in
                let result = try await site.canary("--now", timeout: "30s")
                #expect(result.status == 1, "\(result)")
                #expect(result.output.hasSuffix("checked\nalert 1 opened\n"), "\(result)")
                #expect(result.errors.contains("not sent: no notifier is at work"), "\(result)")
                #expect(!FileManager.default.fileExists(atPath: site.file), "the drift does not stay")
            }
        }
    }

    @Test
    func withoutAWorkerTheCheckIsWhatFails() async throws {
        try await Self.withSite { site in
            let result = try await site.canary("--now", timeout: "2s")
            #expect(result.status == 1 && result.errors.contains("not checked: no check came"), "\(result)")
            #expect(!FileManager.default.fileExists(atPath: site.file))
        }
    }

    @Test
    func whatIsNotTheCanarysOwnIsNeverTouched() async throws {
        try await Self.withSite { site in
            try "mine".write(toFile: site.file, atomically: true, encoding: .utf8)
            let foreign = try await site.canary("--now", timeout: "2s")
            #expect(foreign.status == 2 && foreign.errors.contains("is not the canary's"), "\(foreign)")
            #expect(try String(contentsOfFile: site.file, encoding: .utf8) == "mine")
            let elsewhere = try await Program.run(["canary", "--file", "/etc/passwd"], site.environment)
            #expect(elsewhere.status == 2 && elsewhere.errors.contains("no pack of monitor wants /etc/passwd absent"))
            let unknown = try await Program.run(["canary", "--server", "web-9"], site.environment)
            #expect(unknown.status == 2 && unknown.errors.contains("there is no server web-9"), "\(unknown)")
            try await site.database.makeServer("web-1")
            let remote = try await Program.run(["canary", "--server", "web-1"], site.environment)
            #expect(remote.status == 2 && remote.errors.contains("web-1 is not a local server"), "\(remote)")
            try await site.database.execute("update driftwatch.servers set labels = '{}'")
            let none = try await Program.run(["canary"], site.environment)
            #expect(none.status == 2 && none.errors.contains("no local server has the label canary=true"), "\(none)")
        }
    }
}
