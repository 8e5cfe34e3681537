import DriftCore
import DriftStore
import Foundation
import HTTP
import Postgres
import Slack
import TestSupport
import Testing

@testable import DriftServices

/// Messages that may have been delivered without our knowing: no reply came, or it could not be stored.
@Suite(.timeLimit(.minutes(2)))
struct DoubtfulDeliveryTests {
    private struct Row: Hashable {
        var state: String
        var attempt: Int
        var doubtful: Int
    }

    private static func row(_ message: Int64, on database: Database) async throws -> Row {
        let (state, attempt, doubtful) = try await database.rows(
            "select state, attempt, doubtful_attempts from driftwatch.outbox where outbox_id = \(message)",
            as: (String, Int, Int).self)[0]
        return Row(state: state, attempt: attempt, doubtful: doubtful)
    }

    private static func reason(_ message: Int64, on database: Database) async throws -> String {
        try await database.rows(
            "select coalesce(last_error, '') from driftwatch.outbox where outbox_id = \(message)", as: String.self)[0]
    }

    /// Messages 1 and 2 are about one alert, 3 and 4 about another.
    private static func with(
        _ sender: RecordingSender, _ body: (Database, Notifier) async throws -> Void
    ) async throws {
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(2, changes: 0, on: database)
            try await body(database, NotifierTests.notifier("n", on: database, sender))
        }
    }

    @Test
    func aMessageWithoutAReplyIsSentThreeTimesAndOtherAlertsPass() async throws {
        let sender = RecordingSender { message, _ in message.outboxID == 1 ? .noReply("timeout") : .sent(remoteID: nil)
        }
        try await Self.with(sender) { database, notifier in
            try await NotifierTests.drain([notifier], on: database, steps: 4)
            #expect(sender.sent.map(\.outboxID) == [1, 3, 4], "the other alert's pass, this alert's next waits")
            #expect(try await Self.row(1, on: database) == Row(state: "pending", attempt: 1, doubtful: 1))
            #expect(try await Self.reason(1, on: database) == "no reply; it may have been delivered: timeout")

            try await NotifierTests.drain([notifier], on: database, steps: 3, step: .seconds(20))
            #expect(sender.sent.map(\.outboxID) == [1, 3, 4, 1], "after a minute")
            try await NotifierTests.drain([notifier], on: database, steps: 9, step: .seconds(100))
            #expect(sender.sent.map(\.outboxID) == [1, 3, 4, 1, 1], "after a quarter of an hour")
            #expect(try await Self.row(1, on: database) == Row(state: "dead", attempt: 3, doubtful: 3))
            #expect(
                try await Self.reason(1, on: database)
                    == "no reply to 3 attempts; it may have been delivered: timeout")
            #expect(sender.sent.map(\.isRepeat) == [false, false, false, true, true])

            try await NotifierTests.drain([notifier], on: database, steps: 3)
            #expect(sender.sent.map(\.outboxID) == [1, 3, 4, 1, 1, 2])
            #expect(sender.sent.last?.facts.openingUndelivered == true)
        }
    }

    @Test
    func aRedrivenMessageStartsAfresh() async throws {
        let sender = RecordingSender([.noReply("timeout")])
        try await Self.with(sender) { database, notifier in
            _ = try await notifier.sendNext()
            try await database.execute(
                "update driftwatch.outbox set state = 'dead', doubtful_attempts = 3 where outbox_id = 1")
            try await database.execute("select driftwatch.redrive_outbox(1)")
            try await NotifierTests.drain([notifier], on: database, steps: 1)
            #expect(sender.sent.map(\.outboxID) == [1, 1])
            #expect(try await Self.row(1, on: database) == Row(state: "sent", attempt: 1, doubtful: 0))
        }
    }

    @Test(
        "a reply takes the doubt of its own attempt back, and no more",
        arguments: [.serverError("500"), .unreachable("refused"), .pace(.seconds(2))] as [DeliveryReply])
    func aReplyTakesItsOwnDoubtBack(reply: DeliveryReply) async throws {
        let sender = RecordingSender([.noReply("timeout"), reply])
        try await Self.with(sender) { database, notifier in
            _ = try await notifier.sendNext()
            try await database.execute("delete from driftwatch.outbox where outbox_id > 1")
            try await NotifierTests.drain([notifier], on: database, steps: 1, step: .seconds(60))
            #expect(sender.sent.count == 2)
            #expect(try await Self.row(1, on: database).doubtful == 1)
        }
    }

    @Test
    func aMessageThatEndsEachNotifierIsGivenUp() async throws {
        let sender = RecordingSender()
        try await Self.with(sender) { database, notifier in
            try await database.execute("delete from driftwatch.outbox where outbox_id > 2")
            for life in 1...3 {
                // The first claim puts back what the life before had in hand.
                try await database.advanceClock(by: .seconds(31))
                try await database.execute("select driftwatch.claim_outbox('default', \("life \(life)"), null, '30 s')")
                if life > 1 {
                    #expect(
                        try await Self.reason(1, on: database)
                            == "its notifier ended, or could not store the result; it may have been delivered")
                    _ = try await NotifierTests.claim(as: "life \(life)", on: database, after: .seconds(10))
                }
                #expect(try await Self.row(1, on: database) == Row(state: "sending", attempt: life, doubtful: life))
            }
            try await database.advanceClock(by: .seconds(31))
            _ = try await notifier.sendNext()
            try await NotifierTests.drain([notifier], on: database, steps: 1, step: .seconds(11))
            #expect(sender.sent.isEmpty, "given up, and not sent a fourth time")
            #expect(try await Self.row(1, on: database) == Row(state: "dead", attempt: 3, doubtful: 3))
            #expect(
                try await Self.reason(1, on: database)
                    == "the result of 3 attempts is not known; it may have been delivered")
            _ = try await notifier.sendNext()
            #expect(sender.sent.count == 1, "the next goes at once: nothing was sent in between")
        }
    }

    @Test
    func othersPassAMessageWhoseNotifierEnded() async throws {
        let sender = RecordingSender()
        try await Self.with(sender) { database, notifier in
            _ = try await NotifierTests.claim(as: "ended", on: database)
            try await NotifierTests.drain([notifier], on: database, steps: 1, step: .seconds(31))
            try await NotifierTests.drain([notifier], on: database, steps: 3, step: .seconds(5))
            #expect(sender.sent.map(\.outboxID) == [3, 4, 1, 2])
        }
    }

    @Test
    func aNotifierThatStopsLeavesTheDoubtOfWhatItCouldNotSettle() async throws {
        try await Self.with(RecordingSender()) { database, _ in
            _ = try await NotifierTests.claim(as: "n", on: database)
            try await database.execute("select driftwatch.release_destination('default', 'n')")
            #expect(try await Self.row(1, on: database) == Row(state: "pending", attempt: 1, doubtful: 1))
        }
    }

    @Test
    func aDestinationThatAnswersNobodyIsLeftAloneSoThatFewMessagesAreSpent() async throws {
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(30, changes: 0, on: database)
            let sender = RecordingSender(otherwise: .noReply("timeout"))
            let notifier = NotifierTests.notifier("n", on: database, sender)
            try await NotifierTests.drain([notifier], on: database, steps: 5, step: .seconds(1))
            #expect(sender.sent.map(\.outboxID) == [1, 3, 5], "the fourth waits for the destination")
            try await NotifierTests.drain([notifier], on: database, steps: 360, step: .seconds(10))
            let spent = Dictionary(grouping: sender.sent, by: \.outboxID).mapValues(\.count)
            #expect(spent.values.allSatisfy { $0 <= 3 })
            #expect(sender.sent.count < 30, "in an hour")
            let failures = try await database.rows("select failures from driftwatch.destinations", as: Int.self)
            #expect(failures == [sender.sent.count])
        }
    }

    @Test
    func anAnswerThatIsNotUnderstoodPausesAndIsNotPostedForEver() async throws {
        let sender = RecordingSender(otherwise: .notUnderstood("HTTP 200, but not an answer of Slack's"))
        try await Self.with(sender) { database, notifier in
            try await NotifierTests.drain([notifier], on: database, steps: 110, step: .seconds(60))
            #expect(sender.sent.map(\.outboxID) == [1, 1, 1, 2], "15, 30 and 60 minutes apart")
            #expect(try await Self.row(1, on: database).state == "dead")
            let isPaused = try await database.rows(
                "select paused_at is not null from driftwatch.destinations", as: Bool.self)
            #expect(isPaused == [true], "that a message was given up says nothing of the destination")
        }
    }

    @Test
    func aProbeThatGetsNoReplyEndsNoPauseEvenIfItsMessageIsGivenUp() async throws {
        try await Self.with(RecordingSender([.noReply("timeout")])) { database, notifier in
            try await database.execute("update driftwatch.outbox set doubtful_attempts = 2 where outbox_id = 1")
            try await database.execute(
                "update driftwatch.destinations set paused_at = driftwatch.clock(), next_probe_at = driftwatch.clock()")
            _ = try await notifier.sendNext()
            #expect(try await Self.row(1, on: database) == Row(state: "dead", attempt: 1, doubtful: 3))
            let isPaused = try await database.rows(
                "select paused_at is not null from driftwatch.destinations", as: Bool.self)
            #expect(isPaused == [true])
        }
    }

    @Test
    func aMessageThatCannotBeReadEndsNoPause() async throws {
        let sender = RecordingSender()
        try await Self.with(sender) { database, notifier in
            try await database.execute("update driftwatch.outbox set payload = '{}' where outbox_id = 1")
            try await database.execute(
                "update driftwatch.destinations set paused_at = driftwatch.clock(), next_probe_at = driftwatch.clock()")
            _ = try await notifier.sendNext()
            #expect(try await Self.row(1, on: database) == Row(state: "dead", attempt: 0, doubtful: 0))
            let isPaused = try await database.rows(
                "select paused_at is not null from driftwatch.destinations", as: Bool.self)
            #expect(isPaused == [true])
        }
    }

    /// Over HTTP, with a webhook that takes one of the messages and says nothing.
    @Test
    func aWebhookThatNeverAnswersGetsAMessageThreeTimes() async throws {
        let slack = try SlackStandIn { request, _ in request.text?.contains("outbox 1") == true ? .silence : .ok }
        try await withMigratedDatabase { database in
            try await NotifierTests.owe(2, changes: 0, on: database)
            let sender = SlackSender(
                destination: .webhook(url: slack.url), client: HTTPClient(), baseURL: nil, deadline: .milliseconds(400))
            let notifier = Notifier(
                database: database, sender: sender, settings: NotifierSettings(notifierID: "n"), logger: .quiet)
            try await NotifierTests.drain([notifier], on: database, steps: 40, step: .seconds(30))
            let posts = slack.received.compactMap(\.text).map { $0.contains("outbox 1") }
            #expect(posts == [true, false, false, true, true, false])
            #expect(try await NotifierTests.states(on: database) == ["dead", "sent", "sent", "sent"])
            let (replies, isTimed) = try await database.rows(
                "select array_to_string(recent_replies, ',', 'none'), last_attempt_at is not null from driftwatch.destinations",
                as: (String, Bool).self)[0]
            #expect(replies.split(separator: ",").map { $0 == "none" } == [false, true, true, false, false])
            #expect(isTimed)
        }
    }
}
