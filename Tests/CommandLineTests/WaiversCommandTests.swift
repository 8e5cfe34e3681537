import Foundation
import Postgres
import TestSupport
import Testing

/// `waivers`, and where people see what is waived or due.
@Suite
struct WaiversCommandTests {
    private static func withServer(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await lent.database.makeServer("web-1")
            try await body(lent.database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo, "DRIFTWATCH_ACTOR": "ann"])
        }
    }

    @Test
    func aWaiverIsAddedListedAndEnded() async throws {
        try await Self.withServer { _, environment in
            let add = ["waivers", "add", "--pack", "base", "--item", "/etc/motd", "--reason", "new text in May"]
            let added = try await Program.run(add + ["--server", "web-1", "--until", "2099-05-01"], environment)
            #expect(added.status == 0 && added.output.hasPrefix("added waiver 1;") && added.errors.isEmpty, "\(added)")
            let labelled = try await Program.run(add + ["--label", "role=web", "--label", "site=a"], environment)
            #expect(labelled.status == 0 && labelled.output == "added waiver 2\n", "\(labelled)")
            #expect(labelled.errors.contains("no server that it names has the pack base"), "\(labelled)")

            let list = try await Program.run(["waivers", "list"], environment)
            let lines = list.output.split(separator: "\n")
            #expect(lines.count == 3 && lines[1].contains("role=web site=a"), "\(list)")
            #expect(lines[2].contains("web-1") && lines[2].hasSuffix("new text in May"), "\(list)")
            let json = try await Program.run(["waivers", "list", "--json", "--server", "web-1"], environment)
            let waivers = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]], "\(json)")
            #expect(waivers.count == 1)
            #expect(waivers[0]["until"] as? String == "2099-05-01T00:00:00Z")
            #expect(waivers[0]["item_key"] as? String == "file:/etc/motd")
            #expect(waivers[0]["author"] as? String == "ann")

            let twice = try await Program.run(add + ["--server", "web-1"], environment)
            #expect(twice.status == 0 && twice.output.hasPrefix("added waiver 3;"), "\(twice)")
            #expect(twice.errors.contains("waiver 1, by ann, accepts the same"), "\(twice)")
            #expect(twice.errors.contains("it has no end"), "\(twice)")
            #expect(try await Program.run(["waivers", "end", "3"], environment).status == 0)

            let ended = try await Program.run(["waivers", "end", "1", "2"], environment)
            #expect(ended.status == 0 && ended.output == "ended waiver 1\nended waiver 2\n", "\(ended)")
            #expect(try await Program.run(["waivers", "list"], environment).output == "no waivers\n")
            let all = try await Program.run(["waivers", "list", "--all"], environment)
            #expect(all.output.split(separator: "\n").count == 4, "\(all)")
        }
    }

    @Test
    func aSpanCountsFromNowAndNonsenseIsRefused() async throws {
        try await Self.withServer { database, environment in
            let add = ["waivers", "add", "--pack", "base", "--reason", "r", "--server", "web-1"]
            let span = try await Program.run(add + ["--item", "/etc/motd", "--until", "30d"], environment)
            #expect(span.status == 0, "\(span)")
            let days = try await database.rows(
                """
                select round(extract(epoch from until_at - created_at) / 86400)::integer from driftwatch.waivers
                """, as: Int.self)
            #expect(days == [30])
            for (more, says) in [
                (["--item", "/etc/motd", "--until", "May"], "--until"),
                (["--item", "/etc/nothing"], "base has no item"),
                (["--item", "/etc/motd", "--label", "role=web"], "either --server or --label"),
            ] {
                let refused = try await Program.run(add + more, environment)
                #expect(refused.status == 2 && refused.errors.contains(says), "\(refused)")
            }
        }
    }

    private static let items = """
        [{"key": "file:/etc/motd", "item": "/etc/motd", "status": "waived",
          "waiver": {"reason": "new text", "author": "ann", "until": "2099-05-01T00:00:00Z"},
          "mismatches": [{"type": "missing_file", "item": "/etc/motd", "key": "file:/etc/motd",
                          "expected": {"state": "file"}, "actual": {"state": "absent"}}]},
         {"key": "file:/etc/x", "item": "/etc/x", "status": "due", "from": "2099-01-15", "mismatches": []}]
        """

    @Test
    func whatIsWaivedOrDueIsShownAsSuch() async throws {
        try await Self.withServer { database, environment in
            try await database.executeScript(
                """
                select driftwatch.enqueue_check('web-1');
                select driftwatch.record_check(
                    1, 'web-1', 'base', (select digest from driftwatch.packs), 'compliant', null, 1, 0, 0, 'f',
                    '\(Self.items)', now(), 1, true, 1, 1);
                select driftwatch.remember('web-1', 'base', 1, 'compliant', '{}', '{}', '[]', '{}', '[]', now());
                """)
            let diff = try await Program.run(["diff", "web-1"], environment)
            #expect(diff.status == 0, "\(diff)")
            #expect(diff.output.contains("compliant: 3 items, 1 waived, 1 due"), "\(diff)")
            #expect(diff.output.contains("waived by ann until 2099-05-01 00:00 UTC: new text"), "\(diff)")
            #expect(diff.output.contains("due: it counts from 2099-01-15 on"), "\(diff)")
            let status = try await Program.run(["status"], environment)
            #expect(status.output.contains("1 waived, 1 due"), "\(status)")
            let json = try await Program.run(["status", "--json"], environment)
            #expect(
                json.output.contains("\"waived_count\": 1") && json.output.contains("\"due_count\": 1"), "\(json)")
        }
    }
}
