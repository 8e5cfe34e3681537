import Foundation
import Postgres
import TestSupport
import Testing

/// `check` of many servers, with the binary, a worker, and this machine as every server.
@Suite
struct CheckCommandTests {
    /// `fine` complies, `bad` does not, `idle` is off, `bare` has no packs; `far` is served by no worker.
    private static func withFleet(_ body: (String, [String: String], Database) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await withFolder { folder in
                for (name, text) in [
                    "fleet.yaml": """
                    servers:
                      - { id: fine, connection: local, packs: [calm], labels: { role: web, zone: a } }
                      - { id: bad, connection: local, packs: [calm, wild], labels: { role: web } }
                      - { id: idle, connection: local, packs: [calm], drift_detection: false }
                      - { id: bare, connection: local, packs: [] }
                      - { id: far, address: 192.0.2.1, queue: moon, packs: [lost], labels: { role: db } }
                    """,
                    "packs/calm.yaml": "items: { files: [ { path: /etc, state: directory } ] }",
                    "packs/wild.yaml": "items: { files: [ { path: \"\(folder)/wanted\" } ] }",
                    "packs/lost.yaml": "items: { files: [ { path: /etc/motd } ] }",
                ] {
                    try FileManager.default.createDirectory(
                        atPath: "\(folder)/packs", withIntermediateDirectories: true)
                    try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
                }
                let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo]
                #expect(try await Program.run(["apply", folder], environment).status == 0)
                // The first checks that apply asks for would come before.
                try await lent.database.execute("delete from driftwatch.jobs")
                try await body(folder, environment, lent.database)
            }
        }
    }

    private static func json(_ result: Program.Result) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result)")
    }

    @Test
    func selectedServersAreCheckedAndWhatIsWrongComesFirst() async throws {
        try await Self.withFleet { _, environment, database in
            try await Program.running(["worker", "--local", "fine", "--local", "bad"], environment) { worker in
                #expect(await worker.says("started"))
                let web = try await Program.run(["check", "--label", "role=web"], environment)
                #expect(web.status == 1, "\(web)")
                let lines = web.output.split(separator: "\n")
                #expect(lines.first?.hasPrefix("bad wild: drifted") == true, "\(web)")
                #expect(lines.contains("  first look: 1 item already wrong, not alerted"), "\(web)")
                #expect(lines.last == "3 checks of 2 servers: 1 drifted, 2 compliant")
                #expect(!web.output.contains("fine calm"), "those that comply are counted")
                // One line for each server that is done.
                #expect(web.errors.contains("[1/2] ") && web.errors.contains("[2/2] "), "\(web)")

                let pack = try await Program.run(["check", "--pack", "calm"], environment)
                #expect(pack.status == 0, "\(pack)")
                #expect(pack.output == "2 checks of 2 servers: 2 compliant\n")
                #expect(pack.errors.contains("off, on hold or without packs: idle"), "\(pack)")

                let both = try await Program.run(
                    ["check", "--label", "role=web", "--label", "zone=a", "--json"], environment)
                #expect(both.status == 0, "\(both)")
                let checks = try #require(try Self.json(both)["checks"] as? [[String: Any]])
                #expect(checks.map { $0["server_id"] as? String } == ["fine"])

                let named = try await Program.run(["check", "fine", "bad", "--pack", "wild"], environment)
                #expect(named.status == 2, "\(named)")
                #expect(named.errors.contains("fine is not checked against wild"))
                #expect(named.output.hasPrefix("bad wild: drifted"))
                worker.send(SIGTERM)
                #expect(await worker.exitStatus() == 0)
            }
        }
    }

    @Test
    func aSelectionThatSelectsNothingIsAnError() async throws {
        try await Self.withFleet { _, environment, database in
            let label = try await Program.run(["check", "--label", "role=mail"], environment)
            #expect(label.status == 2, "\(label)")
            #expect(label.errors.contains("no server has the label role=mail"), "\(label)")
            let pack = try await Program.run(["check", "--pack", "nosuch"], environment)
            #expect(pack.status == 2 && pack.errors.contains("no server has the pack nosuch"), "\(pack)")
        }
    }

    @Test
    func asJSONEachItemHasTheShapeThatIsStored() async throws {
        try await Self.withFleet { folder, environment, database in
            try await Program.running(["worker", "--local", "bad"], environment) { worker in
                #expect(await worker.says("started"))
                let check = try await Program.run(["check", "bad", "bare", "nowhere", "--json"], environment)
                #expect(check.status == 2, "\(check)")
                let json = try Self.json(check)
                let checks = try #require(json["checks"] as? [[String: Any]])
                #expect(checks.map { $0["pack_name"] as? String } == ["wild", "calm"])
                #expect(checks.first?["first_look_count"] as? Int == 1)
                let items = try #require(checks.first?["items"] as? [[String: Any]])
                let mismatch = try #require((items.first?["mismatches"] as? [[String: Any]])?.first)
                #expect(mismatch["type"] as? String == "missing_file")
                #expect(mismatch["item"] as? String == "\(folder)/wanted")
                #expect(Set(mismatch.keys).isSuperset(of: ["type", "item", "key", "expected", "actual"]))
                let left = try #require(json["not_checked"] as? [[String: Any]])
                #expect(left.compactMap { $0["server_id"] as? String } == ["bare", "nowhere"])
                let probe = try await Program.run(["probe", "bad", "--json"], environment)
                #expect(probe.status == 1, "\(probe)")
                let probed = try #require(try Self.json(probe)["checks"] as? [[String: Any]])
                #expect(probed.map { $0["verdict"] as? String } == ["compliant", "drifted"])
                let same = try #require(probed.last?["items"] as? [[String: Any]])
                #expect(same as NSArray == items as NSArray)
            }
        }
    }

    /// What the author of a pack should know of an item that is right is said wherever its check is shown.
    @Test
    func whatIsRightOnlyInAWayIsSaidToBeSo() async throws {
        guard Tool.has("/usr/bin/dpkg-query") else { try Test.cancel("there is no dpkg here") }
        try await Self.withFleet { folder, environment, _ in
            // In Debian, diffutils has an epoch, and mawk or another one provides awk.
            for (name, text) in [
                "packs/odd.yaml": """
                items:
                  packages: [ { name: diffutils, min_version: "0.1" }, { name: awk, state: absent } ]
                """,
                "fleet.yaml": "servers: [ { id: fine, connection: local, packs: [odd] } ]",
            ] {
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            #expect(try await Program.run(["apply", folder], environment).status == 0)
            try await Program.running(["worker", "--local", "fine"], environment) { worker in
                #expect(await worker.says("started"))
                for command in ["check", "diff", "probe"] {
                    let said = try await Program.run([command, "fine"], environment)
                    #expect(said.status == 0, "\(said)")
                    #expect(said.output.contains("fine odd: compliant: 2 items"), "\(said)")
                    #expect(said.output.contains("awk\n    fine, but it is not installed itself, but provided by "))
                    #expect(said.output.contains(" has an epoch, and so is newer than every version"), "\(said)")
                }
            }
        }
    }

    @Test
    func whatKeepsServersIsSaidOncePerQueueAndNoAnswerIsNoVerdict() async throws {
        try await Self.withFleet { _, environment, database in
            let alone = try await Program.run(["check", "--all", "--timeout", "1s"], environment)
            #expect(alone.status == 4, "\(alone)")
            #expect(alone.errors.contains("far: waiting: no worker is alive that serves the queue moon"), "\(alone)")
            #expect(alone.errors.contains("no answer within 1s from bad, far, fine"), "\(alone)")
            #expect(alone.output == "0 checks of 0 servers: no checks\n")
            try await database.execute(
                "insert into driftwatch.queues (queue, paused_at, paused_reason) values ('moon', now(), 'eclipse')")
            let paused = try await Program.run(["check", "far", "--timeout", "1s", "--json"], environment)
            #expect(paused.status == 4, "\(paused)")
            #expect(paused.errors.contains("the queue moon is paused since "), "\(paused)")
            #expect(paused.errors.contains("eclipse"), "\(paused)")
            #expect(try Self.json(paused)["no_answer"] as? [String] == ["far"])
        }
    }

    @Test
    func allAreAskedForInOneStatementAndAskingTwiceMakesNoSecondJob() async throws {
        try await Self.withFleet { _, environment, database in
            for person in ["ann", "bob"] {
                _ = try await Program.run(["check", "--all", "--timeout", "1s", "--as", person], environment)
            }
            let jobs = try await database.rows(
                "select server_id from driftwatch.jobs order by server_id", as: String.self)
            #expect(jobs == ["bad", "far", "fine"])
            let audit = try await database.rows(
                """
                select actor || ' ' || count(*) || ' ' || count(distinct at::text) from driftwatch.audit_log
                where action = 'enqueue_check' group by actor order by actor
                """, as: String.self)
            #expect(audit.map { $0.prefix(5) } == ["ann 3", "bob 3"])
        }
    }

    @Test
    func anInterruptLeavesTheChecksAndSaysSo() async throws {
        try await Self.withFleet { _, environment, database in
            try await Program.running(["check", "--all", "--timeout", "5m"], environment) { check in
                #expect(await check.says("waiting: no worker is alive"))
                check.send(SIGINT)
                #expect(await check.says("the checks still run"))
                #expect(await check.exitStatus() == 130)
            }
            #expect(
                try await database.rows("select distinct state from driftwatch.jobs", as: String.self) == ["available"])
        }
    }
}
