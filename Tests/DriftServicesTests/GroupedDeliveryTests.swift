import DriftCore
import Foundation
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// Notifications that go out as one message: they share its outcome, and keep their order per alert.
@Suite(.timeLimit(.minutes(2)))
struct GroupedDeliveryTests {
    /// Openings and resolutions of alerts on `servers` servers, each kind about one thing.
    private static func with(
        _ servers: Int, _ sender: RecordingSender, _ body: (Database, Notifier) async throws -> Void
    ) async throws {
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(servers, changes: 0, on: database)
            try await database.execute("update driftwatch.outbox set group_key = kind")
            try await body(database, NotifierTests.notifier("n", on: database, sender))
        }
    }

    private static func alerts(in message: OutboundNotification) -> [Int64] { message.parts.map(\.facts.alertID) }

    @Test
    func oneMessageTellsOfManyAlertsAndEachAlertKeepsItsOrder() async throws {
        let sender = RecordingSender()
        try await Self.with(37, sender) { database, notifier in
            try await NotifierTests.drain([notifier], on: database, steps: 4)
            #expect(sender.sent.map(\.facts.kind) == [.driftDetected, .driftResolved])
            #expect(sender.sent.map(Self.alerts) == [Array(1...37), Array(1...37)])
            #expect(sender.sent.map(\.outboxID) == [1, 2])
            #expect(try await NotifierTests.states(on: database) == Array(repeating: "sent", count: 74))
        }
    }

    @Test(
        "each outcome is that of every notification of the message",
        arguments: [
            (.sent(remoteID: "r"), "sent 1 0 f", 1), (.pace(.seconds(2)), "pending 0 0 f", 2),
            (.badMessage("x"), "pending 1 0 t", 2), (.badDestination("x"), "pending 0 0 f", 2),
            (.unreachable("x"), "pending 0 0 f", 2), (.noReply("x"), "pending 1 1 f", 2),
            (.notUnderstood("x"), "pending 0 1 f", 2), (.serverError("x"), "pending 1 0 f", 2),
        ] as [(DeliveryReply, String, Int)])
    func eachOutcomeIsOfEveryNotification(reply: DeliveryReply, row: String, messages: Int) async throws {
        let sender = RecordingSender([reply])
        try await Self.with(3, sender) { database, notifier in
            _ = try await notifier.sendNext()
            let rows = try await database.rows(
                """
                select format('%s %s %s %s', state, attempt, doubtful_attempts, plain) from driftwatch.outbox
                where kind = 'drift_detected'
                """, as: String.self)
            #expect(rows == Array(repeating: row, count: 3))
            try await database.execute("delete from driftwatch.outbox where kind = 'drift_resolved'")
            try await NotifierTests.drain([notifier], on: database, steps: 3, step: .seconds(900))
            #expect(sender.sent.map(Self.alerts) == Array(repeating: [1, 2, 3], count: messages))
            let remote = try await database.rows("select distinct remote_id from driftwatch.outbox", as: String?.self)
            #expect(remote == [messages == 1 ? "r" : nil])
        }
    }

    @Test
    func aMessageThatMayHaveArrivedIsRepeatedAsItWas() async throws {
        let sender = RecordingSender([.noReply("timeout")])
        try await Self.with(3, sender) { database, notifier in
            try await database.execute(
                "update driftwatch.outbox set not_before = 'infinity', group_key = 'other' where alert_id = 3")
            _ = try await notifier.sendNext()
            try await database.execute(
                "update driftwatch.outbox set not_before = driftwatch.clock(), group_key = kind where alert_id = 3")
            try await NotifierTests.drain([notifier], on: database, steps: 3, step: .seconds(61))
            #expect(sender.sent.map(Self.alerts) == [[1, 2], [3], [3], [1, 2]])
            #expect(sender.sent.map(\.isRepeat) == [false, false, false, true])
        }
    }

    @Test
    func aNotifierThatEndedBeforeItSettledLeavesTheWholeMessage() async throws {
        let sender = RecordingSender()
        try await Self.with(3, sender) { database, notifier in
            _ = try await NotifierTests.claim(as: "ended", on: database)
            try await database.advanceClock(by: .seconds(31))
            _ = try await notifier.sendNext()
            try await NotifierTests.drain([notifier], on: database, steps: 2, step: .seconds(11))
            #expect(sender.sent.map(Self.alerts) == [[1, 2, 3], [1, 2, 3]])
            #expect(sender.sent.map(\.isRepeat) == [true, false])
            let ids = try await database.rows(
                "select count(distinct message_id)::integer from driftwatch.outbox group by kind", as: Int.self)
            #expect(ids == [1, 1])
        }
    }

    @Test
    func whatCannotBeReadHoldsUpNothingThatItWouldGoWith() async throws {
        let sender = RecordingSender()
        try await Self.with(4, sender) { database, notifier in
            try await database.executeScript(
                """
                delete from driftwatch.outbox where kind = 'drift_resolved';
                update driftwatch.outbox set payload = payload || '{"version": 99}' where alert_id = 1;
                update driftwatch.outbox set payload = '{}' where alert_id = 3;
                """)
            _ = try await notifier.sendNext()
            #expect(sender.sent.map(Self.alerts) == [[2, 4]])
            #expect(try await NotifierTests.states(on: database) == ["pending", "sent", "dead", "sent"])
        }
    }

    @Test
    func aMessageThatWasGivenUpIsRedrivenWhole() async throws {
        let sender = RecordingSender([.badMessage("x"), .badMessage("x")])
        try await Self.with(3, sender) { database, notifier in
            try await NotifierTests.drain([notifier], on: database, steps: 2)
            try await database.execute(
                "update driftwatch.outbox set state = 'sent', sent_at = driftwatch.clock() where outbox_id = 6")
            let error = await #expect(throws: DatabaseError.self) {
                try await database.execute("select driftwatch.redrive_outbox(5)")
            }
            #expect(error?.sqlState == "DW001", "the third alert's resolution has been sent")
            #expect(
                try await NotifierTests.states(on: database) == ["dead", "pending", "dead", "pending", "dead", "sent"])
            try await database.execute("select driftwatch.redrive_outbox(3)")
            #expect(
                try await NotifierTests.states(on: database) == [
                    "pending", "pending", "pending", "pending", "dead", "sent",
                ])
            try await NotifierTests.drain([notifier], on: database, steps: 2)
            #expect(sender.sent.map(Self.alerts) == [[1, 2, 3], [1, 2, 3], [1, 2], [1, 2]])
        }
    }
}
