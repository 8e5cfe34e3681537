import DriftCore
import Foundation
import HTTP
import Slack
import TestSupport
import Testing

@Suite("SlackSender", .timeLimit(.minutes(1)))
struct SlackSenderTests {
    private static let base = URL(string: "https://drift.example.net")

    @Test func aWebhookGetsJSON() async throws {
        let server = try SlackStandIn()
        let sender = SlackSender(
            destination: .webhook(url: server.url + "/services/T0/B0/XX"), client: HTTPClient(), baseURL: Self.base)
        #expect(await sender.send(notification()) == .sent(remoteID: nil))
        let request = try #require(server.received.first)
        #expect(request.method == "POST")
        #expect(request.path == "/services/T0/B0/XX")
        #expect(request.headers["content-type"] == "application/json; charset=utf-8")
        #expect(request.headers["authorization"] == nil)
        #expect(request.body == (try SlackMessage(notification(), baseURL: Self.base).json()))
        #expect(request.text?.contains("Configuration drift detected") == true)
    }

    @Test("a bot posts to its channel", arguments: ["", "/"])
    func aBotPostsToItsChannel(slash: String) async throws {
        let server = try SlackStandIn([.reply(200, "{\"ok\":true}")])
        let destination = SlackDestination.bot(token: "xoxb-1", channel: "#ops", api: server.url + "/api" + slash)
        let sender = SlackSender(destination: destination, client: HTTPClient(), baseURL: nil)
        #expect(await sender.send(notification(form: .plain)) == .sent(remoteID: nil))
        let request = try #require(server.received.first)
        #expect(request.path == "/api/chat.postMessage")
        #expect(request.headers["authorization"] == "Bearer xoxb-1")
        let message = try JSONDecoder().decode(Posted.self, from: Data(request.body))
        #expect(message.channel == "#ops" && message.blocks == nil)
    }

    @Test func aRepeatCarriesTheSameIDs() async throws {
        let server = try SlackStandIn([.drop])
        let destination = SlackDestination.webhook(url: server.url + "/T0/B0/XX")
        let sender = SlackSender(destination: destination, client: HTTPClient(), baseURL: nil)
        guard case .noReply = await sender.send(notification()) else {
            Issue.record("the message may have arrived")
            return
        }
        #expect(await sender.send(notification()) == .sent(remoteID: nil))
        let texts = server.received.map(\.text)
        #expect(texts.count == 2 && texts[0] == texts[1])
        #expect(texts[0]?.contains("alert 42 · outbox 7") == true)
    }

    @Test(
        "a message that was sent and got no whole reply may have arrived",
        arguments: [
            .silence, .drop, .interim, .headAlone(200), .drip(every: .milliseconds(20)),
            .delayed(.seconds(20), 200, "ok"),
        ] as [SlackStandIn.Answer])
    func aMessageWithoutAReplyMayHaveArrived(answer: SlackStandIn.Answer) async throws {
        let server = try SlackStandIn([answer])
        guard case .noReply(let reason) = await reply(of: server.url, within: .milliseconds(300)) else {
            Issue.record("the message may have arrived")
            return
        }
        #expect(reason.contains("127.0.0.1"))
    }

    @Test(
        "a status that refuses the message says enough, whatever becomes of the body",
        arguments: [
            (.headAlone(404), .badDestination("HTTP 404")), (.headAlone(302), .badDestination("HTTP 302, a redirect")),
            (.headAlone(503), .serverError("HTTP 503")), (.headAlone(504), .noReply("HTTP 504")),
            (.headAlone(429, headers: ["Retry-After": "7"]), .pace(.seconds(7))),
        ] as [(SlackStandIn.Answer, DeliveryReply)])
    func aRefusingStatusSaysEnough(answer: SlackStandIn.Answer, wanted: DeliveryReply) async throws {
        let server = try SlackStandIn([answer])
        #expect(await reply(of: server.url, within: .milliseconds(300)) == wanted)
    }

    @Test func aMessageThatNeverLeftIsUnreachable() async throws {
        let server = try SlackStandIn()
        let handshake = await reply(of: server.url.replacing("http:", with: "https:"), within: .milliseconds(300))
        #expect(handshake.leavesDoubt == false && handshake.isReply == false)
        let refused = await reply(of: "http://127.0.0.1:\(unusedPort())", within: .seconds(5))
        #expect(refused.leavesDoubt == false && refused.isReply == false)
    }

    @Test func aRepeatWaitsLongerForItsReply() async throws {
        let server = try SlackStandIn(otherwise: .delayed(.milliseconds(1200), 200, "ok"))
        guard case .noReply = await reply(of: server.url, within: .seconds(1)) else {
            Issue.record("the reply comes too late")
            return
        }
        var notification = notification()
        notification.isRepeat = true
        #expect(await reply(of: server.url, within: .seconds(1), notification) == .sent(remoteID: nil))
    }

    private func reply(
        of url: String, within deadline: Duration, _ message: OutboundNotification = notification()
    ) async -> DeliveryReply {
        await SlackSender(
            destination: .webhook(url: url + "/T0/B0/XX"), client: HTTPClient(), baseURL: nil, deadline: deadline
        ).send(message)
    }

    @Test func aFloodIsNotSlack() async throws {
        let server = try SlackStandIn([.flood(1 << 24)])
        guard case .notUnderstood = await reply(of: server.url, within: .seconds(10)) else {
            Issue.record("a long answer is somebody else's")
            return
        }
    }

    @Test func whatIsNotHTTPAtAllMayPass() async throws {
        let server = try await SocketServer(.flooding)
        let destination = SlackDestination.webhook(url: "http://127.0.0.1:\(server.port)/T0/B0/XX")
        let reply = await SlackSender(destination: destination, client: HTTPClient(), baseURL: nil).send(notification())
        await server.stop()
        guard case .unreachable = reply else {
            Issue.record("\(reply)")
            return
        }
    }

    @Test(
        "a destination that is not a URL is a bad destination",
        arguments: ["", "hooks.slack.com/services", "file:///x"])
    func aDestinationThatIsNoURLIsBad(url: String) async {
        let destination = SlackDestination.webhook(url: url)
        let reply = await SlackSender(destination: destination, client: HTTPClient(), baseURL: nil).send(notification())
        guard case .badDestination = reply else {
            Issue.record("\(reply)")
            return
        }
    }

    /// A hostile server, or a proxy's error page, repeats what it was asked.
    @Test(
        "a secret is never in a reason",
        arguments: [200, 302, 400, 403, 404, 429, 500],
        [
            "{}", "{\"ok\":false,\"error\":\"SECRET\"}", "SECRET", "The requested URL SECRET was not found",
            "{\"ok\":false,\"error\":\"invalid_blocks\",\"errors\":[\"SECRET\",\"http://x/SECRET\"]}",
            "{\"ok\":false,\"error\":\"no_text\",\"response_metadata\":{\"messages\":[\"a\\u200bSECRET\\n\\u001b[31m\"]}}",
            "{\"ok\":false,\"error\":\"no_text\",\"errors\":[\"SPLIT\"]}",
        ])
    func aSecretIsNeverInAReason(status: Int, body: String) async throws {
        let token = "abcdefghijklmnopqrstuvwx"
        for bot in [false, true] {
            let server = try SlackStandIn { request, _ in
                let echo = bot ? token : "\(request.path) \(token)"
                // Invisible characters that are taken out later must not carry the secret past its removal.
                let split = token.prefix(10) + "\\u200b" + token.dropFirst(10)
                let body = body.replacing("SPLIT", with: split)
                return .reply(status, body.replacing("SECRET", with: body == "SECRET" || !bot ? token : echo))
            }
            let destination: SlackDestination =
                bot
                ? .bot(token: token, channel: "#ops", api: server.url)
                : .webhook(url: "\(server.url)/services/T12345678/B12345678/\(token)")
            let reply = await SlackSender(destination: destination, client: HTTPClient(), baseURL: nil)
                .send(notification())
            let text = "\(reply)"
            #expect(!text.contains(token) && !text.contains("T12345678"))
            #expect(text.utf16.count < 340)
            #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        }
    }

    @Test func aDestinationNeverShowsItsSecret() {
        let destinations = [
            SlackDestination.webhook(url: "https://hooks.slack.com/services/T0/B0/secret"),
            .bot(token: "xoxb-secret", channel: "#ops"),
        ]
        for destination in destinations {
            var dumped = ""
            dump(destination, to: &dumped)
            dump(SlackSender(destination: destination, client: HTTPClient(), baseURL: nil), to: &dumped)
            for text in [dumped, "\(destination)", String(reflecting: destination), "\([destination])"] {
                #expect(!text.contains("secret") && !text.contains("T0"))
            }
        }
        #expect(destinations.map(\.description) == ["Slack webhook", "Slack channel #ops"])
    }

    @Test func aFingerprintKnowsAChangedSecretAndNothingElse() {
        let key: [UInt8] = Array("key".utf8)
        let destination = SlackDestination.bot(token: "a", channel: "b", api: "c")
        #expect(destination.fingerprint(key: key) == destination.fingerprint(key: key))
        let others: [SlackDestination] = [
            .bot(token: "A", channel: "b", api: "c"), .bot(token: "a", channel: "B", api: "c"),
            .bot(token: "a", channel: "b", api: "C"), .webhook(url: "a"), .bot(token: "ab", channel: "", api: "c"),
        ]
        #expect(Set(others.map { $0.fingerprint(key: key) }).count == others.count)
        #expect(!others.contains { $0.fingerprint(key: key) == destination.fingerprint(key: key) })
        #expect(destination.fingerprint(key: Array("other".utf8)) != destination.fingerprint(key: key))
    }
}
