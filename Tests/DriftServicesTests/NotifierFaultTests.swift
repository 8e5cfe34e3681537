import DriftCore
import Foundation
import Logging
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// The outbox where something goes wrong between the notifier and its database, or between versions.
@Suite(.timeLimit(.minutes(2)))
struct NotifierFaultTests {
    @Test
    func whatAClaimOrASettleLostIsSentAgainByTheSameNotifier() async throws {
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(1, changes: 0, on: database)
            let lost = try await NotifierTests.claim(as: "n", on: database)
            let sender = RecordingSender()
            let notifier = NotifierTests.notifier("n", on: database, sender)
            _ = try await notifier.sendNext()
            #expect(sender.sent.isEmpty, "it may have been sent, so it waits a little")
            try await NotifierTests.drain([notifier], on: database, steps: 1, step: .seconds(10))
            #expect(sender.sent.map(\.outboxID) == [lost.message])
            #expect(sender.sent.map(\.isRepeat) == [true])
            #expect(try await NotifierTests.states(on: database) == ["sent", "pending"])
            let error = await #expect(throws: DatabaseError.self) {
                try await database.execute("select driftwatch.settle_outbox('{1}', \(lost.lease), 'dead')")
            }
            #expect(error?.sqlState == .leaseLost, "a late settle of the earlier claim changes nothing")
        }
    }

    @Test
    func aSettleMayBeRepeated() async throws {
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(1, changes: 0, on: database)
            let claim = try await NotifierTests.claim(as: "n", on: database)
            for _ in 0..<2 {
                try await database.execute("select driftwatch.settle_outbox('{1}', \(claim.lease), 'away', '1 min')")
            }
            let found = try await database.rows(
                "select attempt, failures from driftwatch.outbox cross join driftwatch.destinations where seq = 1",
                as: (Int, Int).self)[0]
            #expect(found == (0, 1), "the second found it done")
        }
    }

    @Test
    func aSettleIsTriedUntilTheDatabaseIsBackAndNothingIsSentTwice() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let database = lent.database
            try await NotifierTests.owe(1, changes: 0, on: database)
            let sender = RecordingSender { _, _ in
                // As if the database went away while the message was on its way.
                _ = try? await database.execute("alter function driftwatch.settle_outbox rename to not_there")
                return .sent(remoteID: nil)
            }
            let clock = ManualClock()
            let notifier = NotifierTests.notifier("n", on: database, sender, clock: clock)
            async let sent = notifier.sendNext()
            for _ in 0..<3 { clock.advance(by: try await clock.nextSleep()) }
            _ = try await clock.nextSleep()
            #expect(try await NotifierTests.states(on: database) == ["sending", "pending"])
            try await database.execute("alter function driftwatch.not_there rename to settle_outbox")
            clock.advance(by: .seconds(10))
            _ = try await sent
            #expect(sender.sent.count == 1)
            #expect(try await NotifierTests.states(on: database) == ["sent", "pending"])
        }
    }

    @Test
    func aNotifierThatStopsLeavesTheDestinationFreeAndNothingHalfSent() async throws {
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(1, changes: 0, on: database)
            let sender = RecordingSender()
            await withTaskGroup { group in
                group.addTask { await NotifierTests.notifier("n", on: database, sender).run() }
                _ = await sender.nextNotification()
                group.cancelAll()
            }
            let isFree = try await database.rows(
                "select lease_expires_at is null from driftwatch.destinations", as: Bool.self)
            #expect(isFree == [true])
            #expect(try await NotifierTests.states(on: database) == ["sent", "pending"])
        }
    }

    @Test
    func aMessageOfALaterVersionWaitsForALaterNotifierAndHoldsUpNoOtherAlert() async throws {
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(2, changes: 0, on: database)
            try await database.execute(
                """
                update driftwatch.outbox set payload = payload || '{"version": 99, "items": "of a new kind"}'
                where outbox_id = 1
                """)
            let sender = RecordingSender()
            let notifier = NotifierTests.notifier("n", on: database, sender)
            for _ in 0..<2 { _ = try await notifier.sendNext() }
            #expect(sender.sent.map(\.outboxID) == [3], "the other alert's goes at once")
            let waiting = try await database.rows(
                "select attempt, state, last_error from driftwatch.outbox where outbox_id = 1",
                as: (Int, String, String).self)[0]
            #expect(waiting.0 == 0 && waiting.1 == "pending" && waiting.2.contains("version 99"))
            // The later notifier is there.
            try await database.execute(
                """
                update driftwatch.outbox set payload = payload || '{"version": 1, "items": []}' where outbox_id = 1
                """)
            try await NotifierTests.drain([notifier], on: database, steps: 4, step: .seconds(30))
            #expect(sender.sent.map(\.outboxID) == [3, 4, 1, 2])
        }
    }

    @Test
    func aMismatchOfALaterVersionIsTold() throws {
        let json = """
            {"version": 1, "kind": "drift_detected", "alert_id": 1, "server_id": "a", "server_name": "A",
             "pack_name": "p", "mismatch_count": 1, "items": [{"type": "wrong_mood", "item": "/etc/motd"}],
             "diff_path": "/", "opened_at": "", "occurred_at": ""}
            """
        let facts = try NotificationFacts(json: Array(json.utf8))
        #expect(facts.items.map(\.type) == ["wrong_mood"])
        #expect(throws: DecodingError.self) { try NotificationFacts(json: Array("{\"version\": 1}".utf8)) }
    }

    @Test
    func whoRefusesAMessageTakesOthersSoThePauseIsOver() async throws {
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(1, on: database)
            let sender = RecordingSender([
                .badDestination("no_service"), .badMessage("invalid_blocks"), .badMessage("no_text"),
            ])
            let notifier = NotifierTests.notifier("n", on: database, sender)
            _ = try await notifier.sendNext()
            try await NotifierTests.drain([notifier], on: database, steps: 1, step: .seconds(900))
            #expect(sender.sent.count == 2, "the probe")
            try await NotifierTests.drain([notifier], on: database, steps: 3, step: .seconds(1))
            #expect(try await NotifierTests.states(on: database) == ["dead", "sent", "sent"])
        }
    }
}
