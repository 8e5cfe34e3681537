import DriftCore
import HTTP
import Messages
import Slack
import TestSupport
import Testing

/// One message per alert, edited in place, with a thread below it.
@Suite("Slack threads", .timeLimit(.minutes(1)))
struct SlackThreadTests {
    private static func alert(
        _ kind: NotificationFacts.Kind, _ status: NotificationFacts.Status, count: Int = 3
    ) -> NotificationFacts {
        var facts = facts(
            kind, count: count, previous: kind == .driftChanged ? count - 1 : nil, items: threeItems,
            resolution: status == .resolved ? .compliant : nil, actor: "alice")
        facts.status = status
        facts.acknowledgedBy = status == .acknowledged ? "alice" : nil
        facts.wrongItems = Array(facts.items.prefix(count))
        if kind.isOnlyAnEdit || kind == .driftResolved { facts.items = [] }
        return facts
    }

    /// Sends one after the other, each with the message that the one before left.
    private static func send(
        _ facts: [NotificationFacts], to slack: SlackWorkspace, channel: String = "#ops",
        form: OutboundNotification.Form = .rich, from parent: ParentMessage? = nil,
        before: (Int) -> Void = { _ in }
    ) async -> (replies: [DeliveryReply], parent: ParentMessage?) {
        let sender = SlackSender(
            destination: .bot(token: "xoxb-1", channel: channel, api: slack.api), client: HTTPClient(), baseURL: nil)
        var (replies, parent): ([DeliveryReply], ParentMessage?) = ([], parent)
        for (number, facts) in facts.enumerated() {
            before(number)
            let reply = await sender.send(
                OutboundNotification(outboxID: Int64(number + 1), facts: facts, form: form, parent: parent))
            if case .sent(_, let posted?, _) = reply { parent = posted }
            replies.append(reply)
        }
        return (replies, parent)
    }

    private static let life = [
        alert(.driftDetected, .open), alert(.driftChanged, .open, count: 4),
        alert(.alertAcknowledged, .acknowledged, count: 4),
        alert(.alertRefreshed, .acknowledged, count: 2), alert(.driftResolved, .resolved, count: 2),
    ]

    @Test func theLifeOfAnAlertIsOneMessageAndItsThread() async throws {
        let slack = try SlackWorkspace()
        let (replies, parent) = await Self.send(Self.life, to: slack)
        #expect(parent == ParentMessage(channel: "#ops", channelID: "C0OPS", remoteID: "1795000000.000000"))
        #expect(slack.messages.map(\.thread) == [nil] + Array(repeating: parent?.remoteID, count: 3))
        #expect(
            slack.messages.map(\.headline) == [
                "Resolved: Web 1: /etc/motd: wrong permissions (+1)", "Web 1: /etc/motd: wrong permissions (+2)",
                "Web 1: Acknowledged by alice", "Web 1: compliant again: /etc/motd (+1)",
            ])
        #expect(slack.messages[0].edits == 4)
        #expect(slack.messages[1].text.contains("Configuration drift changed: 3 → 4"))
        #expect(
            replies == [
                .sent(remoteID: parent?.remoteID, parent: parent), .sent(remoteID: "1795000000.000001", calls: 2),
                .sent(remoteID: "1795000000.000002", calls: 2), .sent(remoteID: parent?.remoteID),
                .sent(remoteID: "1795000000.000003", calls: 2),
            ])
    }

    @Test(
        "the alert's message says what is true",
        arguments: [
            (
                0,
                "Open: Web 1: /etc/motd: wrong permissions (+2) · Configuration drift detected · Web 1 (web-1) · pack base · 3 items · "
            ),
            (
                1,
                "Open: Web 1: /etc/motd: wrong permissions (+3) · Configuration drift detected · Web 1 (web-1) · pack base · 4 items · "
            ),
            (
                2,
                "Acknowledged: Web 1: /etc/motd: wrong permissions (+3) · Configuration drift detected · acknowledged by alice · "
            ),
            (
                3,
                "Acknowledged: Web 1: /etc/motd: wrong permissions (+1) · Configuration drift detected · acknowledged by alice · "
            ),
            (
                4,
                "Resolved: Web 1: /etc/motd: wrong permissions (+1) · Configuration compliant · Web 1 (web-1) · pack base · from 2026-11-21 06:00 UTC to 2026-11-22 06:00 UTC · "
            ),
        ])
    func theMessageSaysWhatIsTrue(after step: Int, text: String) async throws {
        let slack = try SlackWorkspace()
        _ = await Self.send(Array(Self.life.prefix(step + 1)), to: slack)
        #expect(slack.messages[0].text.hasPrefix(text), "\(slack.messages[0].text)")
        #expect(slack.messages[0].text.hasSuffix("alert 42 · outbox \(step + 1) · 2026-11-22 06:00 UTC"))
    }

    @Test("each change that finds no message posts one that says what is true", arguments: 0..<5)
    func eachChangeWithoutAMessagePostsOne(step: Int) async throws {
        let slack = try SlackWorkspace()
        let (replies, parent) = await Self.send([Self.life[step]], to: slack)
        #expect(slack.messages.count == 1 && slack.messages[0].thread == nil)
        #expect(replies == [.sent(remoteID: parent?.remoteID, parent: parent)])
        #expect(
            slack.messages[0].headline?.hasPrefix(["Open", "Open", "Acknowledged", "Acknowledged", "Resolved"][step])
                == true)
    }

    @Test func aMessageThatAPersonDeletedIsReplaced() async throws {
        let slack = try SlackWorkspace()
        let (replies, parent) = await Self.send(Self.life, to: slack) { step in
            if step == 2 { slack.delete("1795000000.000000") }
        }
        #expect(parent?.remoteID == "1795000000.000002")
        #expect(replies[2] == .sent(remoteID: parent?.remoteID, parent: parent, calls: 2))
        #expect(slack.messages.map(\.thread) == [nil, "1795000000.000000", nil, parent?.remoteID])
        #expect(slack.messages[2].firstText.hasPrefix("Acknowledged: "))
    }

    @Test(
        "what cannot be edited any more is replaced",
        arguments: [
            "message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "channel_not_found",
            "is_archived", "not_in_channel", "cannot_reply_to_message", "restricted_action_thread_locked",
            "restricted_action_non_threadable_channel", "streaming_state_conflict", "no_dual_broadcast_content_update",
        ], ["chat.update", "reply"])
    func whatCannotBeEditedIsReplaced(code: String, at call: String) async throws {
        let slack = try SlackWorkspace { made in
            (call == "reply" ? made.isReply : made.method == call) ? .refuse(code) : .none
        }
        let (replies, parent) = await Self.send(Array(Self.life.prefix(2)), to: slack)
        #expect(slack.messages.map(\.thread) == [nil, nil])
        #expect(parent?.remoteID == "1795000000.000001")
        #expect(replies[1] == .sent(remoteID: parent?.remoteID, parent: parent, calls: call == "reply" ? 3 : 2))
    }

    @Test(
        "an edit that fails posts nothing",
        arguments: [
            (.pace(seconds: 7), .pace(.seconds(7))),
            (.refuse("token_revoked"), .badDestination("HTTP 200 token_revoked")),
            (.refuse("invalid_blocks"), .badMessage("HTTP 200 invalid_blocks")),
            (.refuse("internal_error"), .serverError("HTTP 200 internal_error")),
            (.status(500), .serverError("HTTP 500")),
        ] as [(SlackWorkspace.Fault, DeliveryReply)])
    func anEditThatFailsPostsNothing(fault: SlackWorkspace.Fault, reply: DeliveryReply) async throws {
        let slack = try SlackWorkspace { $0.method == "chat.update" ? fault : .none }
        let (replies, _) = await Self.send(Array(Self.life.prefix(2)), to: slack)
        #expect(replies[1] == reply)
        #expect(slack.messages.count == 1)
    }

    @Test("an edit whose reply is lost leaves no doubt, a post does", arguments: [false, true])
    func anEditLeavesNoDoubt(after: Bool) async throws {
        let lostEdit = try SlackWorkspace { $0.method == "chat.update" ? .drop(after: after) : .none }
        let edited = await Self.send(Array(Self.life.prefix(2)), to: lostEdit).replies[1]
        #expect(!edited.leavesDoubt && edited.isReply)
        #expect(lostEdit.messages.count == 1)
        let lostPost = try SlackWorkspace { $0.isReply ? .drop(after: after) : .none }
        let posted = await Self.send(Array(Self.life.prefix(2)), to: lostPost).replies[1]
        #expect(posted.leavesDoubt)
        #expect(lostPost.messages.count == (after ? 2 : 1))
    }

    @Test func anotherChannelGetsAMessageOfItsOwn() async throws {
        let slack = try SlackWorkspace()
        let old = ParentMessage(channel: "#old", channelID: "C0OLD", remoteID: "1.5")
        let (_, parent) = await Self.send(Array(Self.life.suffix(1)), to: slack, from: old)
        #expect(parent?.channel == "#ops")
        #expect(slack.received.map(\.path) == ["/api/chat.postMessage"])
    }

    @Test func aPlainEditTakesTheBlocksAway() async throws {
        let slack = try SlackWorkspace()
        let (_, parent) = await Self.send(Array(Self.life.prefix(1)), to: slack)
        _ = await Self.send([Self.life[1]], to: slack, form: .plain, from: parent)
        #expect(slack.messages[0].headline == nil)
        #expect(slack.messages[1].headline == nil)
    }

    @Test(
        "an answer without a usable id leaves no message to edit",
        arguments: [
            "\"channel\":\"C1\"", "\"ts\":\"1.5\"", "\"channel\":\"../x\",\"ts\":\"1.5\"",
            "\"channel\":\"C1\",\"ts\":\"\"",
        ])
    func anAnswerWithoutAnIDLeavesNone(fields: String) async throws {
        let server = try SlackStandIn(otherwise: .reply(200, "{\"ok\":true,\(fields)}"))
        let destination = SlackDestination.bot(token: "x", channel: "#ops", api: server.url)
        let reply = await SlackSender(destination: destination, client: HTTPClient(), baseURL: nil)
            .send(notification(Self.life[0]))
        guard case .sent(_, nil, 1) = reply else {
            Issue.record("\(reply)")
            return
        }
    }

    @Test(arguments: [NotificationFacts.Kind.alertAcknowledged, .alertRefreshed])
    func whatOnlyEditsIsNotSentToAWebhookOrTheConsole(kind: NotificationFacts.Kind) async throws {
        let server = try SlackStandIn()
        let webhook = SlackSender(
            destination: .webhook(url: server.url + "/T0/B0/XX"), client: HTTPClient(), baseURL: nil)
        let written = Written()
        let facts = Self.alert(kind, .acknowledged)
        #expect(await webhook.send(notification(facts)) == .notNeeded("a webhook cannot edit a message"))
        #expect(
            await ConsoleSender(baseURL: nil, write: written.append).send(notification(facts))
                == .notNeeded("what is printed cannot be edited"))
        #expect(server.received.isEmpty && written.all.isEmpty)
    }
}
