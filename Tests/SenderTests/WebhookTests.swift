import DriftCore
import Foundation
import HTTP
import Presentation
import TestSupport
import Testing
import Webhook

/// What a receiver of the JSON webhook can rely on.
@Suite("the JSON webhook", .timeLimit(.minutes(2)))
struct WebhookTests {
    private static let base = URL(string: "https://drift.example.net")

    private static func sent(_ notification: OutboundNotification = notification()) async throws -> SlackStandIn.Request
    {
        let server = try SlackStandIn()
        let sender = WebhookSender(
            destination: WebhookDestination(url: server.url + "/hook?x=1", key: "key"), client: HTTPClient(),
            baseURL: base,
            now: { Date(timeIntervalSince1970: 1_764_285_000) })
        #expect(await sender.send(notification) == .sent(remoteID: nil))
        return try #require(server.received.first)
    }

    @Test func itIsSignedWithItsTime() async throws {
        let request = try await Self.sent()
        #expect(request.method == "POST" && request.path == "/hook?x=1")
        #expect(request.headers["content-type"] == "application/json; charset=utf-8")
        #expect(request.headers["driftwatch-delivery"] == "0e984725-c51c-4bf4-9960-e1c80e27aba0")
        #expect(request.headers["driftwatch-timestamp"] == "1764285000")
        let key = SHA256Digest(authenticating: Array("1764285000.".utf8) + request.body, key: Array("key".utf8))
        #expect(request.headers["driftwatch-signature"] == "v1=\(key.hexadecimal)")
    }

    @Test func theDocumentSaysWhatHappened() async throws {
        var drift = facts()
        drift.labels = ["team": "web"]
        let body = try #require(
            try JSONSerialization.jsonObject(with: Data(try await Self.sent(notification(drift)).body))
                as? [String: Any])
        #expect(body["version"] as? Int == 1)
        #expect(body["event"] as? String == "drift_detected")
        #expect(body["delivery"] as? String == "0e984725-c51c-4bf4-9960-e1c80e27aba0")
        let parts = try #require(body["notifications"] as? [[String: Any]])
        #expect(parts.count == 1)
        let part = try #require(parts.first)
        #expect(part["notification"] as? Int == 7 && part["pack"] as? String == "base")
        #expect(part["url"] as? String == "https://drift.example.net/servers/web-1/packs/base?check=42")
        #expect((part["server"] as? [String: Any])?["id"] as? String == "web-1")
        #expect((part["server"] as? [String: Any])?["labels"] as? [String: String] == ["team": "web"])
        #expect((part["alert"] as? [String: Any])?["id"] as? Int == 42)
        #expect((part["items"] as? [[String: Any]])?.first?["item"] as? String == "/etc/motd")
    }

    @Test(
        arguments: [
            (.driftDetected, nil, 1, nil), (.driftResolved, .compliant, 0, 1), (.driftSettled, .compliant, 0, 1),
            (.driftResolved, .manual, 1, nil),
        ] as [(NotificationFacts.Kind, NotificationFacts.Resolution?, Int, Int?)])
    func whatIsRightAgainIsNotCountedAsWrong(
        kind: NotificationFacts.Kind, resolution: NotificationFacts.Resolution?, wrong: Int, resolved: Int?
    ) async throws {
        let sent = try await Self.sent(notification(facts(kind, resolution: resolution)))
        let body = try JSONSerialization.jsonObject(with: Data(sent.body)) as? [String: Any]
        let alert = (body?["notifications"] as? [[String: Any]])?.first?["alert"] as? [String: Any]
        #expect(alert?["wrong_count"] as? Int == wrong && alert?["difference_count"] as? Int == wrong)
        #expect(alert?["resolved_count"] as? Int == resolved)
    }

    @Test func severalNotificationsComeInOneDocument() async throws {
        let several = OutboundNotification(
            .init(outboxID: 7, facts: facts()), [.init(outboxID: 8, facts: facts(server: "Web 2"))],
            messageID: "0e984725-c51c-4bf4-9960-e1c80e27aba0")
        let body = try JSONSerialization.jsonObject(with: Data(try await Self.sent(several).body)) as? [String: Any]
        let parts = body?["notifications"] as? [[String: Any]]
        #expect(parts?.compactMap { $0["notification"] as? Int } == [7, 8])
        #expect((body?["text"] as? String)?.hasSuffix(" · and 1 more") == true)
    }

    @Test func theSecondFormIsWithoutItems() async throws {
        let body = String(decoding: try await Self.sent(notification(form: .plain)).body, as: UTF8.self)
        #expect(!body.contains("\"items\""))
    }

    @Test(
        arguments: [
            (200, .sent(remoteID: nil)), (202, .sent(remoteID: nil)), (299, .sent(remoteID: nil)),
            (302, .badDestination("HTTP 302, a redirect")), (401, .badDestination("HTTP 401")),
            (403, .badDestination("HTTP 403")), (404, .badDestination("HTTP 404")), (405, .badDestination("HTTP 405")),
            (410, .badDestination("HTTP 410")), (400, .badMessage("HTTP 400")), (413, .badMessage("HTTP 413")),
            (415, .badMessage("HTTP 415")), (422, .badMessage("HTTP 422")), (429, .pace(.seconds(30))),
            (408, .serverError("HTTP 408")), (425, .serverError("HTTP 425")), (500, .serverError("HTTP 500")),
            (503, .serverError("HTTP 503")), (504, .noReply("HTTP 504")), (524, .noReply("HTTP 524")),
        ] as [(Int, DeliveryReply)])
    func aReplyIsClassifiedByItsStatus(status: Int, wanted: DeliveryReply) async throws {
        let server = try SlackStandIn([.reply(status, "<html>whatever</html>")])
        #expect(await Self.reply(of: server) == wanted)
    }

    @Test func aWaitIsTakenFromTheReply() async throws {
        let headers = ["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT", "Date": "Sun, 06 Nov 1994 08:49:00 GMT"]
        let server = try SlackStandIn([.reply(429, "", headers: headers)])
        #expect(await Self.reply(of: server) == .pace(.seconds(37)))
    }

    @Test(
        "a status says enough, whatever becomes of the body",
        arguments: [
            (.headAlone(200), .sent(remoteID: nil)), (.flood(1 << 20), .sent(remoteID: nil)),
            (.headAlone(404), .badDestination("HTTP 404")), (.headAlone(503), .serverError("HTTP 503")),
        ] as [(SlackStandIn.Answer, DeliveryReply)])
    func aStatusSaysEnough(answer: SlackStandIn.Answer, wanted: DeliveryReply) async throws {
        let server = try SlackStandIn([answer])
        #expect(await Self.reply(of: server) == wanted)
    }

    private static func reply(of server: SlackStandIn) async -> DeliveryReply {
        await WebhookSender(
            destination: WebhookDestination(url: server.url + "/hook", key: "key"), client: HTTPClient(), baseURL: nil,
            deadline: .seconds(3)
        ).send(notification())
    }

    @Test func aDestinationNeverShowsItsSecrets() {
        let destination = WebhookDestination(url: "https://x.example/canary", key: "canary2")
        var dumped = "\(destination) \(String(reflecting: destination))"
        dump(WebhookSender(destination: destination, client: HTTPClient(), baseURL: nil), to: &dumped)
        #expect(!dumped.contains("canary"))
    }

    @Test func aFingerprintKnowsAChangedSecret() {
        let key = Array("k".utf8)
        let prints = [("a", "b"), ("A", "b"), ("a", "B")].map {
            WebhookDestination(url: $0, key: $1).fingerprint(key: key)
        }
        #expect(Set(prints).count == 3)
        #expect(WebhookDestination(url: "a", key: "b").fingerprint(key: key) == prints[0])
    }

    /// A validator that is not ours, and the whole variety of what is sent.
    @Test func everyDocumentIsAsTheSchemaSaysAndOthersAreNot() async throws {
        let hasValidator = try await Tool.run(["/usr/bin/env", "python3", "-c", "import jsonschema"]).status == 0
        guard hasValidator else { try Test.cancel("Python has no jsonschema here") }
        var generator = SeededGenerator(seed: 5)
        var good = NotificationFacts.Kind.allCases.filter { !$0.isOnlyAnEdit }.flatMap { kind in
            [OutboundNotification.Form.rich, .plain].map { notification(facts(kind), form: $0) }
        }
        good += NotificationFacts.Resolution.allCases.map {
            notification(facts(.driftResolved, resolution: $0, actor: "ann"))
        }
        good += (0..<50).map { _ in notification(hostileFacts(using: &generator)) }
        let documents = good.map { NotificationForm.document(of: $0, baseURL: Self.base).line }
        let text = documents[0]
        let bad = [
            text.replacing("\"version\":1", with: "\"version\":2"),
            text.replacing("\"event\":\"drift_detected\"", with: "\"event\":\"x\""),
            text.replacing("\"event\":\"drift_detected\"", with: "\"event\":\"alert_acknowledged\""),
            text.replacing("\"delivery\":", with: "\"other\":"), text.replacing("\"notifications\":[", with: "\"x\":["),
            text.replacing("\"notification\":7", with: "\"notification\":\"7\""),
            text.replacing("\"id\":42", with: "\"id\":null"),
            text.replacing("\"labels\":{}", with: "\"labels\":{\"a\":1}"),
            text.replacing("\"server\":", with: "\"x\":"), text.replacing("\"type\":\"wrong", with: "\"x\":\"wrong"),
        ]
        #expect(bad.allSatisfy { $0 != text })
        let script = """
            import json, sys, jsonschema
            schema, *documents = json.load(sys.stdin)
            schema = json.loads(schema)
            jsonschema.Draft7Validator.check_schema(schema)
            validator = jsonschema.Draft7Validator(schema)
            json.dump([[e.message[:200] for e in validator.iter_errors(json.loads(d))] for d in documents], sys.stdout)
            """
        let input = try JSONEncoder().encode([NotificationForm.schema.pretty] + documents + bad)
        let file = FileManager.default.temporaryDirectory.appending(path: "driftwatch-\(UUID().uuidString)")
        try input.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let answer = try await Tool.run([
            "/bin/sh", "-c", "exec /usr/bin/env python3 -c \"$0\" <\"$1\"", script, file.path,
        ])
        try #require(answer.status == 0, "\(answer.errorText)")
        let complaints = try JSONDecoder().decode([[String]].self, from: Data(answer.output))
        for (document, complaint) in zip(documents, complaints) { #expect(complaint == [], "\(document)") }
        for (document, complaint) in zip(bad, complaints.dropFirst(documents.count)) {
            #expect(complaint != [], "\(document)")
        }
    }
}
