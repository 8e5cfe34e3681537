import DriftCore
import Foundation
import Logging
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// The outbox, drained message by message.
@Suite(.timeLimit(.minutes(2)))
struct NotifierTests {
    /// Alerts that open, change `changes` times, and resolve, on as many servers.
    ///
    /// Each change has its own message, unless they are folded.
    static func owe(
        _ servers: Int, changes: Int = 1, on database: Database, isFolding: Bool = false
    ) async throws {
        try await database.stopClock()
        if !isFolding {
            try await database.execute(
                """
                create or replace function driftwatch.fold_waiting(message bigint[]) returns boolean
                language sql as $$ select false $$
                """)
        }
        for number in 1...servers {
            let server = "s\(number)"
            try await database.makeServer(server)
            let alert = try await database.rows(
                "select driftwatch.open_alert(\(server), 'base', 1, 1, '[]')", as: Int64.self)[0]
            for change in 0..<changes {
                try await database.execute("select driftwatch.update_alert(\(alert), 1, \(change + 2), '[]')")
            }
            try await database.execute("select driftwatch.close_alert(\(alert), 'compliant', 'driftwatch')")
        }
    }

    static func notifier(
        _ id: String, secret: String? = nil, on database: Database, _ sender: RecordingSender,
        clock: any Clock<Duration> = ContinuousClock()
    ) -> Notifier {
        Notifier(
            database: database, sender: sender, settings: NotifierSettings(notifierID: id, fingerprint: secret),
            clock: clock, logger: .quiet)
    }

    /// Sends until nothing is left to send, the clock moving on by `step` before each look.
    static func drain(
        _ notifiers: [Notifier], on database: Database, steps: Int, step: Duration = .seconds(2)
    ) async throws {
        for _ in 0..<steps {
            try await database.advanceClock(by: step)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for notifier in notifiers { group.addTask { _ = try await notifier.sendNext() } }
                try await group.waitForAll()
            }
        }
    }

    /// Claims as a notifier does that gets no further.
    static func claim(
        as notifier: String, secret: String? = nil, on database: Database, after wait: Duration = .zero
    ) async throws -> (lease: UUID, message: Int64) {
        try await database.advanceClock(by: wait)
        return try await database.rows(
            "select lease_token, outbox_id from driftwatch.claim_outbox('default', \(notifier), \(secret), '30 s')",
            as: (UUID, Int64).self)[0]
    }

    static func states(on database: Database) async throws -> [String] {
        try await database.rows("select state from driftwatch.outbox order by outbox_id", as: String.self)
    }

    @Test
    func messagesGoOnceAndInOrderPerAlertWithSeveralNotifiers() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(5, changes: 3, on: database)
            let sender = RecordingSender()
            let notifiers = ["n1", "n2", "n3"].map { Self.notifier($0, on: database, sender) }
            try await Self.drain(notifiers, on: database, steps: 30)
            #expect(sender.sent.count == 25)
            #expect(Set(sender.sent.map(\.outboxID)).count == 25)
            for (_, messages) in Dictionary(grouping: sender.sent, by: \.facts.alertID) {
                #expect(messages.map(\.facts.mismatchCount) == [1, 2, 3, 4, 4])
                #expect(messages.last?.facts.kind == .driftResolved)
            }
            #expect(try await Self.states(on: database).allSatisfy { $0 == "sent" })
        }
    }

    @Test
    func oneMessageASecondIsSentHoweverManyAreOwed() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(3, on: database)
            let sender = RecordingSender()
            let notifier = Self.notifier("n1", on: database, sender)
            for _ in 0..<5 { _ = try await notifier.sendNext() }
            #expect(sender.sent.count == 1)
            try await database.advanceClock(by: .seconds(1))
            for _ in 0..<5 { _ = try await notifier.sendNext() }
            #expect(sender.sent.count == 2)
        }
    }

    @Test
    func whatHappenedBeforeAnyNotifierRanIsSentByTheFirst() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(1, on: database)
            let sender = RecordingSender()
            try await Self.drain([Self.notifier("first", on: database, sender)], on: database, steps: 4)
            #expect(sender.sent.map(\.facts.kind) == [.driftDetected, .driftChanged, .driftResolved])
        }
    }

    @Test
    func whatIsOverBeforeAnyNotifierRanTakesOneMessage() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(2, changes: 3, on: database, isFolding: true)
            let sender = RecordingSender()
            try await Self.drain([Self.notifier("first", on: database, sender)], on: database, steps: 4)
            #expect(sender.sent.map(\.facts.alertID) == [1, 2])
            #expect(sender.sent.allSatisfy { $0.facts.kind == .driftResolved && $0.facts.openingFolded == true })
            #expect(sender.sent.map(\.facts.mismatchCount) == [4, 4])
        }
    }

    @Test
    func aDestinationThatAsksToWaitIsLeftAloneAndNoAttemptIsSpent() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(1, on: database)
            let sender = RecordingSender([.pace(.seconds(5))])
            let notifier = Self.notifier("n", on: database, sender)
            _ = try await notifier.sendNext()
            try await database.advanceClock(by: .seconds(4))
            _ = try await notifier.sendNext()
            #expect(sender.sent.count == 1)
            #expect(
                try await database.rows("select attempt from driftwatch.outbox order by 1", as: Int.self) == [0, 0, 0])
            try await Self.drain([notifier], on: database, steps: 4)
            #expect(sender.sent.map(\.outboxID) == [1, 1, 2, 3])
        }
    }

    @Test
    func anUnreachableDestinationKeepsEverythingAndItsOrder() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(2, on: database)
            let sender = RecordingSender(Array(repeating: .unreachable("refused"), count: 6))
            let notifier = Self.notifier("n", on: database, sender)
            try await Self.drain([notifier], on: database, steps: 40, step: .seconds(60))
            #expect(sender.sent.map(\.outboxID) == Array(repeating: 1, count: 7) + [2, 3, 4, 5, 6])
            #expect(try await database.rows("select distinct attempt from driftwatch.outbox", as: Int.self) == [1])
        }
    }

    @Test
    func aRefusedMessageGoesOncePlainThenIsDeadAndBlocksNothing() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(1, on: database)
            let sender = RecordingSender([.badMessage("invalid_blocks"), .badMessage("no_text")])
            try await Self.drain([Self.notifier("n", on: database, sender)], on: database, steps: 6)
            #expect(sender.sent.map(\.form) == [.rich, .plain, .rich, .rich])
            #expect(try await Self.states(on: database) == ["dead", "sent", "sent"])
            #expect(sender.sent.last?.facts.openingUndelivered == true)
        }
    }

    @Test
    func aDeadMessageIsRedrivenInItsPlaceAndNotBehindALaterOne() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(1, on: database)
            let sender = RecordingSender([.badMessage("invalid_blocks"), .badMessage("no_text")])
            let notifier = Self.notifier("n", on: database, sender)
            try await Self.drain([notifier], on: database, steps: 2)
            #expect(try await Self.states(on: database) == ["dead", "pending", "pending"])
            try await database.execute("select driftwatch.redrive_outbox(1)")
            try await Self.drain([notifier], on: database, steps: 3)
            #expect(sender.sent.map(\.outboxID) == [1, 1, 1, 2, 3])

            try await database.execute(
                "update driftwatch.outbox set state = 'dead', sent_at = null where outbox_id = 1")
            let error = await #expect(throws: DatabaseError.self) {
                try await database.execute("select driftwatch.redrive_outbox(1)")
            }
            #expect(error?.sqlState == "DW001")
            #expect(error?.serverMessage?.contains("a later message of alert 1 has been sent") == true)
            #expect(try await Self.states(on: database) == ["dead", "sent", "sent"])
        }
    }

    @Test
    func aBadDestinationIsPausedProbedAndResumed() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(1, on: database)
            let sender = RecordingSender([.badDestination("no_service"), .badDestination("no_service")])
            let notifier = Self.notifier("n", on: database, sender)
            try await Self.drain([notifier], on: database, steps: 10)
            #expect(sender.sent.count == 1, "it rests")
            try await Self.drain([notifier], on: database, steps: 3, step: .seconds(890))
            #expect(sender.sent.count == 3, "every 15 minutes one message tries")
            #expect(try await Self.states(on: database) == ["sent", "pending", "pending"])
            try await Self.drain([notifier], on: database, steps: 2)
            #expect(try await Self.states(on: database) == ["sent", "sent", "sent"])
        }
    }

    @Test
    func aPauseEndsByHandAndNotByTheSameSecret() async throws {
        try await withMigratedDatabase { database in
            try await database.execute("select driftwatch.announce_destination('default', 'slack', 'old')")
            try await Self.owe(1, on: database)
            let sender = RecordingSender([.badDestination("no_service")])
            let notifier = Self.notifier("n", secret: "old", on: database, sender)
            _ = try await notifier.sendNext()
            try await database.execute("select driftwatch.announce_destination('default', 'slack', 'old')")
            try await Self.drain([notifier], on: database, steps: 2)
            #expect(sender.sent.count == 1)
            try await database.execute("select driftwatch.resume_destination('default')")
            try await Self.drain([notifier], on: database, steps: 1)
            #expect(sender.sent.count == 2)
        }
    }

    @Test
    func anotherSecretEndsThePauseAndTheTurnOfWhoeverHasTheOldOne() async throws {
        try await withMigratedDatabase { database in
            try await database.execute("select driftwatch.announce_destination('default', 'slack', 'old')")
            try await Self.owe(1, changes: 0, on: database)
            let refused = RecordingSender(otherwise: .badDestination("no_service"))
            let accepted = RecordingSender()
            let old = Self.notifier("n1", secret: "old", on: database, refused)
            let new = Self.notifier("n2", secret: "new", on: database, accepted)
            _ = try await old.sendNext()
            let inHand = try await Self.claim(as: "n1", secret: "old", on: database, after: .seconds(900))

            try await database.execute("select driftwatch.announce_destination('default', 'slack', 'new')")
            _ = try await old.sendNext()
            #expect(refused.sent.count == 1, "its turn is over")
            let error = await #expect(throws: DatabaseError.self) {
                try await database.execute("select driftwatch.settle_outbox('{1}', \(inHand.lease), 'paused')")
            }
            #expect(error?.sqlState == .leaseLost, "what it had in hand pauses nothing any more")
            _ = try await new.sendNext()
            #expect(accepted.sent.isEmpty, "what the other had in hand may have been sent, so it waits a little")
            try await Self.drain([old, new], on: database, steps: 1, step: .seconds(10))
            #expect(accepted.sent.map(\.outboxID) == [1])
            try await Self.drain([old, new], on: database, steps: 2)
            #expect(refused.sent.count == 1)
            #expect(try await Self.states(on: database) == ["sent", "sent"])
        }
    }

    @Test
    func aDestinationInTroubleDelaysItsMessageAndNotOtherAlerts() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(2, changes: 0, on: database)
            let sender = RecordingSender([.serverError("500")])
            let notifier = Self.notifier("n", on: database, sender)
            try await Self.drain([notifier], on: database, steps: 3, step: .seconds(1))
            #expect(sender.sent.map(\.outboxID) == [1, 3, 4], "alert 1 keeps its order, alert 2 goes on")
            try await Self.drain([notifier], on: database, steps: 3, step: .seconds(10))
            #expect(sender.sent.map(\.outboxID) == [1, 3, 4, 1, 2])
        }
    }

    @Test
    func aNotifierThatDiedInMidSendIsReplacedAndTheMessageRepeatedUnderItsID() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(1, changes: 0, on: database)
            let claim = "select message_id from driftwatch.outbox where state = 'sending'"
            _ = try await Self.claim(as: "dead", on: database)
            let first = try await database.rows(SQL(unescaped: claim), as: UUID.self)
            let sender = RecordingSender()
            let notifier = Self.notifier("heir", on: database, sender)
            _ = try await notifier.sendNext()
            #expect(sender.sent.isEmpty, "the lease holds")
            try await database.advanceClock(by: .seconds(31))
            _ = try await notifier.sendNext()
            #expect(sender.sent.isEmpty, "it may have been sent, so it waits a little")
            try await database.advanceClock(by: .seconds(10))
            _ = try await notifier.sendNext()
            #expect(sender.sent.map(\.outboxID) == [1])
            let sent = try await database.rows(
                "select message_id from driftwatch.outbox where state = 'sent'", as: UUID.self)
            #expect(sent == first)
        }
    }

    @Test
    func aNotifierThatLostItsLeaseCannotSettle() async throws {
        try await withMigratedDatabase { database in
            try await Self.owe(1, changes: 0, on: database)
            let stale = try await Self.claim(as: "stale", on: database)
            try await database.advanceClock(by: .seconds(31))
            try await database.execute("select driftwatch.claim_outbox('default', 'heir', null, '30 s')")
            let error = await #expect(throws: DatabaseError.self) {
                try await database.execute(
                    "select driftwatch.settle_outbox(\([stale.message]), \(stale.lease), 'sent')")
            }
            #expect(error?.sqlState == .leaseLost)
        }
    }
}
