import Foundation
import Postgres
import TestSupport
import Testing

/// `lint`, `apply`, `status` and `check`, with the binary, a database, and this machine as the server.
@Suite
struct FleetCommandTests {
    private static func files(_ folder: String) -> [String: String] {
        [
            "fleet.yaml": """
            schedule: { cron: "30 5 * * *", time_zone: Europe/Berlin }
            servers:
              - { id: here, connection: local, packs: [tiny] }
              - { id: there, address: 192.0.2.1, packs: [tiny], drift_detection: false }
            """,
            "packs/tiny.yaml": """
            items:
              files:
                - { path: "\(folder)/wanted", state: absent, description: keep it away }
            """,
        ]
    }

    private static func withFleet(_ body: (String, [String: String], Database) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { database in
            try await withFolder { folder in
                for (name, text) in files(folder) {
                    let file = URL(filePath: folder).appending(path: name)
                    try FileManager.default.createDirectory(
                        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try Data(text.utf8).write(to: file)
                }
                try await body(folder, ["DRIFTWATCH_DATABASE_URL": database.conninfo], database.database)
            }
        }
    }

    @Test
    func lintTellsEveryProblemWithItsPlace() async throws {
        try await Self.withFleet { folder, _, _ in
            let fine = try await Program.run(["lint", folder])
            #expect(fine.status == 0)
            #expect(fine.output == "fine: 2 servers, 1 pack\n")
            try "items: { files: [ { path: relative }, { path: /a, mode: 0644 } ] }\n".write(
                toFile: "\(folder)/packs/bad.yaml", atomically: true, encoding: .utf8)
            let bad = try await Program.run(["lint", folder])
            #expect(bad.status == 1)
            #expect(bad.output.split(separator: "\n").allSatisfy { $0.hasPrefix("\(folder)/packs/bad.yaml:1:") })
            #expect(bad.output.split(separator: "\n").count == 2)
        }
    }

    @Test
    func whatCannotBePrintedIsToldUnlessTheReaderIsGone() async throws {
        try await Self.withFleet { folder, _, _ in
            func lint(_ redirection: String) async throws -> Tool.Result {
                try await Tool.run(["/bin/sh", "-c", "\"$0\" lint \"$1\" \(redirection)", Program.path, folder])
            }
            let full = try await lint(">/dev/full")
            #expect(full.status == 3)
            #expect(full.errorText.contains("standard output: No space left on device"))
            #expect(try await lint("| :").errorText.isEmpty)
        }
    }

    @Test
    func applyTellsWhatItDidAndADryRunDoesNothing() async throws {
        try await Self.withFleet { folder, environment, database in
            let dry = try await Program.run(["apply", folder, "--dry-run"], environment)
            #expect(dry.status == 0)
            #expect(dry.output.contains("server here: created (packs +tiny)"))
            #expect(dry.output.hasSuffix("dry run: nothing was changed\n"))
            #expect(try await database.rows("select count(*) from driftwatch.servers", as: Int.self) == [0])
            let first = try await Program.run(["apply", folder], environment)
            #expect(first.output.contains("schedule: 30 5 * * * Europe/Berlin"))
            #expect(first.output.contains("servers to be checked now: 1"))
            let second = try await Program.run(["apply", folder], environment)
            #expect(second.output == "packs: 1 unchanged\nservers: 2 unchanged\n")
            try """
            schedule: { cron: "0 6 * * *" }
            servers:
              - { id: here, connection: local, packs: [tiny], labels: { role: web } }
              - { id: there, address: 192.0.2.2, port: 22, packs: [], drift_detection: false }
            """.write(toFile: "\(folder)/fleet.yaml", atomically: true, encoding: .utf8)
            let third = try await Program.run(["apply", folder], environment)
            #expect(third.output.contains("server here: changed (labels none → role=web)\n"))
            #expect(
                third.output.contains(
                    "server there: changed (address 192.0.2.1 → 192.0.2.2, port none → 22, packs -tiny)\n"), "\(third)")
            #expect(third.output.contains("schedule: 30 5 * * * Europe/Berlin → 0 6 * * * UTC\n"))
        }
    }

    @Test
    func oneInvalidFileAppliesNothing() async throws {
        try await Self.withFleet { folder, environment, database in
            try "items: { files: [] }\nextends: nobody\n".write(
                toFile: "\(folder)/packs/other.yaml", atomically: true, encoding: .utf8)
            let result = try await Program.run(["apply", folder], environment)
            #expect(result.status == 1)
            #expect(result.errors.contains("packs/other.yaml:2:"))
            #expect(result.errors.hasSuffix("driftwatch: 1 error; nothing was applied\n"))
            #expect(try await database.rows("select count(*) from driftwatch.packs", as: Int.self) == [0])
        }
    }

    /// A link to the file, or on the way to it.
    @Test(arguments: [
        ("templates/hostname", "/etc/hostname", "hostname"), ("templates", "/etc", "hostname"),
        ("templates/sub", "/etc", "sub/hostname"), ("templates", "..", "fleet.yaml"),
    ])
    func aTemplateThatLeadsOutOfThePacksFolderIsRefused(link: String, target: String, template: String) async throws {
        try await Self.withFleet { folder, environment, _ in
            if link != "templates" {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/packs/templates", withIntermediateDirectories: true)
            }
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/packs/\(link)", withDestinationPath: target)
            try "items: { files: [ { path: /a, template: \(template) } ] }\n".write(
                toFile: "\(folder)/packs/link.yaml", atomically: true, encoding: .utf8)
            for command in ["apply", "lint"] {
                let result = try await Program.run([command, folder], environment)
                #expect(result.status == 1)
                #expect((result.errors + result.output).contains("leads out of"), "\(result)")
            }
        }
    }

    @Test(arguments: [(1 << 20, "has 1048576 bytes"), ((1 << 20) + 1, "is larger than 1024 KiB")])
    func ofATemplateThatIsTooLargeNoMoreThanAMebibyteIsRead(size: Int, words: String) async throws {
        try await Self.withFleet { folder, environment, _ in
            try FileManager.default.createDirectory(
                atPath: "\(folder)/packs/templates", withIntermediateDirectories: true)
            try String(repeating: "x", count: size).write(
                toFile: "\(folder)/packs/templates/large", atomically: true, encoding: .utf8)
            try "items: { files: [ { path: /a, template: large } ] }\n".write(
                toFile: "\(folder)/packs/large.yaml", atomically: true, encoding: .utf8)
            let result = try await Program.run(["lint", folder], environment)
            #expect(result.status == 1)
            #expect((result.errors + result.output).contains(words), "\(result)")
        }
    }

    @Test
    func aTemplateThatHoldsASecretIsWarnedOf() async throws {
        try await Self.withFleet { folder, environment, _ in
            try FileManager.default.createDirectory(
                atPath: "\(folder)/packs/templates", withIntermediateDirectories: true)
            try "[client]\nuser = backup\npassword = canary-s3cret\n".write(
                toFile: "\(folder)/packs/templates/my.cnf", atomically: true, encoding: .utf8)
            try "Welcome\n".write(toFile: "\(folder)/packs/templates/motd", atomically: true, encoding: .utf8)
            try """
            items: { files: [ { path: /a, template: my.cnf }, { path: /b, template: motd } ] }

            """.write(toFile: "\(folder)/packs/secret.yaml", atomically: true, encoding: .utf8)
            let result = try await Program.run(["lint", folder], environment)
            #expect(result.status == 0)
            let warning = "packs/templates/my.cnf:3: warning: this line looks as if it held a secret"
            #expect(result.output.contains(warning), "\(result)")
            #expect(!result.output.contains("motd"))
            #expect(!result.output.contains("canary"))
        }
    }

    /// As a mounted ConfigMap has them.
    @Test
    func aTemplateMayBeALinkThatStaysInThePacksFolder() async throws {
        try await Self.withFleet { folder, environment, _ in
            try FileManager.default.createDirectory(
                atPath: "\(folder)/packs/..2026/inner", withIntermediateDirectories: true)
            try "hello\n".write(toFile: "\(folder)/packs/..2026/inner/motd", atomically: true, encoding: .utf8)
            for (link, target) in [("..data", "..2026"), ("templates", "..data/inner")] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder)/packs/\(link)", withDestinationPath: target)
            }
            try "items: { files: [ { path: /a, template: motd } ] }\n".write(
                toFile: "\(folder)/packs/link.yaml", atomically: true, encoding: .utf8)
            let result = try await Program.run(["lint", folder], environment)
            #expect(result.status == 0, "\(result)")
        }
    }

    @Test
    func pruneAsksBeforeItRemovesMuch() async throws {
        try await Self.withFleet { folder, environment, database in
            _ = try await Program.run(["apply", folder], environment)
            try "servers: [ { id: here, connection: local, packs: [tiny] } ]\n".write(
                toFile: "\(folder)/fleet.yaml", atomically: true, encoding: .utf8)
            let kept = try await Program.run(["apply", folder], environment)
            #expect(kept.output.contains("kept, although they are not in the files: server there"))
            #expect(try await Program.run(["apply", "\(folder)/packs/tiny.yaml", "--prune"], environment).status == 2)
            let refused = try await Program.run(["apply", folder, "--prune"], environment)
            #expect(refused.status == 2)
            #expect(refused.errors.contains("would remove 1 of 2 servers: there"))
            let dry = try await Program.run(["apply", folder, "--prune", "--dry-run"], environment)
            #expect(dry.status == 0)
            #expect(dry.output.contains("needs --yes"), "\(dry)")
            let removed = try await Program.run(["apply", folder, "--prune", "--yes"], environment)
            #expect(removed.status == 0)
            #expect(removed.output.contains("server there: removed"))
            let left = try await database.rows(
                "select server_id from driftwatch.servers where removed_at is null", as: String.self)
            #expect(left == ["here"])
        }
    }

    @Test
    func checkWaitsForAWorkerAndTellsTheVerdict() async throws {
        try await Self.withFleet { folder, environment, _ in
            _ = try await Program.run(["apply", folder], environment)
            let alone = try await Program.run(["check", "here", "--timeout", "1s"], environment)
            #expect(alone.status == 4)
            #expect(alone.errors.contains("no worker is alive that serves the queue local:here"))

            try await Program.running(["worker", "--local", "here"], environment) { worker in
                #expect(await worker.says("started"))
                let compliant = try await Program.run(["check", "here"], environment)
                #expect(compliant.status == 0, "\(compliant)")
                #expect(compliant.output == "here tiny: compliant: 1 item\n")
                try Data().write(to: URL(filePath: "\(folder)/wanted"))
                let drifted = try await Program.run(["check", "here"], environment)
                #expect(drifted.status == 1, "\(drifted)")
                #expect(
                    drifted.output.contains(
                        "  \(folder)/wanted\n    keep it away\n    should not exist: it is a file"))
                #expect(!drifted.output.contains("first look"))
                #expect(try await Program.run(["probe", "here"], environment).status == 1)
                #expect(try await Program.run(["diff", "here"], environment).output.contains("should not exist"))
                let stored = try await Program.run(["diff", "here", "--json"], environment)
                #expect(stored.status == 1)
                let checks = try #require(
                    try JSONSerialization.jsonObject(with: Data(stored.output.utf8)) as? [[String: Any]])
                let item = (checks.first?["items"] as? [[String: Any]])?.first
                #expect(item?["description"] as? String == "keep it away")
                let mismatch = (item?["mismatches"] as? [[String: Any]])?.first
                #expect(mismatch?["actual"] as? [String: String] == ["state": "file"])
                #expect(try await Program.run(["healthcheck", "worker"], environment).status == 0)
                #expect(try await Program.run(["healthcheck", "notifier"], environment).status == 1)
                #expect(try await Program.run(["check", "there"], environment).status == 4)
                #expect(try await Program.run(["check", "nowhere"], environment).status == 2)

                let status = try await Program.run(["status", "--check", "--json"], environment)
                #expect(status.status == 1)
                let json = try #require(
                    try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
                let counts = try #require(json["counts"] as? [String: Int])
                #expect(counts["drifted"] == 1)
                #expect(counts["disabled"] == 1)
                #expect(json["workers_alive"] as? Int == 1)
                let lines = try #require(json["assignments"] as? [[String: Any]])
                #expect(lines.compactMap { $0["server_id"] as? String } == ["here", "there"])
                #expect(lines.first?["alert_status"] as? String == "open")

                worker.send(SIGTERM)
                #expect(await worker.exitStatus() == 0)
            }
        }
    }

    @Test
    func aFirstLookIsToldAndNotAlerted() async throws {
        try await Self.withFleet { folder, environment, database in
            try Data().write(to: URL(filePath: "\(folder)/wanted"))
            _ = try await Program.run(["apply", folder], environment)
            let check = Task { try await Program.run(["check", "here"], environment) }
            // The check that apply asked for is the one that is answered: asking again hurries it.
            let isHurried = try await eventually {
                try await database.rows("select priority from driftwatch.jobs", as: Int.self) == [10]
            }
            #expect(isHurried)
            try await Program.running(["worker", "--local", "here"], environment) { worker in
                let result = try await check.value
                #expect(result.status == 1)
                #expect(result.output.contains("first look: 1 item already wrong, not alerted"), "\(result)")
                #expect(try await database.rows("select count(*) from driftwatch.alerts", as: Int.self) == [0])
                #expect(try await Program.run(["status"], environment).output.contains("not alerted"))
                worker.send(SIGINT)
                #expect(await worker.exitStatus() == 0)
            }
        }
    }

    @Test
    func doctorGoesOnWhereASettingIsWrongAndNamesIt() async throws {
        try await Self.withFleet { folder, environment, _ in
            _ = try await Program.run(["apply", folder], environment)
            let wrong = environment.merging([
                "DRIFTWATCH_SSH_IDENTITY": "/nowhere/key", "DRIFTWATCH_SLACK_WEBHOOK_URL": "no address",
            ]) { $1 }
            let result = try await Program.run(["doctor"], wrong)
            #expect(result.status == 1, "\(result)")
            #expect(result.output.contains("/nowhere/key"))
            #expect(result.output.contains("wrong  slack"))
            #expect(result.output.contains("queue"), "a server that waits for a worker is named")
            _ = try await Program.run(["servers", "disable", "here", "--reason", "moving"], environment)
            #expect(try await !Program.run(["doctor"], environment).output.contains("local:here"), "nothing waits")
        }
    }

    @Test
    func aServerThatIsWaitedForFirstLeavesTheOthersTheirReason() async throws {
        try await Self.withFleet { folder, environment, _ in
            try "servers: [ { id: a, queue: one, packs: [tiny] }, { id: b, queue: two, packs: [tiny] } ]\n".write(
                toFile: "\(folder)/fleet.yaml", atomically: true, encoding: .utf8)
            _ = try await Program.run(["apply", folder], environment)
            let result = try await Program.run(["check", "a", "b", "a", "--timeout", "1s"], environment)
            #expect(result.status == 4)
            for queue in ["one", "two"] {
                let told = result.errors.split(separator: "\n").count { $0.contains("serves the queue \(queue)") }
                #expect(told == 1, "\(result)")
            }
        }
    }
}
