import DriftCore
import Foundation
import Postgres
import TestSupport
import Testing

/// `status` and what it counts, with the built binary.
@Suite(.timeLimit(.minutes(3)))
struct StatusCommandTests {
    /// A fleet with a line of each kind, and every process alive.
    static func withFleet(_ body: (Database, StatusProgram) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let database = lent.database
            for server in ["a-fine", "b-drifted", "c-dark", "d-failing", "e-never", "f-held", "g-stale"] {
                try await database.makeServer(server, packs: ["base": ["/a", "/b", "/c"]])
            }
            try await database.makeServer("h-bare", packs: [:])
            try await database.makeServer("b-drifted", packs: ["base": ["/a", "/b", "/c"], "extra": ["/x"]])
            try await database.execute(
                "update driftwatch.servers set labels = '{\"role\": \"web\"}' where server_id in ('a-fine', 'b-drifted')"
            )
            try await database.watch(cron: "0 6 * * *", timeZone: "Europe/Berlin")
            try await database.judge("a-fine")
            try await database.judge("b-drifted", wrong: ["/a"])
            try await database.judge("b-drifted", pack: "extra", items: 1)
            try await database.judge("c-dark", unreadable: ["/a", "/b"], dark: ["/b"])
            try await database.judge("d-failing")
            try await database.execute("select driftwatch.note_look('d-failing', 'unreachable')")
            try await database.execute("select driftwatch.disable_drift_detection('f-held', 'moving house')")
            try await database.judge("g-stale")
            try await database.execute(
                "update driftwatch.drift_states set last_checked_at = '2026-01-01' where server_id = 'g-stale'")
            try await database.execute("update driftwatch.schedules set due_before_last_at = '2026-01-02'")
            try await body(database, StatusProgram(environment: ["DRIFTWATCH_DATABASE_URL": lent.conninfo]))
        }
    }

    @Test
    func whatIsWrongComesFirst() async throws {
        try await Self.withFleet { _, status in
            let lines = try await status.run().output.split(separator: "\n").map { $0.split(separator: " ") }
            let heads = lines.dropFirst().prefix(9).map { $0.prefix(3).joined(separator: " ") }
            #expect(
                heads == [
                    "b-drifted base drifted", "d-failing base compliant", "c-dark base incomplete",
                    "g-stale base compliant",
                    "e-never base unknown", "a-fine base compliant", "b-drifted extra compliant", "h-bare - -",
                    "f-held base disabled",
                ])
        }
    }

    @Test
    func everyLineIsCountedOnceAndTheLastLineTellsThem() async throws {
        try await Self.withFleet { _, status in
            let last = try #require(try await status.run().output.split(separator: "\n").last)
            #expect(
                last.hasPrefix(
                    "3 compliant, 1 drifted, 1 incomplete, 1 failed, 1 never checked, 1 stale, 1 disabled; 1 worker alive; "
                ),
                "\(last)")
            #expect(last.contains("(Europe/Berlin)"))
        }
    }

    @Test
    func itSaysSinceWhenAServerFailsAndWhatWentDark() async throws {
        try await Self.withFleet { _, status in
            let output = try await status.run().output
            let failing = try #require(output.split(separator: "\n").first { $0.hasPrefix("d-failing") })
            #expect(
                failing.contains(
                    #/cannot be checked since \d{4}-\d\d-\d\d \d\d:\d\d Europe/Berlin: .* \(unreachable\)/#),
                "\(failing)")
            #expect(failing.contains(#/\d\d:\d\d:\d\d\+0[12]:00/#), "times have their offset: \(failing)")
            let dark = try #require(output.split(separator: "\n").first { $0.hasPrefix("c-dark") })
            #expect(dark.contains(#/2 of 3 items could not be read, 1 of them since \d{4}/#), "\(dark)")
        }
    }

    @Test(arguments: [
        (["a-fine", "c-dark"], ["c-dark base", "a-fine base"]),
        (["--label", "role=web"], ["b-drifted base", "a-fine base", "b-drifted extra"]),
        (["--pack", "extra"], ["b-drifted extra"]),
        (["--label", "role=web", "--pack", "base", "--state", "compliant"], ["a-fine base"]),
        (["--state", "drifted"], ["b-drifted base"]), (["--state", "failed"], ["d-failing base"]),
        (["--state", "incomplete"], ["c-dark base"]), (["--state", "stale"], ["g-stale base"]),
        (["--state", "never-checked"], ["e-never base"]), (["--state", "unknown"], ["e-never base"]),
        (["--state", "disabled"], ["f-held base"]), (["--label", "role=db"], []),
    ])
    func linesCanBeSelected(arguments: [String], expected: [String]) async throws {
        try await Self.withFleet { _, status in
            let json = try await status.run(arguments + ["--json"]).output
            let parsed = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
            let lines = try #require(parsed["assignments"] as? [[String: Any]])
            let names = lines.map { "\($0["server_id"] ?? "") \($0["pack_name"] ?? "")" }
            #expect(names == expected)
            if expected.isEmpty { #expect(try await status.run(arguments).output.hasPrefix("nothing matches\n")) }
        }
    }

    @Test(arguments: [
        (["web-9"], "there is no server web-9"), (["--pack", "other"], "there is no pack other"),
        (["--state", "happy"], "never-checked"), (["--label", "web"], "--label"), (["--label", "=web"], "--label"),
    ])
    func whatThereIsNotIsSaid(arguments: [String], says: String) async throws {
        try await Self.withFleet { _, status in
            let result = try await status.run(arguments)
            #expect(result.status == 2)
            #expect(result.errors.contains(says), "\(result)")
        }
    }

    @Test
    func theExitStatusTellsDriftBeforeDoubtAndDoubtBeforeNothing() async throws {
        try await Self.withFleet { _, status in
            let expected = [
                "a-fine": 0, "b-drifted": 1, "c-dark": 4, "d-failing": 4, "e-never": 0, "f-held": 0, "g-stale": 4,
                "h-bare": 0,
            ]
            for (server, code) in expected {
                let result = try await status.run([server, "--check"])
                #expect(result.status == code, "\(result)")
            }
            #expect(try await status.run(["--check"]).status == 1)
            #expect(try await status.run([]).status == 0)
        }
    }

    @Test
    func aFleetThatNothingLooksAtIsInDoubt() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let status = StatusProgram(environment: ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
            try await lent.database.makeServer("web-1")
            #expect(try await status.run(["--check"]).status == 4)
            #expect(try await status.run().output.contains("there is no schedule"))
            try await lent.database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            try await lent.database.register(["worker", "notifier"])
            let silent = try await status.run(["--check"])
            #expect(silent.status == 4, "a worker and a notifier check nothing without a scheduler")
            #expect(silent.output.contains("no scheduler is alive"), "\(silent)")
            try await lent.database.register(["scheduler"])
            #expect(try await status.run(["--check"]).status == 0)
            try await lent.database.execute("update driftwatch.workers set state = 'stopped' where process = 'worker'")
            #expect(try await status.run().output.contains("no worker is alive"))
            #expect(try await status.run(["--check"]).status == 4)
        }
    }

    @Test
    func messagesThatAreNotDeliveredAreInDoubtHoweverWellTheServersAre() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo]
            let status = StatusProgram(environment: environment)
            try await lent.database.makeServer("web-1")
            try await lent.database.watch(cron: "0 6 * * *", timeZone: "UTC")
            try await lent.database.judge("web-1", items: 1)
            #expect(try await status.run(["--check"]).status == 0)
            try await lent.database.execute(
                "update driftwatch.destinations set paused_at = now(), paused_reason = 'no_service'")
            let result = try await status.run(["--check"])
            #expect(result.status == 4)
            #expect(
                result.output.contains("messages to default are not delivered: paused: no_service\n"), "\(result)")
            let doctor = try await Program.run(["doctor", "web-1"], environment)
            #expect(doctor.output.contains("paused: no_service"), "\(doctor)")
            #expect(try await status.run(["--json"]).output.contains("\"delivery_problems\": [\n"))
        }
    }

    @Test
    func removedHistoryIsNotKeptAnyMoreRatherThanNeverMade() async throws {
        try await Self.withFleet { database, status in
            try await database.execute("delete from driftwatch.checks")
            try await database.execute("delete from driftwatch.check_details")
            let result = try await status.run()
            #expect(result.output.contains(" 1 never checked, "), "\(result)")
            #expect(result.output.contains("its checks are not kept any more"))
            for (server, code, says) in [
                ("b-drifted", 1, "    missing\n"), ("c-dark", 4, "permission_denied"),
                ("a-fine", 0, "compliant: 3 items"),
            ] {
                let diff = try await Program.run(["diff", server, "--pack", "base"], status.environment)
                #expect(diff.status == code, "\(diff)")
                #expect(diff.output.contains("is not kept any more"), "\(diff)")
                #expect(diff.output.contains(says), "\(diff)")
            }
            let named = try await Program.run(["diff", "a-fine", "--check", "1"], status.environment)
            #expect(named.errors.contains("check 1 is not kept any more"), "\(named)")
            let never = try await Program.run(["diff", "e-never"], status.environment)
            #expect(never.errors.contains("e-never was never checked"))
            let wrong = try await Program.run(["diff", "a-fine", "--check", "99999"], status.environment)
            #expect(wrong.errors.contains("there is no check 99999"))
        }
    }
}

/// `driftwatch status` with arguments.
struct StatusProgram: Sendable {
    let environment: [String: String]

    func run(_ arguments: [String] = []) async throws -> Program.Result {
        try await Program.run(["status"] + arguments, environment)
    }
}

extension Database {
    /// A schedule that is not due for a day, and every process alive.
    func watch(cron: String, timeZone: String) async throws {
        try await execute("select driftwatch.set_schedule('default', \(cron), \(timeZone))")
        try await execute(
            """
            select driftwatch.advance_schedule('default', min(t), min(t) + interval '1 day')
            from generate_series(0, 1) d
            cross join lateral (
                select (date_trunc('day', now() at time zone \(timeZone)) + d * interval '1 day' + interval '6 hours')
                    at time zone \(timeZone)) slot (t)
            where t > now() + interval '5 seconds'
            """)
        try await register(["scheduler", "worker", "notifier"])
    }

    func register(_ processes: [String]) async throws {
        for process in processes {
            try await execute(
                """
                select driftwatch.register_worker(\(process), \(process), 'host', 1, '1', null,
                    case when \(process) = 'worker' then array['default'] else '{}' end)
                """)
        }
    }

    /// Writes a finished check of a server, as a worker does.
    func judge(
        _ server: String, pack: String = "base", items: Int = 3, wrong: [String] = [], unreadable: [String] = [],
        dark: Set<String> = []
    ) async throws {
        let outcomes =
            wrong.map { path in
                let key = ItemKey(rawValue: "file:\(path)")
                let missing = Mismatch(
                    type: .missingFile, item: path, key: key, expected: ["type": "file"], actual: ["type": "missing"])
                return ItemOutcome(key: key, item: path, finding: .wrong([missing]))
            }
            + unreadable.map { path in
                ItemOutcome(key: ItemKey(rawValue: "file:\(path)"), item: path, finding: .unreadable(.permissionDenied))
            }
        let filling = (outcomes.count..<items).map {
            ItemOutcome(key: ItemKey(rawValue: "file:/fine\($0)"), item: "/fine\($0)", finding: .ok)
        }
        let check = Check(
            packName: PackName(rawValue: pack), packDigest: SHA256Digest(of: []), outcomes: outcomes + filling)
        let remembered = wrong.map { path in
            """
            {"key": "file:\(path)", "type": "missing_file", "item": "\(path)", "expected": {"type": "file"},
             "actual": {"type": "missing"}}
            """
        }
        let unseen = unreadable.map { path in
            """
            {"key": "file:\(path)", "item": "\(path)", "reason": "permission_denied", "was_readable": \(dark.contains(path))}
            """
        }
        let job = try await rows("select driftwatch.enqueue_check(\(server), 'test')", as: Int64.self)[0]
        try await execute(
            """
            select driftwatch.remember(
                \(server), \(pack), driftwatch.record_check(
                    \(job), \(server), \(pack), (select digest from driftwatch.packs where pack_name = \(pack)),
                    \(check.verdict.rawValue), null, \(check.okCount), \(check.mismatchCount), \(check.unreadableCount),
                    \(check.fingerprint.description), \(try check.detailsJSON())::text::jsonb, driftwatch.clock(), 5),
                \(wrong.isEmpty ? "compliant" : "drifted"), '{}', '{}',
                \("[\(remembered.joined(separator: ","))]")::text::jsonb, '{}',
                \("[\(unseen.joined(separator: ","))]")::text::jsonb, driftwatch.clock())
            """)
        try await execute(
            "update driftwatch.jobs set state = 'succeeded', finished_at = now() where job_id = \(job)")
    }
}
