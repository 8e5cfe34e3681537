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
    func aGroupShowsItsServersAndOneDifference() async throws {
        try await DashboardTests.withPages { database, get in
            let key = "0123456789abcdef0123"
            try await database.executeScript(
                """
                set search_path = driftwatch;
                update outbox set group_key = '\(key)';
                select apply_server('web-2', 'Web 2', 'web-2', null, null, null, 'ssh', 'default', '{}', true, '{base}', 'test');
                select open_alert('web-2', 'base', 2, 1, '[]', 1, '\(key)'), open_alert('web-2', 'more', 2, 1, '[]', 1, 'other');
                select resolve_alert(1, null, 'ann');
                update alerts set check_id = 99 where server_id = 'web-2';
                """)
            let page = DashboardTests.text(try await get("/alerts?group=\(key)"))
            #expect(page.contains("The same change on 2 servers"))
            #expect(page.contains("2 alerts, 1 of them not resolved.") && page.contains("This is what is wrong on "))
            try await database.executeScript(
                """
                set search_path = driftwatch;
                select resolve_alert(alert_id, null, 'ann') from alerts where status <> 'resolved';
                """)
            let over = DashboardTests.text(try await get("/alerts?group=\(key)"))
            #expect(over.contains("2 alerts, all resolved.") && over.contains("This was wrong on "))
            #expect(page.contains("<a href=\"/alerts/1\">1</a>") && page.contains("<a href=\"/alerts/2\">2</a>"))
            #expect(!page.contains("<a href=\"/alerts/3\">"))
            #expect(page.contains("goodbye"), "of the alert whose check is kept")
        }
    }

    @Test(arguments: [
        ("0123456789abcdef0123", 404, "There is no alert of this group"), ("x", 400, "A group of alerts has a key"),
        ("0123456789abcdef012%3C", 400, "A group of alerts has a key"), ("", 400, "A group of alerts has a key"),
    ])
    func aGroupThatDoesNotExistIsNotFound(key: String, status: Int, says: String) async throws {
        try await DashboardTests.withPages { _, get in
            let reply = try await get("/alerts?group=\(key)")
            #expect(reply.status == status && DashboardTests.text(reply).contains(says))
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
