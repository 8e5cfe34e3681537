import DriftCore
import Foundation
import HTTP
import Postgres
import TestSupport
import Testing

@testable import Dashboard

/// What the pages say of an alert.
@Suite(.timeLimit(.minutes(3)))
struct AlertPageTests {
    @Test
    func aPageTellsTheLifeOfAnAlertInWords() async throws {
        try await DashboardTests.withPages(name: "Web <1>") { database, get in
            try await database.execute("select driftwatch.acknowledge_alert(1, 'known <b>', actor => 'ann')")
            try await database.execute("select driftwatch.resolve_alert(1, 'accepted', 'bob')")
            let reply = try await get("/alerts/1")
            #expect(reply.status == 200)
            let page = DashboardTests.text(reply)
            let steps = page.components(separatedBy: "<li>").filter { $0.contains("<time") }
            try #require(steps.count == 3)
            #expect(steps[0].contains("opened by check 2"))
            #expect(steps[0].contains("message 1 to default not sent"))
            #expect(steps[1].contains("acknowledged by ann: &quot;known &lt;b&gt;&quot;"))
            #expect(steps[2].contains("resolved by hand by bob: &quot;accepted&quot;"))
            #expect(page.contains("Web &lt;1&gt;") && !page.contains("<1>"))
        }
    }

    @Test
    func alertsAreListedWithWhatWhoAndSinceWhen() async throws {
        try await DashboardTests.withPages { database, get in
            try await database.execute("select driftwatch.acknowledge_alert(1, null, actor => 'ann')")
            let open = DashboardTests.text(try await get("/alerts"))
            #expect(open.contains("<a href=\"/alerts/1\">1</a>") && open.contains("acknowledged by ann"))
            #expect(open.contains("<a href=\"/servers/web-1/packs/base\">base</a>"))
            try await database.execute("select driftwatch.resolve_alert(1, null, 'ann')")
            #expect(DashboardTests.text(try await get("/alerts")).contains("There are none."))
            #expect(DashboardTests.text(try await get("/alerts?all")).contains("<a href=\"/alerts/1\">1</a>"))
        }
    }

    @Test(arguments: ["/alerts/2", "/alerts/0", "/alerts/x", "/alerts/99999999999999999999"])
    func anAlertThatDoesNotExistIsNotFound(path: String) async throws {
        try await DashboardTests.withPages { _, get in
            let reply = try await get(path)
            #expect(reply.status == 404 && DashboardTests.text(reply).contains("There is no alert with this number."))
        }
    }

    @Test
    func theDiffPageLeadsToTheAlert() async throws {
        try await DashboardTests.withPages { _, get in
            let page = DashboardTests.text(try await get("/servers/web-1/packs/base"))
            #expect(page.contains("<a href=\"/alerts/1\">Alert 1</a> is open"))
        }
    }
}
