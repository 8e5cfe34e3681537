import DriftCore
import Foundation
import HTTP
import Postgres
import TestSupport
import Testing

@testable import Dashboard

/// What pages say, and how long they get.
@Suite(.timeLimit(.minutes(3)))
struct PageTests {
    private static let page = "/servers/web-1/packs/base"

    private static func wrong(
        _ path: String, _ types: [MismatchType] = [.missingFile], diff: String? = nil
    ) -> ItemOutcome {
        let key = ItemKey(rawValue: "file:\(path)")
        let mismatches = types.map {
            Mismatch(
                type: $0, item: path, key: key, expected: ["state": "file"], actual: ["state": "absent"], diff: diff)
        }
        return ItemOutcome(key: key, item: path, finding: .wrong(mismatches))
    }

    private static func unreadable(_ path: String) -> ItemOutcome {
        ItemOutcome(key: ItemKey(rawValue: "file:\(path)"), item: path, finding: .unreadable(.sudoRefused))
    }

    /// The parts of a page that show an item each.
    private static func items(_ page: String) -> [String] {
        page.components(separatedBy: "<section class=\"item\">").dropFirst().map {
            $0.components(separatedBy: "</section>")[0]
        }
    }

    /// A server whose newest check found `outcomes`.
    private static func withPage(of outcomes: [ItemOutcome], _ body: (Database, Browser) async throws -> Void)
        async throws
    {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/etc/motd"]])
            try await DashboardTests.check(database, outcomes)
            try await DashboardTests.serve(database) { get in try await body(database, get) }
        }
    }

    @Test
    func anItemIsShownWithItsOwnReasonsAlone() async throws {
        var outcomes = [Self.wrong("/a")] + ["/b", "/c"].map(Self.unreadable)
        outcomes[0].description = "<what it is for>"
        try await Self.withPage(of: outcomes) { _, get in
            let items = Self.items(DashboardTests.text(try await get(Self.page)))
            #expect(items.count == 3)
            #expect(items[0].contains("&lt;what it is for&gt;") && !items[1].contains("what it is for"))
            #expect(items[0].contains("/a") && !items[0].contains("sudo"))
            #expect(items[1].contains("/b") && items[1].components(separatedBy: "sudo_refused").count == 2)
            #expect(!items[1].contains("/c") && !items[1].contains("missing"))
        }
    }

    @Test
    func whatIsToBeSaidOfWhatIsRightIsShownLast() async throws {
        let remarked = ItemOutcome(key: ItemKey(rawValue: "package:git"), item: "git", finding: .ok, remark: "<epoch>")
        try await Self.withPage(of: [remarked, Self.wrong("/a")]) { _, get in
            let page = DashboardTests.text(try await get(Self.page))
            let items = Self.items(page)
            #expect(items.count == 2 && items[0].contains("/a") && !items[0].contains("epoch"))
            #expect(items[1] == "<h3>git</h3><p class=\"unsure\">&lt;epoch&gt;</p>")
            #expect(page.contains("<h2>As expected, but</h2>"))
        }
    }

    @Test
    func whatIsMissingIsOneLine() async throws {
        try await Self.withPage(of: [Self.wrong("/a")]) { _, get in
            let item = Self.items(DashboardTests.text(try await get(Self.page)))[0]
            #expect(item == "<h3>/a</h3><div><p class=\"what\">missing</p></div>")
        }
    }

    @Test
    func theDiffComesFirstAndHashesAreFolded() async throws {
        try await DashboardTests.withPages { _, get in
            let page = DashboardTests.text(try await get(Self.page))
            let diff = try #require(page.range(of: "<pre class=\"diff\""))
            let folded = try #require(page.range(of: "<details>"))
            let hash = try #require(page.range(of: "sha256:aa"))
            #expect(diff.lowerBound < folded.lowerBound && folded.upperBound <= hash.lowerBound)
        }
    }

    @Test
    func itemsAndDifferencesAreCountedApart() async throws {
        let outcomes = [Self.wrong("/a", [.wrongOwner, .wrongPermissions]), Self.wrong("/b")]
        try await Self.withPage(of: outcomes) { _, get in
            let page = DashboardTests.text(try await get(Self.page))
            #expect(page.contains("0 of 2 items as expected, 2 wrong (3 differences)."))
        }
    }

    @Test
    func fiveThousandItemsGiveAPageThatOpensAtOnce() async throws {
        try await Self.withPage(of: (1000..<6000).map { Self.wrong("/f\($0)") }) { _, get in
            let first = try await get(Self.page)
            #expect(first.body.count < 32_000)
            let page = DashboardTests.text(first)
            #expect(page.contains("5000 missing") && page.contains("items 1 to 50 of 5000"))
            #expect(Self.items(page).count == DiffItems.itemsPerPage)
            let last = DashboardTests.text(try await get(Self.page + "?page=100"))
            #expect(last.contains("/f5999") && !last.contains("rel=\"next\""))
        }
    }

    @Test
    func longDiffsAreSpreadOverPagesAndNoneIsLost() async throws {
        let diff = "--- expected\n+++ actual\n@@ -1 +1 @@\n" + String(repeating: "-\"<&>\n+\"<&>\n", count: 100)
        let paths = (100..<300).map { "/f\($0)" }
        try await Self.withPage(of: paths.map { Self.wrong($0, [.wrongContent], diff: diff) }) { _, get in
            var place: String? = Self.page
            var seen: [String] = []
            while let path = place {
                let reply = try await get(path)
                #expect(reply.body.count < 256_000)
                let page = DashboardTests.text(reply)
                seen += Self.items(page).compactMap { $0.firstMatch(of: #/<h3>(.*?)<\/h3>/#).map { String($0.1) } }
                place = page.firstMatch(of: #/<a href="([^"]*)" rel="next">/#)
                    .map { String($0.1).replacing("&amp;", with: "&") }
            }
            #expect(seen == paths)
        }
    }

    @Test
    func theFleetIsCutIntoPagesWithWhatIsWrongFirst() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/etc/motd"]])
            try await database.execute(
                """
                select driftwatch.apply_server(
                    'node-' || n, 'Node ' || n, 'node', null, null, null, 'ssh', 'default', '{}', true,
                    array['base'], 'test')
                from generate_series(100, 499) n
                """)
            try await DashboardTests.check(database, [Self.wrong("/etc/motd")])
            try await database.execute(
                "update driftwatch.drift_states set state = 'drifted' where server_id in ('web-1', 'node-450')")
            try await DashboardTests.serve(database) { get in
                let first = DashboardTests.text(try await get("/"))
                #expect(
                    first.contains(
                        "401 servers, each with its packs: 0 compliant, 2 drifted, 0 incomplete, 0 failed, 399 never checked"
                    ))
                let rows = first.matches(of: #/<th scope="row"><a href="/servers/(.*?)"/#).map { String($0.1) }
                #expect(rows.count == FleetPage.linesPerPage)
                #expect(rows.prefix(3) == ["node-450", "web-1", "node-100"])
                let last = DashboardTests.text(try await get("/?page=3"))
                #expect(last.contains("lines 401 to 401 of 401") && last.contains("href=\"/?page=2\" rel=\"prev\""))
                #expect(!last.contains("rel=\"next\""))
            }
        }
    }

    @Test
    func theLinkOfAResolutionOpensWhatIsTrueNowWithTheOldCheckBesideIt() async throws {
        try await DashboardTests.withPages { database, get in
            try await DashboardTests.check(
                database, [.init(key: DashboardTests.plain.key, item: "/etc/motd", finding: .ok)])
            try await database.executeScript(
                """
                select driftwatch.close_alert(1, 'compliant', 'driftwatch');
                update driftwatch.drift_states
                set state = 'compliant', last_check_id = 3, last_checked_at = now(), item_count = 1;
                """)
            let now = DashboardTests.text(try await get(Self.page))
            #expect(now.contains("</span>compliant</span> since "))
            #expect(now.contains("<a href=\"/alerts/1\">Alert 1</a> was resolved ") && !now.contains("goodbye"))
            #expect(now.contains("<a href=\"/servers/web-1/packs/base?check=2\">See what it was about: check 2</a>"))
            let then = DashboardTests.text(try await get(Self.page + "?check=2"))
            let present = try #require(then.range(of: "</span>compliant</span> since "))
            let past = try #require(then.range(of: "An earlier check."))
            #expect(present.lowerBound < past.lowerBound && then.contains("goodbye"))
        }
    }

    @Test
    func aServerThatCannotBeCheckedStandsOut() async throws {
        try await DashboardTests.withPages { database, get in
            try await database.executeScript(
                """
                update driftwatch.drift_states set state = 'compliant', item_count = 1;
                update driftwatch.servers
                set failing_streak = 2, failing_reason = 'unreachable', failing_since = '2026-11-20 06:00+00';
                """)
            for path in ["/", "/servers/web-1", Self.page] {
                let page = DashboardTests.text(try await get(path))
                #expect(page.contains("<span class=\"state trouble\">"), "\(path)")
                #expect(!page.contains("state good"))
                #expect(
                    page.contains(
                        "cannot be checked since 2026-11-20 06:00 UTC: the server cannot be reached (unreachable)"))
            }
        }
    }
}

@Suite struct HTMLTests {
    @Test
    func textIsEscapedWhereverItStands() {
        let hostile = "<b a='1' c=\"2\">&\u{202E}\u{0}"
        let shown = "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;\u{FFFD}\u{FFFD}"
        let html = element("p", .class(hostile)) {
            hostile
            HTML.lines([hostile[...], "x"])
        }
        #expect(html.markup == "<p class=\"\(shown)\">\(shown)\(shown)\nx</p>")
    }

    @Test
    func nothingIsTakenFromAround() {
        let outer = "outer"
        let none: String? = nil
        let html = element("p") {
            outer
            if let none { none }
            for word in [String]() { word }
        }
        #expect(html.markup == "<p>outer</p>")
    }

    @Test(arguments: [
        ([], [0..<0]), ([1, 1, 1], [0..<2, 2..<3]), ([9, 1, 9], [0..<1, 1..<2, 2..<3]),
        ([1, 99, 1], [0..<1, 1..<2, 2..<3]),
        ([4, 5], [0..<2]),
    ])
    func pagesHoldWhatFits(weights: [Int], pages: [Range<Int>]) {
        let paging = Paging(weights, count: 2, weight: 9)
        #expect(paging.pages == pages)
        #expect(paging.page(0).range == pages[0])
        #expect(paging.page(99).number == pages.count)
    }
}
