import Foundation
import HTTP
import Postgres
import TestSupport
import Testing

@testable import Dashboard

/// `POST /api/holds` and `DELETE /api/holds/ID`.
@Suite(.timeLimit(.minutes(2)))
struct HoldsAPITests {
    private static let token = "0123456789abcdefghij"

    private static func withAPI(_ body: (Database, Browser) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            for server in ["web-1", "db-1"] { try await database.makeServer(server) }
            try await database.execute(
                """
                update driftwatch.servers set labels = '{"role": "web"}' where server_id = 'web-1'
                """)
            try await DashboardTests.serve(database) {
                $0.apiToken = APIToken(token)
            } _: {
                try await body(database, $0)
            }
        }
    }

    private static func post(
        _ json: String, to browser: Browser, token: String? = "Bearer \(token)", type: String = "application/json",
        host: String? = nil
    ) async throws -> HTTPReply {
        var headers = [("Content-Type", type)]
        if let token { headers.append(("Authorization", token)) }
        if let host { headers.append(("Host", host)) }
        return try await HTTPClient().send(
            HTTPRequest(
                method: .post, url: "http://127.0.0.1:\(browser.port)/api/holds", headers: headers,
                body: Array(json.utf8), deadline: .seconds(30), maximumReply: 1 << 20))
    }

    private static func holds(_ database: Database) async throws -> [String] {
        try await database.rows(
            "select concat_ws(' ', kind, labels, server_id, reason, created_by) from driftwatch.mutes", as: String.self)
    }

    private static let fine = #"{"labels": {"role": "web"}, "minutes": 30, "reason": "deploy 42", "by": "ci"}"#

    /// The very lines of the page, with its own variables.
    @Test
    func theLinesInTheDocumentationWork() async throws {
        guard Tool.has("/usr/bin/curl") else { try Test.cancel("there is no curl here") }
        let page = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
                path: "../../docs/OPERATING.md"), encoding: .utf8)
        let block = try #require(page.firstMatch(of: #/```text\n(curl --fail-with-body[^`]*)```/#)?.1)
        try await Self.withAPI { database, browser in
            let result = try await Tool.run(
                ["/bin/sh", "-ec", String(block)],
                environment: [
                    "TOKEN": Self.token, "URL": "http://127.0.0.1:\(browser.port)", "PATH": "/usr/bin:/bin",
                ])
            #expect(result.status == 0, "\(result)")
            #expect(
                result.text.contains(#/\{"id":1,"until":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","servers":1\}/#),
                "\(result.text)")
            let ended = try await database.rows(
                "select ended_at is not null and created_by = 'ci (api)' from driftwatch.mutes", as: Bool.self)
            #expect(ended == [true])
        }
    }

    @Test
    func withoutATokenThereIsNoAPI() async throws {
        try await DefenceTests.withoutDatabase { browser in
            let reply = try await Self.post(Self.fine, to: browser)
            #expect(reply.status == 405)
        }
    }

    @Test(arguments: [
        nil, "", "Bearer", "Bearer x", "Bearer 0123456789abcdefghi", "Bearer 0123456789abcdefghijk",
        "Basic 0123456789abcdefghij", "0123456789abcdefghij",
    ])
    func aRequestWithoutTheTokenIsRefused(authorization: String?) async throws {
        try await Self.withAPI { database, browser in
            let reply = try await Self.post(Self.fine, to: browser, token: authorization)
            #expect(reply.status == 401)
            #expect(try await Self.holds(database) == [])
        }
    }

    @Test
    func aForeignHostAndAnotherTypeAreRefused() async throws {
        try await Self.withAPI { database, browser in
            #expect(try await Self.post(Self.fine, to: browser, host: "evil.example").status == 421)
            #expect(try await Self.post(Self.fine, to: browser, type: "text/plain").status == 415)
            #expect(try await browser("/", .post).status == 405, "pages can only be read")
            #expect(try await Self.holds(database) == [])
            let reply = try await Self.post(Self.fine, to: browser, type: "application/json; charset=utf-8")
            #expect(reply.status == 201)
            #expect(try await Self.holds(database) == [#"hold {"role": "web"} deploy 42 ci (api)"#])
        }
    }

    @Test(arguments: [
        ("", 400, "the body is not JSON"),
        ("[]", 400, "the body is not a JSON object"),
        (#"{"minutes": 30, "reason": "x", "server": "web-1", "until": "2030-01-01T00:00:00Z"}"#, 400, "not both"),
        (#"{"minutes": 30, "reason": "x", "servers": "web-1"}"#, 400, "there is no key servers"),
        (#"{"minutes": "30", "reason": "x", "server": "web-1"}"#, 400, "minutes is not a whole number"),
        (#"{"minutes": 0, "reason": "x", "server": "web-1"}"#, 400, "minutes is not a whole number"),
        (#"{"minutes": 1.5, "reason": "x", "server": "web-1"}"#, 400, "a number that is not whole"),
        (#"{"until": "tomorrow", "reason": "x", "server": "web-1"}"#, 400, "until is not an instant"),
        (#"{"until": 5, "reason": "x", "server": "web-1"}"#, 400, "until is not an instant"),
        (#"{"reason": "x", "server": "web-1"}"#, 400, "a hold needs an end"),
        (#"{"minutes": 30, "server": "web-1"}"#, 400, "a hold needs a reason"),
        (
            #"{"minutes": 30, "reason": "a\nb", "server": "web-1"}"#, 400,
            "reason is not one line of at most 300 characters"
        ),
        (
            #"{"minutes": 30, "reason": "x", "server": "web-1", "by": "\#(String(repeating: "x", count: 81))"}"#, 400,
            "by is not one line of at most 80 characters"
        ),
        (#"{"minutes": 30, "reason": "x", "server": "web 1"}"#, 400, "server is not the name of a server"),
        (#"{"minutes": 30, "reason": "x", "labels": {"role": 1}}"#, 400, "labels is not a map of texts"),
        (#"{"minutes": 30, "reason": "x", "labels": []}"#, 400, "labels is not a map of texts"),
        (#"{"minutes": 30, "reason": "x"}"#, 422, "a hold needs a server, a label or a pack"),
        (#"{"minutes": 30, "reason": "x", "server": "web-9"}"#, 422, "no server that is checked fits"),
        (#"{"until": "2001-01-01T00:00:00Z", "reason": "x", "server": "web-1"}"#, 422, "is in the past"),
        ("{\"reason\": \"\(String(repeating: "x", count: 20_000))\"}", 413, "larger than 16384 bytes"),
    ])
    func whatIsNotARequestIsRefusedWithWhatIsWrong(json: String, status: Int, words: String) async throws {
        try await Self.withAPI { database, browser in
            let reply = try await Self.post(json, to: browser)
            #expect(reply.status == status, "\(DashboardTests.text(reply))")
            let answer = try #require(
                try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any])
            #expect((answer["error"] as? String)?.contains(words) == true, "\(answer)")
            #expect(try await Self.holds(database) == [])
        }
    }

    @Test(arguments: ["7", "x", "-1"])
    func whatIsNoHoldCannotBeEnded(id: String) async throws {
        guard Tool.has("/usr/bin/curl") else { try Test.cancel("there is no curl here") }
        try await Self.withAPI { _, browser in
            let result = try await Tool.run(
                [
                    "/usr/bin/curl", "-s", "-X", "DELETE", "-H", "Authorization: Bearer \(Self.token)", "-w",
                    " %{http_code}", "http://127.0.0.1:\(browser.port)/api/holds/\(id)",
                ], environment: [:])
            #expect(result.text.contains(#""error""#) && result.text.hasSuffix(" 404"), "\(result.text)")
        }
    }
}
