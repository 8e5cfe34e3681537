import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

/// `jobs`, `queue` and `schedule`: what people operate, with the built binary.
@Suite(.timeLimit(.minutes(3)))
struct QueueCommandTests {
    private static func withFleet(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            for server in ["web-1", "web-2"] { try await lent.database.makeServer(server) }
            try await lent.database.register(["scheduler", "worker", "notifier"])
            try await lent.database.execute(
                """
                select driftwatch.set_schedule('default', '0 6 * * *', 'Europe/Berlin');
                """)
            try await lent.database.execute(
                "select driftwatch.advance_schedule('default', now() + interval '1 day', now() + interval '2 days')")
            try await body(
                lent.database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo, "DRIFTWATCH_ACTOR": "ann"])
        }
    }

    private static func ask(_ database: Database, _ server: String = "web-1") async throws -> Int64 {
        try await database.rows("select driftwatch.enqueue_check(\(server), 'bob')", as: Int64.self)[0]
    }

    @Test
    func jobsAreCancelledAndRepeatedAndTheirStoryIsTold() async throws {
        try await Self.withFleet { database, environment in
            let job = try await Self.ask(database)
            let cancelled = try await Program.run(["jobs", "cancel", "\(job)", "999"], environment)
            #expect(cancelled.status == 2, "\(cancelled)")
            #expect(cancelled.output == "cancelled job \(job)\n")
            #expect(cancelled.errors.contains("there is no job 999 (driftwatch jobs list"), "\(cancelled)")
            let retried = try await Program.run(["jobs", "retry", "\(job)"], environment)
            #expect(retried.output == "job \(job) is repeated as job \(job + 1)\n", "\(retried)")
            let again = try await Program.run(["jobs", "retry", "\(job)"], environment)
            #expect(again.status == 0, "\(again)")
            // A job that repeats it already is as good.
            #expect(again.output == "job \(job) is repeated as job \(job + 1)\n", "\(again)")

            let story = try await Program.run(["jobs", "show", "\(job)"], environment).output
            for line in [
                "Job \(job): check of web-1, for bob", "cancelled by ann", "enqueued, in the queue default",
                "ann cancelled it", "ann had it repeated as job \(job + 1)", "base: failed: cancelled",
                "driftwatch jobs retry \(job) repeats it",
            ] { #expect(story.contains(line), "\(line): \(story)") }
            let next = try await Program.run(["jobs", "show", "\(job + 1)"], environment).output
            #expect(next.contains("which repeats job \(job), for ann"), "\(next)")
            #expect(next.contains("available: it waits for a place on a worker of the queue default"), "\(next)")

            try await database.execute(
                "select driftwatch.claim_jobs('host:1:x', '{default}', 1, 1, '60 s', '180 s')")
            let running = try await Program.run(["jobs", "cancel", "\(job + 1)"], environment)
            #expect(running.output == "cancelling job \(job + 1): its worker stops it within 20 s\n", "\(running)")
            let dying = try await Program.run(["jobs", "show", "\(job + 1)"], environment).output
            #expect(dying.contains("running on host:1:x, which stops it at the next renewal"), "\(dying)")
            let json = try await Program.run(["jobs", "show", "\(job)", "--json"], environment).output
            let parsed = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
            #expect((parsed["interventions"] as? [[String: Any]])?.count == 3)
            #expect(parsed["retry_of"] is NSNull)
        }
    }

    @Test
    func aPausedQueueIsSaidWhereverPeopleLook() async throws {
        try await Self.withFleet { database, environment in
            #expect(
                try await Program.run(["queue", "pause", "default"], environment).status == 2, "a reason is wanted")
            let typo = try await Program.run(["queue", "pause", "defualt", "--reason", "x"], environment)
            #expect(typo.status == 2 && typo.errors.contains("there is no queue defualt"), "\(typo)")
            let paused = try await Program.run(["queue", "pause", "default", "--reason", "new switch"], environment)
            #expect(paused.output == "paused default\n", "\(paused)")
            let list = try await Program.run(["queue", "list"], environment).output
            #expect(list.contains("new switch") && list.contains("ann"), "\(list)")
            let check = try await Program.run(["check", "web-1", "--timeout", "1s"], environment)
            #expect(check.errors.contains("the queue default is paused since "), "\(check)")
            #expect(check.errors.contains(" by ann: new switch (driftwatch queue resume default)"), "\(check)")
            let status = try await Program.run(["status", "--check"], environment)
            #expect(status.status == 4, "\(status)")
            #expect(status.output.contains(" by ann: new switch (driftwatch queue resume default)"), "\(status)")
            let doctor = try await Program.run(["doctor"], environment).output
            #expect(doctor.contains("the queue default is paused since "), "\(doctor)")
            #expect(try await Program.run(["queue", "resume", "default"], environment).output == "resumed default\n")
            #expect(!(try await Program.run(["status"], environment).output.contains("paused")))
            #expect(try await Program.run(["queue", "resume", "default"], environment).status == 2)
        }
    }

    @Test
    func aPausedScheduleIsSaidAndResumed() async throws {
        try await Self.withFleet { database, environment in
            let paused = try await Program.run(["schedule", "pause", "--reason", "we move"], environment)
            #expect(paused.output == "paused the schedule\n", "\(paused)")
            let twice = try await Program.run(["schedule", "pause", "--reason", "x"], environment)
            #expect(
                twice.status == 2 && twice.errors.contains("by ann: we move (driftwatch schedule resume)"), "\(twice)")
            let status = try await Program.run(["status", "--check"], environment)
            #expect(status.status == 4 && status.output.contains("the schedule is paused since "), "\(status)")
            let show = try await Program.run(["schedule", "show"], environment).output
            #expect(show.contains("we move"), "\(show)")
            #expect(try await Program.run(["schedule", "resume"], environment).output == "resumed the schedule\n")
            #expect(try await Program.run(["schedule", "resume"], environment).status == 2)
        }
    }

    @Test
    func aNextSlotThatIsTooLateIsSaidAndSettingTheSameComputesItAnew() async throws {
        try await Self.withFleet { database, environment in
            try await database.execute("update driftwatch.schedules set next_slot_at = now() + interval '1 year'")
            let show = try await Program.run(["schedule", "show"], environment)
            #expect(show.errors.contains("is later than the expression says: "), "\(show)")
            let status = try await Program.run(["status", "--check"], environment)
            #expect(status.status == 4 && status.output.contains("is later than the expression says"), "\(status)")
            #expect(
                try await Program.run(["doctor"], environment).output.contains(
                    "driftwatch schedule set computes it anew"))
            let set = try await Program.run(["schedule", "set", "0 6 * * *"], environment)
            #expect(set.output.hasPrefix("schedule unchanged: "), "\(set)")
            #expect(try await database.rows("select next_slot_at from driftwatch.schedules", as: Date?.self) == [nil])
        }
    }

    @Test
    func allListsShowTimesInTheSchedulesZone() async throws {
        try await Self.withFleet { database, environment in
            _ = try await Self.ask(database)
            for change in [
                ["queue", "pause", "default", "--reason", "firewall"],
                ["servers", "disable", "web-2", "--reason", "kernel", "--until", "2027-01-15T11:00:00Z"],
            ] {
                let result = try await Program.run(change, environment)
                #expect(result.status == 0, "\(result)")
            }
            for list in ["queue list", "servers list", "jobs list", "schedule show", "doctor"] {
                let output = try await Program.run(list.split(separator: " ").map(String.init), environment).output
                #expect(output.contains(#/:\d\d\+0[12]:00/#), "\(list): \(output)")
                #expect(!output.contains(#/:\d\dZ/#), "\(list): \(output)")
            }
            let held = try await Program.run(["servers", "list"], environment).output
            #expect(held.contains("off until 2027-01-15 12:00:00+01:00"), "\(held)")
        }
    }

    @Test
    func doctorSaysWhoseZoneRulesDiffer() async throws {
        try await Self.withFleet { _, environment in
            let same = try await Program.run(["doctor"], environment).output
            #expect(same.contains(#/tzdata \d{4}[a-z]; the database has the same rules for Europe\/Berlin/#), "\(same)")
            try await withFolder(["Europe/x": ""]) { folder in
                try FileManager.default.copyItem(
                    atPath: "/usr/share/zoneinfo/Asia/Tokyo", toPath: "\(folder)/Europe/Berlin")
                let other = try await Program.run(["doctor"], environment.merging(["TZDIR": folder]) { $1 }).output
                #expect(other.contains("the database has other rules for Europe/Berlin: "), "\(other)")
                #expect(other.contains("this machine's UTC+09:00"), "\(other)")
            }
        }
    }

    @Test
    func whatIsSetIsKeptAndWhatCannotBeIsRefused() async throws {
        try await Self.withFleet { database, environment in
            func set(_ arguments: String...) async throws -> Program.Result {
                try await Program.run(["schedule", "set"] + arguments, environment)
            }
            func stored() async throws -> String {
                try await database.rows(
                    "select concat_ws('|', cron, time_zone, spread) from driftwatch.schedules", as: String.self)[0]
            }
            let spread = try await set("--spread", "10m")
            #expect(
                spread.output.hasPrefix("schedule set: 0 6 * * * Europe/Berlin, spread over 10m, next slot 20"),
                "\(spread)")
            #expect(try await stored() == "0 6 * * *|Europe/Berlin|00:10:00")
            #expect(try await set("--spread", "10m").output.hasPrefix("schedule unchanged: "))
            #expect(try await set("30 5 * * *").status == 0)
            #expect(try await stored() == "30 5 * * *|Europe/Berlin|00:10:00")
            for (arguments, complaint) in [
                (["--spread", "2d"], "a spread of 2d is longer than the time between two slots, "),
                (["--spread", "ten"], "The value 'ten' is invalid for '--spread <span>'"),
                (["*/5 * * * *"], "a spread of 10m is longer than the time between two slots, 5m"),
                ([], "Nothing to set"), (["--time-zone", "Mars/Base"], "`Mars/Base` is not a time zone"),
            ] {
                let refused = try await Program.run(["schedule", "set"] + arguments, environment)
                #expect(refused.status == 2 && refused.errors.contains(complaint), "\(refused)")
            }
            #expect(try await stored() == "30 5 * * *|Europe/Berlin|00:10:00")
            #expect(try await set("--spread", "0").status == 0)
            try await database.execute(
                "select driftwatch.skip_slots('default', array[timestamptz '2026-11-20 04:30Z'], 'too_old')")
            let show = try await Program.run(["schedule", "show"], environment).output
            #expect(show.contains("2026-11-20 05:30:00+01:00"), "in the schedule's zone: \(show)")
            #expect(show.contains("it was 12 hours old or older when a scheduler saw it"), "\(show)")
            let json = try await Program.run(["schedule", "show", "--json"], environment).output
            let lines = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
            #expect((lines[0]["slots"] as? [[String: Any]])?.first?["skipped"] as? String == "too_old")
            #expect(lines[0]["spread"] as? String == "0")
        }
    }
}
