import DriftCore
import Foundation
import HTTP
import Postgres
import TestSupport
import Testing

@testable import Dashboard

/// What the page behind an alert's link shows when its check is gone, or the newest one says nothing.
@Suite(.timeLimit(.minutes(2)))
struct KnownDriftTests {
    private static let page = "/servers/web-1/packs/base"

    /// A server that drifted, with what is remembered of it.
    private static func withDrift(_ body: (Database, Browser) async throws -> Void) async throws {
        try await DashboardTests.withPages { database, get in
            try await database.executeScript(
                """
                insert into driftwatch.mismatches (
                    server_id, pack_name, item_key, type, item, expected, actual, since, check_id, cause, cause_detail)
                values ('web-1', 'base', 'file:/etc/motd', 'wrong_content', '/etc/motd', '{"content_hash": "sha256:aa"}',
                        '{"content_hash": "sha256:known"}', now(), 2, 'upgrade', '{"package": "motd<", "to": "2"}');
                update driftwatch.drift_states set state = 'drifted', last_check_id = 2, last_checked_at = now();
                update driftwatch.alert_events
                set detail = '{"items": [{"type": "wrong_content", "item": "/etc/told"}]}' where event = 'opened';
                """)
            try await body(database, get)
        }
    }

    private static func addCheck(_ verdict: String, to database: Database, server: String = "web-1") async throws {
        try await database.execute(
            """
            insert into driftwatch.checks (job_id, server_id, pack_name, verdict, reason, checked_at)
            values (99, \(server), 'base', \(verdict), 'unreachable', now())
            """)
    }

    @Test
    func theAlertsLinkOpensWhenNoCheckIsLeft() async throws {
        try await Self.withDrift { database, get in
            try await database.execute("delete from driftwatch.checks")
            for link in ["?check=1", "?check=2", "?check=99"] {
                let reply = try await get(Self.page + link)
                #expect(reply.status == 200, "\(link)")
                let page = DashboardTests.text(reply)
                #expect(page.contains("not kept any more") && page.contains("No check is kept."))
                #expect(page.contains("Known to be wrong now") && page.contains("sha256:known"))
                #expect(page.contains("explained by motd&lt; 2, which was installed"))
            }
            // Another server's check is another matter.
            try await Self.addCheck("failed", to: database, server: "web-2")
            #expect(try await get(Self.page + "?check=3").status == 404)
        }
    }

    @Test
    func theLinkOfAnAlertThatIsOverShowsWhatItTold() async throws {
        try await Self.withDrift { database, get in
            try await database.executeScript(
                """
                delete from driftwatch.checks;
                select driftwatch.close_alert(1, 'unassigned', 'me');
                delete from driftwatch.mismatches;
                delete from driftwatch.drift_states;
                """)
            let reply = try await get(Self.page + "?check=2")
            #expect(reply.status == 200)
            let page = DashboardTests.text(reply)
            #expect(page.contains("What alert 1 told, resolved on ") && page.contains(": unassigned"))
            #expect(page.contains("/etc/told") && page.contains("wrong content"))
        }
    }

    @Test
    func aFailedCheckHidesNothingThatIsKnown() async throws {
        try await Self.withDrift { database, get in
            let before = DashboardTests.text(try await get(Self.page))
            #expect(!before.contains("Known to be wrong now"), "the check itself says it")
            try await Self.addCheck("failed", to: database)
            let page = DashboardTests.text(try await get(Self.page))
            #expect(page.contains("It did not finish: the server cannot be reached (unreachable)."))
            #expect(page.contains("Known to be wrong now") && page.contains("sha256:known"))
            #expect(!page.contains("stale"))
            try await database.executeScript(
                """
                select driftwatch.set_schedule('default', '0 6 * * *', 'UTC');
                update driftwatch.schedules set due_before_last_at = now() + interval '1 hour';
                """)
            #expect(DashboardTests.text(try await get(Self.page)).contains("stale: last seen "))
        }
    }

    @Test
    func anUnreadableItemHidesNothingThatIsKnown() async throws {
        try await Self.withDrift { database, get in
            try await DashboardTests.check(
                database,
                [.init(key: DashboardTests.plain.key, item: "/etc/motd", finding: .unreadable(.permissionDenied))])
            let page = DashboardTests.text(try await get(Self.page))
            #expect(page.contains("Could not be read") && page.contains("sha256:known"))
            let old = DashboardTests.text(try await get(Self.page + "?check=1"))
            #expect(!old.contains("sha256:known"), "an older check is about its own time")
        }
    }

    @Test
    func aContentThatCouldNotBeReadIsToldBesideWhatIsWrong() async throws {
        try await Self.withDrift { database, get in
            let wrong = ItemOutcome(
                key: DashboardTests.plain.key, item: "/etc/motd", finding: .wrong([DashboardTests.plain]),
                unseenContent: .sudoRefused)
            try await DashboardTests.check(database, [wrong])
            #expect(DashboardTests.text(try await get(Self.page)).contains("Its content could not be read: "))
        }
    }

    @Test
    func detailsOfALaterVersionAreCountsAndANote() async throws {
        try await Self.withDrift { database, get in
            try await database.execute("update driftwatch.check_details set items = '{\"version\": 99}'")
            let reply = try await get(Self.page)
            #expect(reply.status == 200)
            let page = DashboardTests.text(reply)
            #expect(page.contains("0 of 1 item as expected, 1 wrong."))
            #expect(page.contains("A later version of Driftwatch stored the details"))
            #expect(page.contains("sha256:known"))
        }
    }

    @Test
    func onlyWhatComesBeforeTheFirstHunkIsAHeader() async throws {
        let plain = DashboardTests.plain
        let mismatch = Mismatch(
            type: plain.type, item: plain.item, key: plain.key, expected: plain.expected, actual: plain.actual,
            diff: "--- expected\n+++ actual\n@@ -1,2 +1,2 @@\n same\n--- a comment\n+++i;\n")
        try await DashboardTests.withPages(mismatch) { _, get in
            let page = DashboardTests.text(try await get(Self.page))
            for line in [
                "<span class=\"hunk\">--- expected\n+++ actual\n@@ -1,2 +1,2 @@</span>",
                "<span class=\"context\"> same", "<span class=\"removed\">--- a comment", "<span class=\"added\">+++i;",
            ] {
                #expect(page.contains(line), "\(line)")
            }
        }
    }
}
