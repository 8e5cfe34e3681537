import DriftCore
import Foundation
import HTTP
import Logging
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import Dashboard

/// Asks a dashboard on this machine for pages.
struct Browser: Sendable {
    let port: Int
    private let client: HTTPClient

    init(port: Int) {
        self.port = port
        client = HTTPClient()
    }

    func callAsFunction(
        _ path: String, _ method: HTTPRequest.Method = .get, host: String? = nil
    ) async throws -> HTTPReply {
        try await client.send(
            HTTPRequest(
                method: method, url: "http://127.0.0.1:\(port)\(path)", headers: host.map { [("Host", $0)] } ?? [],
                deadline: .seconds(30), maximumReply: 1 << 20))
    }
}

/// The pages, asked for over HTTP.
@Suite(.timeLimit(.minutes(2)))
struct DashboardTests {
    /// A server that drifted: its first check complied, the second found `mismatch`.
    static func withPages(
        _ mismatch: Mismatch = plain, name: String = "Web 1",
        _ body: (Database, Browser) async throws -> Void
    ) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/etc/motd"]])
            try await database.execute("update driftwatch.servers set display_name = \(name)")
            try await check(database, [.init(key: mismatch.key, item: mismatch.item, finding: .ok)])
            let check = try await check(
                database, [.init(key: mismatch.key, item: mismatch.item, finding: .wrong([mismatch]))])
            try await database.execute("select driftwatch.open_alert('web-1', 'base', \(check), 1, '[]')")
            try await serve(database) { get in try await body(database, get) }
        }
    }

    static let plain = Mismatch(
        type: .wrongContent, item: "/etc/motd", key: ItemKey(rawValue: "file:/etc/motd"),
        expected: ["content_hash": "sha256:aa"], actual: ["content_hash": "sha256:bb"],
        diff: "--- expected\n+++ actual\n@@ -1 +1 @@\n-hello\n+goodbye\n")

    @discardableResult
    static func check(_ database: Database, _ outcomes: [ItemOutcome]) async throws -> Int64 {
        let check = Check(
            packName: PackName(rawValue: "base"), packDigest: SHA256Digest(of: []), outcomes: outcomes)
        let job = try await database.rows("select driftwatch.enqueue_check('web-1', 'test')", as: Int64.self)[0]
        let id = try await database.rows(
            """
            select driftwatch.record_check(
                \(job), 'web-1', 'base', 'sha256:x', \(check.verdict.rawValue), null, \(check.okCount),
                \(check.mismatchCount), \(check.unreadableCount), \(check.fingerprint.description),
                \(try check.detailsJSON())::text::jsonb, now(), 5)
            """, as: Int64.self)[0]
        try await database.execute(
            "update driftwatch.jobs set state = 'succeeded', finished_at = now() where job_id = \(job)")
        return id
    }

    static func serve(
        _ database: Database, _ adjust: (inout DashboardSettings) -> Void = { _ in }, logger: Logger = .quiet,
        _ body: (Browser) async throws -> Void
    ) async throws {
        let (ports, started) = AsyncStream<Int>.makeStream()
        var settings = DashboardSettings(host: "127.0.0.1", port: 0, names: ["drift.example.net"]) {
            started.yield($0)
        }
        adjust(&settings)
        let dashboard = Dashboard(database: database, settings: settings, logger: logger)
        let service = ServiceGroup(configuration: .init(services: [dashboard], logger: .quiet))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            let port = try #require(await ports.first { _ in true })
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(Browser(port: port))) } catch { outcome = .failure(error) }
            // As a process stops: a server that is cancelled while clients wait to be let in traps in NIO.
            await service.triggerGracefulShutdown()
            try outcome.get()
        }
    }

    static func text(_ reply: HTTPReply) -> String { String(decoding: reply.body, as: UTF8.self) }

    @Test
    func theLinkInAnAlertOpensAPageWithServerPackCountAndDiff() async throws {
        try await Self.withPages { database, get in
            let path = try await database.rows("select diff_path from driftwatch.alerts", as: String.self)[0]
            let reply = try await get(path)
            #expect(reply.status == 200)
            let page = Self.text(reply)
            for part in [
                "Web 1", "web-1", "base", "drifted", "0 of 1 item as expected, 1 wrong (1 difference).", "/etc/motd",
                "sha256:aa", "<span class=\"removed\">-hello", "<span class=\"added\">+goodbye", "Alert 1</a> is open",
            ] {
                #expect(page.contains(part), "\(part)")
            }
        }
    }

    @Test
    func aDestinationThatAnswersLateIsNoticedAndNotAFault() async throws {
        try await Self.withPages { database, get in
            try await database.execute(
                "update driftwatch.destinations set recent_replies = '{NULL,NULL}', last_attempt_at = driftwatch.clock()"
            )
            let notice = "destination default answers late: 2 of the last 2 attempts had no reply within 5 s"
            #expect(Self.text(try await get("/")).contains(notice))
            for path in ["/healthz", "/healthz/delivery"] {
                let reply = try await get(path)
                #expect(reply.status == 200 && Self.text(reply) == "ok\n\(notice)\n", "\(path)")
            }
        }
    }

    @Test
    func whatServersSayComesOutEscaped() async throws {
        let hostile = "<script>alert(1)</script>\"'&\u{202E}\u{1B}[31m"
        let mismatch = Mismatch(
            type: .wrongContent, item: hostile, key: ItemKey(rawValue: "file:/etc/motd"), expected: ["mode": hostile],
            actual: ["mode": hostile], diff: "@@ -1 +1 @@\n-\(hostile)\n+\(hostile)\n")
        try await Self.withPages(mismatch, name: hostile) { _, get in
            for path in ["/", "/servers/web-1", "/servers/web-1/packs/base"] {
                let page = Self.text(try await get(path))
                #expect(page.contains("&lt;script&gt;"))
                #expect(!page.contains("<script"))
                #expect(!page.contains("\u{1B}") && !page.contains("\u{202E}"))
            }
        }
    }

    @Test(arguments: [
        ("/servers/web-1/packs/base?check=1", 200), ("/servers/web-1/packs/base?check=2", 200),
        ("/servers/web-1/packs/base", 200), ("/servers/web-1", 200), ("/", 200), ("/style.css", 200), ("/healthz", 200),
        ("/servers/web-1/packs/base?check=99", 404), ("/servers/web-1/packs/base?check=3", 404),
        ("/servers/web-1/packs/other", 404), ("/servers/web-9", 404),
        ("/servers/web-9/packs/base", 404), ("/nowhere", 404), ("/servers/web-1/packs/base?check=x", 400),
        ("/servers/web-1/packs/base?check=-1", 400), ("/?page=0", 400), ("/?page=x", 400), ("/?page=9", 200),
        ("/servers/web-1/packs/base?page=-1", 400), ("/servers/web-1/packs/base?page=9", 200),
        ("/servers/WEB/packs/base", 400),
        ("/servers/..%2f..%2fetc/packs/base", 400),
    ])
    func everyPathHasItsStatus(path: String, status: Int) async throws {
        try await Self.withPages { _, get in
            let reply = try await get(path)
            #expect(reply.status == status)
            #expect(reply.headers["content-security-policy"]?.contains("default-src 'none'") == true)
            #expect(reply.headers["x-content-type-options"] == "nosniff")
            #expect(!Self.text(reply).contains("<script"))
        }
    }

    @Test
    func aRemovedChecksLinkShowsTheNewestCheckAndWhatIsKnown() async throws {
        try await Self.withPages { database, get in
            try await database.execute("delete from driftwatch.checks where check_id = 1")
            let page = Self.text(try await get("/servers/web-1/packs/base?check=1"))
            #expect(page.contains("Check 1 is not kept any more"))
            #expect(page.contains("/etc/motd"))
        }
    }

    @Test
    func withoutAnyHistoryThePageSaysThatItIsNotKept() async throws {
        try await Self.withPages { database, get in
            try await database.execute(
                "update driftwatch.drift_states set last_check_id = 2, last_checked_at = now(), state = 'drifted'")
            try await database.execute("delete from driftwatch.checks")
            try await database.execute("delete from driftwatch.check_details")
            let page = Self.text(try await get("/servers/web-1/packs/base"))
            #expect(page.contains("No check is kept."))
            #expect(page.contains("drifted") && !page.contains("not checked"))
            let fleet = Self.text(try await get("/"))
            #expect(fleet.contains(", 0 never checked, ") && fleet.contains("its checks are not kept any more"))
            #expect(!fleet.replacing(", 0 never checked, ", with: "").contains("never checked"))
        }
    }

    /// Who restarts a process by its health must not do so because Slack is away.
    @Test
    func messagesThatAreNotDeliveredAreSaidAndRestartNothing() async throws {
        try await Self.withPages { database, get in
            #expect(Self.text(try await get("/healthz")) == "ok\n")
            #expect(try await get("/healthz/delivery").status == 200)
            try await database.execute(
                "update driftwatch.destinations set paused_at = now(), paused_reason = 'no_service <b>'")
            let problem = "messages to default are not delivered: paused: no_service <b>\n"
            let health = try await get("/healthz")
            #expect(health.status == 200)
            #expect(Self.text(health) == "ok\n\(problem)")
            let delivery = try await get("/healthz/delivery")
            #expect(delivery.status == 503)
            #expect(Self.text(delivery) == problem)
            #expect(Self.text(try await get("/")).contains("paused: no_service &lt;b&gt;"))
        }
    }

    @Test
    func aDatabaseThatIsAwayGivesAPageThatSaysSo() async throws {
        let nowhere = Database(
            DatabaseSettings(conninfo: "host=/nowhere dbname=x", applicationName: "tests"), logger: .quiet)
        try await Self.serve(nowhere) { get in
            #expect(try await get("/healthz").status == 503)
            #expect(try await get("/healthz/delivery").status == 503)
            let reply = try await get("/")
            #expect(reply.status == 503)
            #expect(Self.text(reply).contains("The database does not answer"))
        }
        await nowhere.close()
    }
}
