import Foundation
import HTTP
import TestSupport
import Testing

@Suite("HTTPClient", .timeLimit(.minutes(1)))
struct HTTPClientTests {
    private let client = HTTPClient()

    @Test("every status is a reply", arguments: [200, 201, 302, 307, 400, 403, 404, 410, 429, 500, 503])
    func everyStatusIsAReply(status: Int) async throws {
        let server = try SlackStandIn([.reply(status, "the body", headers: ["Retry-After": "7", "X-Empty": ""])])
        let reply = try await client.send(HTTPRequest(url: server.url + "/there?x=1"))
        #expect(reply.status == status)
        #expect(String(decoding: reply.body, as: UTF8.self) == "the body")
        #expect(reply.headers["retry-AFTER"] == "7")
        #expect(reply.headers["x-empty"] == "")
        #expect(reply.headers["absent"] == nil)
        let request = try #require(server.received.first)
        #expect(request.method == "GET")
        #expect(request.path == "/there?x=1")
        #expect(request.headers["user-agent"] == "driftwatch")
    }

    @Test func aPostCarriesItsBodyAndHeadersAndNoExpect() async throws {
        let server = try SlackStandIn()
        let body: [UInt8] = [0, 1, 2, 0xff, 0] + [UInt8](repeating: 0x61, count: 2_000_000)
        let headers = [("Content-Type", "application/json"), ("X-Empty", "")]
        _ = try await client.send(HTTPRequest(method: .post, url: server.url, headers: headers, body: body))
        let request = try #require(server.received.first)
        #expect(request.method == "POST")
        // Not inside the expectation, which would take minutes to describe two megabytes.
        let isWhole = request.body == body
        #expect(isWhole)
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["x-empty"] == "")
        #expect(request.headers["expect"] == nil)
    }

    @Test func anEmptyPostIsAPost() async throws {
        let server = try SlackStandIn()
        _ = try await client.send(HTTPRequest(method: .post, url: server.url))
        #expect(server.received.map(\.method) == ["POST"])
        #expect(server.received.first?.headers["content-length"] == "0")
    }

    @Test("no redirect is followed", arguments: [301, 302, 303, 307, 308])
    func noRedirectIsFollowed(status: Int) async throws {
        let elsewhere = try SlackStandIn()
        let server = try SlackStandIn([.reply(status, "", headers: ["Location": elsewhere.url + "/elsewhere"])])
        let reply = try await client.send(HTTPRequest(method: .post, url: server.url))
        #expect(reply.status == status)
        #expect(elsewhere.received.isEmpty)
    }

    @Test func aConnectionServesManyRequests() async throws {
        let server = try SlackStandIn()
        for _ in 0..<20 { _ = try await client.send(HTTPRequest(method: .post, url: server.url)) }
        #expect(Set(server.received.map(\.connection)) == [0])
    }

    @Test func anIdleConnectionThatTheServerClosedIsReplacedWithoutNotice() async throws {
        let server = try SlackStandIn(otherwise: .replyThenClose(200, "ok"))
        for _ in 0..<20 {
            let reply = try await client.send(HTTPRequest(method: .post, url: server.url))
            #expect(reply.status == 200)
        }
        #expect(server.received.map(\.connection) == Array(0..<20))
    }

    @Test func aReplyAsLongAsTheCapIsWhole() async throws {
        let server = try SlackStandIn([.reply(200, String(repeating: "x", count: 1000))])
        let reply = try await client.send(HTTPRequest(url: server.url, maximumReply: 1000))
        #expect(reply.body.count == 1000)
    }

    @Test("what follows one request does not touch the next", arguments: [SlackStandIn.Answer.drop, .flood(1 << 20)])
    func aFailureLeavesNothingBehind(answer: SlackStandIn.Answer) async throws {
        let server = try SlackStandIn([.ok, answer, .reply(201, "fine")])
        _ = try await client.send(HTTPRequest(method: .post, url: server.url + "/first", body: [1, 2, 3]))
        _ = try? await client.send(HTTPRequest(method: .post, url: server.url + "/second", body: [1], maximumReply: 10))
        let reply = try await client.send(HTTPRequest(url: server.url + "/third"))
        #expect(reply.body.count <= 4)
        #expect(server.received.last?.method == "GET")
        #expect(server.received.last?.body == [])
    }

    @Test func manyCallersAreServedOneAfterTheOther() async throws {
        let server = try SlackStandIn { request, _ in .reply(200, request.path) }
        let client = client
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let reply = try await client.send(HTTPRequest(url: "\(server.url)/\(number)"))
                    #expect(String(decoding: reply.body, as: UTF8.self) == "/\(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(server.received.count == 100)
    }

    @Test func theCooperativePoolStaysFree() async throws {
        let server = try SlackStandIn(otherwise: .silence)
        let deadline = Duration.seconds(60)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<(2 * ProcessInfo.processInfo.activeProcessorCount + 2) {
                group.addTask { _ = try? await HTTPClient().send(HTTPRequest(url: server.url, deadline: deadline)) }
            }
            _ = await server.nextRequest()
            let elapsed = await ContinuousClock().measure { await Task { await Task.yield() }.value }
            #expect(elapsed < .seconds(30), "not before the deadline, if the pool were taken")
            group.cancelAll()
        }
    }

    @Test func aProxyIsPassedByWhereTheSettingsSaySo() async {
        await #expect(processExitsWith: .success) {
            let server = try SlackStandIn([.reply(200, "itself")])
            for name in ["no_proxy", "NO_PROXY"] { unsafe unsetenv(name) }
            for name in ["http_proxy", "all_proxy"] { unsafe setenv(name, "http://127.0.0.1:1", 1) }
            let client = HTTPClient(settings: .init(usesProxy: false))
            let reply = try await client.send(HTTPRequest(url: server.url))
            guard String(decoding: reply.body, as: UTF8.self) == "itself" else { exit(1) }
        }
    }

    @Test func aProxyFromTheEnvironmentIsUsed() async {
        await #expect(processExitsWith: .success) {
            let proxy = try SlackStandIn([.reply(200, "from the proxy")])
            for name in ["no_proxy", "NO_PROXY"] { unsafe unsetenv(name) }
            unsafe setenv("http_proxy", proxy.url, 1)
            let reply = try await HTTPClient().send(HTTPRequest(url: "http://slack.invalid/services/T0"))
            guard String(decoding: reply.body, as: UTF8.self) == "from the proxy",
                proxy.received.first?.path == "http://slack.invalid/services/T0"
            else { exit(1) }
        }
    }
}
