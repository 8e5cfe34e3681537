import Cron
import DriftServices
import DriftStore
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// Reminders, the digest and the heartbeat, as a scheduler's process sends them.
@Suite(.timeLimit(.minutes(2)))
struct ReporterTests {
    private static func queued(_ database: Database) async throws -> [String] {
        try await database.rows("select kind from driftwatch.outbox where alert_id is null order by 1", as: String.self)
    }

    @Test
    func theDigestComesInTheSchedulesZoneOnceHoweverManySchedulersRun() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await SchedulerTests.set(database, clock: "2026-11-20 12:00:00+00")  // a Friday
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'Europe/Berlin')")
            let reporter = Reporter(
                database: database, settings: ReporterSettings(digest: try CronExpression("0 8 * * mon")),
                logger: .quiet)
            // Nothing is sent before a scheduler knows the schedule.
            try await reporter.report()
            _ = try await SchedulerTests.scheduler(on: database).fireDueSlots()
            try await reporter.report()
            #expect(try await Self.queued(database) == [], "that of last Monday is only noted")
            try await SchedulerTests.set(database, clock: "2026-11-23 05:30:00+00")
            try await database.execute(
                "update driftwatch.schedules set next_slot_at = '2026-11-24 05:00Z', following_slot_at = '2026-11-25 05:00Z'"
            )
            try await SchedulerTests.set(database, clock: "2026-11-23 06:59:59+00")
            try await reporter.report()
            #expect(try await Self.queued(database) == [])
            try await SchedulerTests.set(database, clock: "2026-11-23 07:00:01+00")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await reporter.report() } }
                try await group.waitForAll()
            }
            #expect(try await Self.queued(database) == ["digest"])
        }
    }

    @Test
    func nothingIsSentThatNobodyAskedFor() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.execute("select driftwatch.open_alert('web-1', 'base', 1, 1, '[]')")
            try await database.execute("update driftwatch.outbox set state = 'sent', sent_at = now()")
            try await database.advanceClock(by: .seconds(30 * 86_400))
            try await Reporter(database: database, settings: ReporterSettings(), logger: .quiet).report()
            #expect(try await Self.queued(database) == [])
            let settings = ReporterSettings(remindAfter: .seconds(86_400))
            try await Reporter(database: database, settings: settings, logger: .quiet).report()
            #expect(try await Self.queued(database) == ["reminder"])
        }
    }

    @Test
    func aHeartbeatIsSentOnceAndAgainAfterAFailure() async throws {
        try await withMigratedDatabase { database in
            try await database.stopClock()
            try await database.execute(
                """
                insert into driftwatch.slots (schedule_name, slot_at, fired_at, enqueued, completed_at)
                values ('default', '2026-11-23 06:00Z', driftwatch.clock(), 1, driftwatch.clock())
                """)
            let answers = Mutex<[String?]>(["HTTP 503"])
            let sent = Mutex(0)
            let heartbeat = Heartbeat(database: database, logger: .quiet) {
                sent.withLock { $0 += 1 }
                return answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            }
            try await heartbeat.beat()
            let problem = try await database.read { try DeliveryReader.report(in: $0).notices }
            #expect(
                problem == ["the heartbeat after the slot of 2026-11-23T06:00:00Z is not delivered: HTTP 503"])
            try await heartbeat.beat()
            #expect(sent.withLock { $0 } == 1, "it waits")
            try await database.advanceClock(by: .seconds(10))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await heartbeat.beat() } }
                try await group.waitForAll()
            }
            #expect(sent.withLock { $0 } == 2)
            #expect(try await database.read { try DeliveryReader.report(in: $0).notices } == [])
        }
    }
}
