import Cron
import DriftCore
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import DriftServices

/// The log can be followed by server, pack, job, alert and schedule.
@Suite(.timeLimit(.minutes(3)))
struct LogTests {
    @Test
    func aSlotItsCheckAndTheMessageOfItsAlertNameWhatTheyAreAbout() async throws {
        let log = RecordedLog()
        try await Fleet.with(["web-1": ["base": ["/a"]]], logger: log.logger) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", missing: ["/a"])
            try await fleet.database.execute("select driftwatch.set_schedule('default', '* * * * *', 'UTC')")
            let scheduler = Scheduler(
                database: fleet.database,
                settings: SchedulerSettings(
                    seed: try Schedule(cron: "* * * * *", timeZone: "UTC"), seedIsExplicit: false),
                logger: log.logger)
            _ = try await scheduler.fireDueSlots()
            try await fleet.database.advanceClock(by: .seconds(61))
            #expect(try await scheduler.fireDueSlots() == 1)
            let job = try await fleet.database.rows(
                "select job_id from driftwatch.jobs where slot_at is not null", as: Int64.self)[0]
            try await fleet.wait(for: job)
            // The message waits for others of its slot.
            try await fleet.database.advanceClock(by: .seconds(31))
            let notifier = Notifier(
                database: fleet.database, sender: RecordingSender(), settings: NotifierSettings(notifierID: "n"),
                logger: log.logger)
            _ = try await notifier.sendNext()
            await log.wait(for: "notification sent")

            #expect(log.lines("slot fired").map { $0.facts["schedule.name"] } == ["default"])
            let ofJob = ["job.id": "\(job)", "server.id": "web-1", "schedule.name": "default"]
            let checked = try #require(log.lines("checked").last)
            #expect(checked.facts == ofJob.merging(["pack.name": "base", "check.verdict": "drifted"]) { $1 })
            while log.lines("job ended").count < 2 { await Task.yield() }
            let ended = try #require(log.lines("job ended").last)
            #expect(ended.facts.filter { ofJob.keys.contains($0.key) } == ofJob)
            let sent = try #require(log.lines("notification sent").last)
            #expect(
                sent.facts == [
                    "outbox.id": "1", "outbox.attempt": "1", "alert.id": "1", "server.id": "web-1",
                    "pack.name": "base",
                ])
        }
    }

    @Test
    func eachChangeOfAnAlertNamesItsAlertAndItsCheck() async throws {
        let log = RecordedLog()
        try await Fleet.with(["web-1": ["base": ["/a", "/b"]]], logger: log.logger) { fleet in
            let looks: [(missing: [String], line: String?)] = [
                ([], nil), (["/a"], "alert opened"), (["/a"], nil), (["/a", "/b"], "alert updated"),
                // Fewer are wrong: nobody is notified.
                (["/b"], nil), ([], "alert resolved"),
            ]
            for look in looks {
                fleet.see(on: "web-1", present: ["/a", "/b"], missing: look.missing)
                try await fleet.check("web-1")
            }
            for (index, look) in looks.enumerated() {
                guard let line = look.line else { continue }
                await log.wait(for: line)
                let facts = log.lines(line).map(\.facts)
                let (job, check) = try await fleet.database.rows(
                    "select job_id, check_id from driftwatch.checks order by check_id offset \(index) limit 1",
                    as: (Int64, Int64).self)[0]
                #expect(
                    facts == [
                        [
                            "job.id": "\(job)", "server.id": "web-1", "pack.name": "base", "alert.id": "1",
                            "check.id": "\(check)",
                        ]
                    ], "\(line)")
            }
        }
    }

    /// Its check, alert and message are rolled back: nothing has changed.
    @Test
    func whatIsNotStoredIsNotAnnounced() async throws {
        let log = RecordedLog()
        try await Fleet.with(["web-1": ["base": ["/a"]]], logger: log.logger) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.executeScript(
                """
                create function driftwatch.refuse_write() returns trigger language plpgsql as
                    $$ begin raise exception 'no' using errcode = '23514'; end $$;
                create trigger refuse before insert on driftwatch.outbox
                    for each row execute function driftwatch.refuse_write()
                """)
            fleet.see(on: "web-1", missing: ["/a"])
            _ = try await fleet.enqueue("web-1")
            await log.wait(for: "the job's effects were refused")
            try await fleet.database.execute("drop trigger refuse on driftwatch.outbox")
            #expect(log.lines("alert opened").isEmpty)
        }
    }

    @Test
    func aLostLeaseNamesItsJobAndServer() async throws {
        let log = RecordedLog()
        try await Fleet.with(["web-1": ["base": ["/a"]]], logger: log.logger) { fleet in
            let (looking, began) = AsyncStream<Void>.makeStream()
            let (released, release) = AsyncStream<Void>.makeStream()
            let looks = Mutex(0)
            fleet.prober.script("web-1") { _, _ in
                let look = looks.withLock {
                    $0 += 1
                    return $0
                }
                if look == 1 {
                    began.finish()
                    for await _ in released {}
                }
                return .success(Facts(files: [ServerPath("/a"): .plain]))
            }
            defer { release.finish() }
            let job = try await fleet.enqueue("web-1")
            for await _ in looking {}
            try await fleet.database.advanceClock(by: .seconds(61))
            await log.wait(for: "job rescued")
            try await fleet.wait(for: job)
            release.finish()
            await log.wait(for: "lease lost: the result was dropped")
            for message in ["job rescued", "lease lost: the result was dropped"] {
                let facts = try #require(log.lines(message).first).facts
                #expect(facts["job.id"] == "\(job)" && facts["server.id"] == "web-1", "\(message): \(facts)")
            }
        }
    }

    @Test
    func aResultThatCannotBeStoredNamesItsAlert() async throws {
        let log = RecordedLog()
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(1, on: database)
            try await database.executeScript(
                """
                create function driftwatch.refuse_write() returns trigger language plpgsql as
                    $$ begin raise exception 'no' using errcode = '53100'; end $$;
                create trigger refuse before update of state on driftwatch.outbox
                    for each row when (new.state = 'sent') execute function driftwatch.refuse_write()
                """)
            let notifier = Notifier(
                database: database, sender: RecordingSender(), settings: NotifierSettings(notifierID: "n"),
                logger: log.logger)
            async let sent = notifier.sendNext()
            await log.wait(for: "the result of a notification could not be stored yet")
            try await database.execute("drop trigger refuse on driftwatch.outbox")
            _ = try await sent
            let facts = log.lines("the result of a notification could not be stored yet")[0].facts
            #expect(facts["alert.id"] == "1" && facts["server.id"] == "s1" && facts["pack.name"] == "base", "\(facts)")
            #expect(facts["outbox.id"] != nil)
        }
    }
}
