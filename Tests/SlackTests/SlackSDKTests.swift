import DriftCore
import Foundation
import HTTP
import Slack
import TestSupport
import Testing

/// The bodies that the sender posts, held against the models of Slack's own Python library.
@Suite("slack_sdk", .timeLimit(.minutes(2)))
struct SlackSDKTests {
    private static let base = URL(string: "https://drift.example.net/driftwatch")

    /// A drift of 5000 items, of which the payload has the first ten.
    private static func massDrift(_ kind: NotificationFacts.Kind, _ status: NotificationFacts.Status)
        -> NotificationFacts
    {
        let items = (0..<10).flatMap { number in
            [MismatchType.wrongPermissions, .wrongOwner, .wrongContent].map { ($0, "/srv/app/file-\(number)") }
        }
        var facts = facts(
            kind, count: 5000, differences: 15_000, added: 5000, previous: 1, items: items,
            resolution: status == .resolved ? .compliant : nil, actor: "alice")
        facts.items = facts.items.map { item in
            var item = item
            item.lines = ["-" + String(repeating: "<&>", count: 40), "+x"]
            (item.expected, item.actual) = (["mode": "0644"], ["mode": "0600"])
            return item
        }
        (facts.status, facts.wrongItems, facts.acknowledgedBy) = (status, facts.items, "alice")
        return facts
    }

    /// Every kind in every state, of 5000 items and with hostile names.
    private static func notifications() -> [OutboundNotification] {
        var generator = SeededGenerator(seed: 9)
        var all: [NotificationFacts] = []
        for kind in NotificationFacts.Kind.allCases where kind != .test {
            for status in NotificationFacts.Status.allCases {
                all.append(massDrift(kind, status))
                for _ in 0..<3 {
                    var hostile = massDrift(kind, status)
                    func name() -> String { .hostile(maximumPieces: 9, using: &generator) }
                    hostile.serverID = ServerID(rawValue: name())
                    (hostile.serverName, hostile.packName) = (name(), PackName(rawValue: name()))
                    hostile.items = hostile.items.map { item in
                        var item = item
                        (item.item, item.description, item.lines) = (name(), name(), [name(), name()])
                        return item
                    }
                    hostile.wrongItems = hostile.items
                    hostile.diffPath = "/" + name()
                    (hostile.actor, hostile.comment, hostile.acknowledgedBy) = (name(), name(), name())
                    hostile.labels = [name(): name(), name(): name()]
                    all.append(hostile)
                }
            }
        }
        all.append(facts(.test))
        return all.flatMap { facts in
            [OutboundNotification.Form.rich, .plain].map {
                OutboundNotification(outboxID: .max, facts: facts, form: $0)
            }
        }
    }

    @Test func everyBodyIsAsTheLibraryWouldMakeIt() async throws {
        let python = try await Self.python()
        let slack = try SlackWorkspace()
        let webhook = try SlackStandIn()
        let notifications = Self.notifications()
        for baseURL in [Self.base, nil] {
            let bot = SlackSender(
                destination: .bot(token: "x", channel: "#ops", api: slack.api), client: HTTPClient(), baseURL: baseURL)
            let hook = SlackSender(
                destination: .webhook(url: webhook.url + "/T0/B0/XX"), client: HTTPClient(), baseURL: baseURL)
            for var notification in notifications {
                // A post, then an edit and a reply.
                if case .sent(_, let parent, _) = await bot.send(notification) { notification.first.parent = parent }
                _ = await bot.send(notification)
                _ = await hook.send(notification)
            }
        }
        let calls = (slack.received + webhook.received).map { request in
            let method = request.path.split(separator: "/").last.map(String.init) ?? ""
            return "{\"method\":\"\(method)\",\"body\":\(String(decoding: request.body, as: UTF8.self))}"
        }
        let methods = Set(slack.received.map(\.path))
        #expect(methods == ["/api/chat.postMessage", "/api/chat.update"] && calls.count > 500)
        let input = FileManager.default.temporaryDirectory.appending(path: "slack-sdk-\(UUID())")
        try Data("[\(calls.joined(separator: ","))]".utf8).write(to: input)
        defer { try? FileManager.default.removeItem(at: input) }
        let answer = try await Tool.run(
            ["/usr/bin/env", "SLACKCLIENT_SKIP_DEPRECATION=1", python, "-c", Self.script, input.path()])
        try #require(answer.status == 0, "\(answer.errorText)")
        let complaints = try JSONDecoder().decode([String].self, from: Data(answer.output))
        #expect(complaints.isEmpty, "\(complaints.count): \(complaints.prefix(5))")
    }

    /// A Python that has the library: `scripts/slack-sdk` makes one.
    private static func python() async throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let own = root.appending(path: ".test/slack-sdk/bin/python3").path()
        for python in [own, "python3"] {
            let has = try? await Tool.run(["/usr/bin/env", python, "-c", "import slack_sdk.models"]).status == 0
            if has == true { return python }
        }
        try Test.cancel("there is no slack_sdk here: run scripts/slack-sdk")
    }

    private static let script = """
        import inspect, json, sys
        from slack_sdk import WebClient, WebhookClient
        from slack_sdk.models.attachments import ActionLinkButton, Attachment
        from slack_sdk.models.blocks import Block
        complaints = []
        parameters = {
            "chat.postMessage": set(inspect.signature(WebClient.chat_postMessage).parameters),
            "chat.update": set(inspect.signature(WebClient.chat_update).parameters),
            # What a webhook takes beyond the library's own parameters is documented with chat.postMessage.
            "XX": set(inspect.signature(WebhookClient.send).parameters) | {"mrkdwn"}}
        for number, call in enumerate(json.load(open(sys.argv[1]))):
            method, body = call["method"], call["body"]
            def complain(what): complaints.append(f"{number} {method}: {what}: {json.dumps(body)[:300]}")
            for name in set(body) - parameters[method]: complain(f"has no parameter {name}")
            if not 0 < len(body["text"]) <= 4000: complain("text")
            blocks, attachments = body.get("blocks", []), body.get("attachments", [])
            if len(blocks) > 50 or len(attachments) > 20: complain("too many")
            length = len(body["text"])
            for block in blocks:
                try:
                    model = Block.parse(block)
                    model.validate_json()
                    if model.to_dict() != block: complain(f"is read as {model.to_dict()}")
                except Exception as error: complain(repr(error))
                texts = [block["text"]] if "text" in block else []
                for text in texts + block.get("fields", []) + block.get("elements", []):
                    length += len(text["text"])
                    if not text["text"]: complain("empty text")
                if any(len(field["text"]) > 2000 for field in block.get("fields", [])): complain("field")
            if length > 12000: complain("length")
            for attachment in attachments:
                try:
                    Attachment(text="", fallback=attachment["fallback"], color=attachment["color"]).validate_json()
                    for action in attachment["actions"]:
                        model = ActionLinkButton(text=action["text"], url=action["url"])
                        model.validate_json()
                        if model.to_dict() != action: complain(f"is read as {model.to_dict()}")
                        if len(action["url"]) > 3000: complain("url")
                except Exception as error: complain(repr(error))
        json.dump(complaints, sys.stdout)
        """
}
