import Foundation
import HTTP
import TestSupport
import Testing

/// Every way in which there is no reply: its kind, its time, and that no secret is in its text.
@Suite("HTTP failures", .timeLimit(.minutes(1)))
struct HTTPFailureTests {
    private static let secret = "T00000000/B00000000/secretsecret"
    private let client = HTTPClient()

    private func failure(
        _ url: String, deadline: Duration = .seconds(5), maximumReply: Int = 1000
    ) async throws -> HTTPError {
        let request = HTTPRequest(
            method: .post, url: url, headers: [("Authorization", "Bearer \(Self.secret)")],
            body: Array(Self.secret.utf8), deadline: deadline, maximumReply: maximumReply)
        #expect(!"\(request) \(String(reflecting: request))".contains("secret"))
        let error = try #require(
            await #expect(throws: HTTPError.self) { try await client.send(request) })
        var dumped = ""
        dump(error, to: &dumped)
        for text in ["\(error)", String(reflecting: error), error.localizedDescription, dumped] {
            #expect(!text.contains("secret") && !text.contains("T00000000"))
        }
        #expect(error.label == "http_\(error.kind.rawValue)")
        return error
    }

    @Test(
        "the deadline covers the whole reply",
        arguments: [SlackStandIn.Answer.silence, .drip(every: .milliseconds(20)), .delayed(.seconds(20), 200, "ok")])
    func theDeadlineCoversTheWholeReply(answer: SlackStandIn.Answer) async throws {
        let server = try SlackStandIn(otherwise: answer)
        let started = ContinuousClock.now
        let error = try await failure(
            "\(server.url)/\(Self.secret)", deadline: .milliseconds(400), maximumReply: 1 << 20)
        #expect(error.kind == .timeout)
        let elapsed = ContinuousClock.now - started
        #expect(elapsed >= .milliseconds(390) && elapsed < .seconds(15))
    }

    @Test func theDeadlineCoversTheWaitForItsTurn() async throws {
        let server = try SlackStandIn(otherwise: .silence)
        let client = client
        let first = Task { try? await client.send(HTTPRequest(url: server.url, deadline: .seconds(60))) }
        _ = await server.nextRequest()
        let error = try await failure("\(server.url)/\(Self.secret)", deadline: .milliseconds(50))
        #expect(error.kind == .timeout)
        first.cancel()
        _ = await first.value
        #expect(server.received.count == 1)
    }

    @Test("a reply over its cap is ended", arguments: [1001, 200_000_000])
    func aReplyOverItsCapIsEnded(size: Int) async throws {
        let server = try SlackStandIn(otherwise: .flood(size))
        #expect(try await failure("\(server.url)/\(Self.secret)").kind == .tooLarge)
    }

    @Test func headersHaveACapToo() async throws {
        let headers = Dictionary(
            uniqueKeysWithValues: (0..<40).map { ("X-\($0)", String(repeating: "h", count: 2000)) })
        let server = try SlackStandIn(otherwise: .reply(200, "ok", headers: headers))
        #expect(try await failure("\(server.url)/\(Self.secret)").kind == .tooLarge)
    }

    @Test func aLostReplyIsAFailureToConnect() async throws {
        let server = try SlackStandIn(otherwise: .drop)
        #expect(try await failure("\(server.url)/\(Self.secret)").kind == .connect)
        #expect(server.received.count == 1)
    }

    @Test(
        "a request that was sent may have been acted on, and the status may be known",
        arguments: [
            (.silence, nil), (.drop, nil), (.interim, nil), (.headAlone(200), 200), (.headAlone(404), 404),
            (.drip(every: .milliseconds(20)), 200), (.flood(1 << 20), 200),
        ] as [(SlackStandIn.Answer, Int?)])
    func aRequestThatWasSentMayHaveBeenActedOn(answer: SlackStandIn.Answer, status: Int?) async throws {
        let server = try SlackStandIn(otherwise: answer)
        let error = try await failure("\(server.url)/\(Self.secret)", deadline: .milliseconds(500))
        #expect(error.isSent)
        #expect(error.head?.status == status)
        #expect(error.head?.body.isEmpty != false)
    }

    @Test func aTLSHandshakeThatNeverEndsSendsNothing() async throws {
        let server = try SlackStandIn()
        let url = server.url.replacing("http:", with: "https:")
        let error = try await failure("\(url)/\(Self.secret)", deadline: .milliseconds(500))
        #expect(error.kind == .timeout && !error.isSent && error.head == nil)
    }

    /// Its connection is made by the kernel, and nothing of the request is ever read.
    @Test func aBodyThatIsNotTakenWholeIsNotSent() async throws {
        let server = try await SocketServer(.silent)
        let request = HTTPRequest(
            method: .post, url: "http://127.0.0.1:\(server.port)/", body: [UInt8](repeating: 0x20, count: 64 << 20),
            deadline: .seconds(1))
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        await server.stop()
        #expect(error?.kind == .timeout && error?.isSent == false)
    }

    /// libcurl repeats by itself what it sent over a connection that it had kept, if that is closed without a byte.
    @Test func aPostIsSentOnceEvenOverAConnectionThatWasKept() async throws {
        let server = try SlackStandIn([.ok], otherwise: .drop)
        let request = HTTPRequest(method: .post, url: server.url, body: Array("x".utf8))
        #expect(try await client.send(request).status == 200)
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(server.received.count == 2)
        #expect(server.received.map(\.connection) == [0, 0])
        #expect(error?.kind == .connect && error?.isSent == true)
    }

    @Test func aRefusedConnectionNamesTheHostOnly() async throws {
        let server = try SlackStandIn()
        let url = server.url
        server.stop()
        let error = try await failure("\(url)/\(Self.secret)")
        // A listener that is just closing may still take the connection and then reset it.
        #expect(error.kind == .connect)
        #expect("\(error)".hasPrefix(String(url.dropFirst("http://".count)) + ": "))
    }

    @Test func aPortWithoutAListenerIsSentNothing() async throws {
        let error = try await failure("http://127.0.0.1:1/\(Self.secret)")
        #expect(error.kind == .connect && !error.isSent)
        let asking = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(url: "http://127.0.0.1:1/"))
        }
        #expect(asking?.isSent == false, "even if there is no body to send")
    }

    @Test func anUnknownNameDoesNotResolve() async throws {
        let error = try await failure("https://slack.invalid/\(Self.secret)")
        #expect(error.kind == .resolve && !error.isSent)
    }

    @Test(
        "what is not an absolute web address is refused",
        arguments: [
            "", "/services/secret", "hooks.slack.com/secret", "ftp://127.0.0.1/secret", "file:///etc/secret",
            "gopher://127.0.0.1/secret", "http://", "http:///secret", "http://127.0.0.1/se cret",
            "http://127.0.0.1/secret\r\nX: y", "http://127.0.0.1/secret\0", "http://127.0.0.1:99999/secret",
            "http://é/secret",
        ])
    func whatIsNotAWebAddressIsRefused(url: String) async throws {
        #expect(try await failure(url).kind == .badURL)
    }

    @Test(
        "a header that would end early is refused",
        arguments: [("X", "a\r\nY: b"), ("X", "a\nb"), ("X\r\nY", "a"), ("X", "a\0b"), ("X: y", "z"), ("", "a")])
    func aHeaderThatWouldEndEarlyIsRefused(name: String, value: String) async throws {
        let server = try SlackStandIn()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(url: server.url, headers: [(name, value)]))
        }
        #expect(error?.kind == .other)
        #expect(server.received.isEmpty)
    }

    @Test func cancellingEndsTheRequestUnderWay() async throws {
        let server = try SlackStandIn(otherwise: .silence)
        let client = client
        let sending = Task { try await client.send(HTTPRequest(url: server.url, deadline: .seconds(30))) }
        _ = await server.nextRequest()
        sending.cancel()
        let started = ContinuousClock.now
        let error = await #expect(throws: HTTPError.self) { try await sending.value }
        #expect(error?.kind == .cancelled)
        #expect(ContinuousClock.now - started < .seconds(20))
    }

    /// On the main actor, so that after the yield the second request has got as far as its wait.
    @Test @MainActor func cancellingEndsAWaitForItsTurnAtOnce() async throws {
        let server = try SlackStandIn(otherwise: .silence)
        let client = client
        let first = Task { try await client.send(HTTPRequest(url: server.url, deadline: .seconds(30))) }
        _ = await server.nextRequest()
        let second = Task { try await client.send(HTTPRequest(url: server.url, deadline: .seconds(30))) }
        await Task.yield()
        second.cancel()
        let error = await #expect(throws: HTTPError.self) { try await second.value }
        #expect(error?.kind == .cancelled)
        first.cancel()
        _ = await first.result
        #expect(server.received.count == 1)
    }

    @Test func closingEndsWhatIsUnderWayAndRefusesTheRest() async throws {
        let server = try SlackStandIn(otherwise: .silence)
        let client = client
        let sending = Task { try await client.send(HTTPRequest(url: server.url, deadline: .seconds(30))) }
        _ = await server.nextRequest()
        client.close()
        #expect(await #expect(throws: HTTPError.self) { try await sending.value }?.kind == .cancelled)
        #expect(try await failure("\(server.url)/\(Self.secret)").kind == .cancelled)
        client.close()
    }
}
