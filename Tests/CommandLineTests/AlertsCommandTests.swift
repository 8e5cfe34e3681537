import Foundation
import Postgres
import TestSupport
import Testing

/// `alerts list` and `alerts show`: what is wrong, who has it in hand, and the story in words.
@Suite
struct AlertsCommandTests {
    private static let motd = #"[{"type": "wrong_permissions", "item": "/etc/motd"}]"#
    private static let curl = #"[{"type": "missing_package", "item": "curl"}]"#

    /// An alert that a slot's check opened, another check changed, and Ann acknowledged; its first message was sent.
    private static func withAlert(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let database = lent.database
            try await database.makeServer("web-1")
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'Asia/Tokyo')")
            try await database.executeScript(
                """
                update driftwatch.test_clock set stopped_at = '2030-01-01 21:00:05Z';
                insert into driftwatch.jobs (queue, kind, server_id, schedule_name, slot_at, state, priority, run_at, requested_by, created_at)
                values ('default', 'drift_check', 'web-1', 'default', '2030-01-01 21:00Z', 'available', 100, now(), null, now()),
                       ('default', 'drift_check', 'web-1', null, null, 'available', 10, now(), 'bob', now());
                insert into driftwatch.checks (job_id, slot_at, server_id, pack_name, verdict, mismatch_count, item_count, checked_at)
                select job_id, slot_at, 'web-1', 'base', 'drifted', 1, 1, driftwatch.clock() from driftwatch.jobs order by job_id;
                """)
            let checks = try await database.rows(
                "select check_id from driftwatch.checks order by check_id", as: Int64.self)
            try await database.execute(
                "select driftwatch.open_alert('web-1', 'base', \(checks[0]), 1, \(motd)::text::jsonb)")
            try await database.execute(
                "update driftwatch.outbox set state = 'sent', sent_at = driftwatch.clock(), lease_token = null")
            try await database.execute(
                "select driftwatch.update_alert(1, \(checks[1]), 2, \(curl)::text::jsonb)")
            try await database.execute("select driftwatch.acknowledge_alert(1, 'on it', actor => 'ann')")
            try await database.executeScript(
                """
                insert into driftwatch.mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                values ('web-1', 'base', 'file:/etc/motd', 'wrong_permissions', '/etc/motd', '{}', '{}', now(), 1),
                       ('web-1', 'base', 'file:/etc/motd', 'wrong_owner', '/etc/motd', '{}', '{}', now(), 1),
                       ('web-1', 'base', 'package:curl', 'missing_package', 'curl', '{}', '{}', now(), 1);
                """)
            try await body(database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
        }
    }

    @Test
    func theListShowsTheAlertsOfAGroup() async throws {
        try await Self.withAlert { database, environment in
            try await database.execute("update driftwatch.outbox set group_key = 'k' where seq = 2")
            let group = try await Program.run(["alerts", "list", "--group", "k"], environment)
            #expect(group.output.contains("acknowledged by ann"), "\(group)")
            let other = try await Program.run(["alerts", "list", "--group", "x"], environment)
            #expect(other.output == "no alerts\n", "\(other)")
        }
    }

    @Test
    func anAlertThatFlapsSaysThatItIsNotTold() async throws {
        try await Self.withAlert { database, environment in
            try await database.execute(
                "update driftwatch.drift_states set flapping_since = '2030-01-01 21:00Z', equal_checks = 1")
            let words = "flapping since 2030-01-02 06:00 Asia/Tokyo: only other items are told"
            for command in [["alerts", "list"], ["alerts", "show", "1"], ["status", "web-1"]] {
                let shown = try await Program.run(command, environment)
                #expect(shown.output.contains(words), "\(command): \(shown)")
            }
            try await database.execute("select driftwatch.resolve_alert(1)")
            let shown = try await Program.run(["alerts", "show", "1"], environment)
            #expect(!shown.output.contains(words), "\(shown)")
        }
    }

    @Test
    func theListSaysWhatIsWrongAndWhoHasItInHand() async throws {
        try await Self.withAlert { _, environment in
            let list = try await Program.run(["alerts", "list"], environment)
            #expect(list.status == 0, "\(list)")
            let line = try #require(list.output.split(separator: "\n").last)
            #expect(line.contains("acknowledged by ann"), "\(list)")
            #expect(line.hasSuffix("/etc/motd: wrong owner, wrong permissions; curl: not installed"), "\(list)")
            #expect(line.contains("2030-01-02 06:00 Asia/Tokyo"), "the schedule's zone: \(list)")
            let json = try await Program.run(["alerts", "list", "--json"], environment)
            let alerts = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]], "\(json)")
            #expect(alerts.first?["opened_at"] as? String == "2030-01-01T21:00:05Z")
            #expect((alerts.first?["items"] as? [[String: Any]])?.count == 3)
        }
    }

    @Test
    func namesThatAreNotKeptAreCountedAsOneOrMore() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await lent.database.makeServer("web-1")
            let items = (0..<10).map { #"{"type": "missing_file", "item": "/\#($0)"}"# }.joined(separator: ", ")
            try await lent.database.execute(
                "select driftwatch.open_alert('web-1', 'base', 1, 15, \("[\(items)]")::text::jsonb)")
            let show = try await Program.run(["alerts", "show", "1"], ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
            #expect(show.output.contains("15 items wrong, new: /0: missing"), "\(show)")
            #expect(show.output.contains("; +7 or more\n"), "\(show)")
        }
    }

    @Test
    func theStoryIsInWords() async throws {
        try await Self.withAlert { database, environment in
            try await database.execute("delete from driftwatch.mismatches where item_key = 'package:curl'")
            try await database.execute("select driftwatch.recount_alert(1, 2, 1)")
            try await database.execute("select driftwatch.resolve_alert(1, 'accepted', 'carol')")
            let show = try await Program.run(["alerts", "show", "1"], environment)
            #expect(show.status == 0, "\(show)")
            let at = "2030-01-02 06:00 Asia/Tokyo"
            let expected = [
                "Alert 1: Configuration drift on WEB-1 (web-1), pack base", "resolved \(at); before that: ",
                "\(at)  opened by check 1, of the slot of \(at): 1 item wrong, new: /etc/motd: wrong permissions",
                "    message 1 sent to default \(at)",
                "\(at)  1 → 2 items by check 2, which bob asked for, new: curl: not installed",
                "    message 2 to default not sent: no notifier is at work",
                "\(at)  acknowledged by ann: \"on it\"",
                "\(at)  2 → 1 item by check 2, which bob asked for, nothing new",
                "\(at)  resolved by hand by carol: \"accepted\"",
            ]
            let lines = show.output.split(separator: "\n").map(String.init)
            for line in expected { #expect(lines.contains { $0.hasPrefix(line) }, "\(line)\n\(show.output)") }
            #expect(!show.output.contains("{"), "no JSON for people")

            let json = try await Program.run(["alerts", "show", "1", "--json"], environment)
            let alert = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any], "\(json)")
            let events = try #require(alert["events"] as? [[String: Any]])
            #expect(
                events.compactMap { $0["event"] as? String } == [
                    "opened", "updated", "acknowledged", "recounted", "resolved",
                ])
            let messages = try #require(alert["messages"] as? [[String: Any]])
            #expect(
                messages.compactMap { $0["kind"] as? String } == [
                    "drift_detected", "drift_changed", "alert_acknowledged", "alert_refreshed", "drift_resolved",
                ])
        }
    }
}
