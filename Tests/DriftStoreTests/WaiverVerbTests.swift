import Postgres
import Synchronization
import TestSupport
import Testing

/// What makes and ends waivers, whom they are about, and what is refused.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct WaiverVerbTests {
    private static let labels = """
        update servers set labels = '{"role": "web", "site": "a"}' where server_id = 'web-2';
        """
    private static let made = "select add_waiver('web-1', null, 'base', '/a', 'old', '2099-01-01', 'ann');"
    private static let last = "(select max(waiver_id) from waivers)"
    private static let ended = made + "select end_waiver(\(last), 'bob');"
    /// Another item that people see as `/a`.
    private static let twice = """
        update pack_versions
        set resolved = jsonb_set(resolved, '{items,mounts}', '[{"item_key": "mount:/a", "item": "/a"}]')
        where pack_name = 'base';
        """

    private static func answer(_ script: String, _ query: String) async throws -> [String] {
        let answer = Mutex<[String]>([])
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript("set local search_path = driftwatch; set local timezone = 'UTC'; \(script)")
            let rows = try transaction.rows(SQL(unescaped: query), as: String.self)
            answer.withLock { $0 = rows }
        }
        return answer.withLock(\.self)
    }

    /// For servers with these labels.
    private static func labelled(_ labels: String) -> String {
        "select add_waiver(null, '\(labels)', 'base', '/a', 'old', null, 'ann');"
    }

    /// As a server with its id in the path shows an item.
    private static func shown(_ item: String, as key: String, on server: String = "web-1") -> String {
        "update mismatches set item = '\(item)', item_key = '\(key)' where server_id = '\(server)' and pack_name = 'base' and item_key = '/a';"
    }

    private static func add(_ item: String) -> String {
        "select add_waiver('web-1', null, 'base', '\(item)', 'old', null, 'ann');"
    }

    @Test(arguments: [
        (shown("/srv/web-1", as: "file:/a") + add("/srv/web-1"), ["web-1 base file:/a /a ann old"]),
        (
            labels + shown("/srv/web-2", as: "file:/a", on: "web-2")
                + labelled(#"{"role": "web"}"#).replacing("'/a'", with: "'/srv/web-2'"),
            ["web-2 base file:/a /a ann old"]
        ),
        (made, ["web-1 base file:/a /a ann old 2099-01-01T00:00:00Z"]),
        ("select add_waiver('web-1', null, 'base', 'file:/a', 'old', null, 'ann');", ["web-1 base file:/a /a ann old"]),
        (labels + labelled(#"{"role": "web"}"#), ["web-2 base file:/a /a ann old"]),
        (labels + labelled(#"{"role": "web", "site": "b"}"#), []),
        (made + "delete from assignments where server_id = 'web-1';", []),
        (made + "select remove_server('web-1', 'ann');", []),
        (ended, []),
        (made + "update test_clock set stopped_at = '2099-01-01Z';", []),
        (
            made + "update test_clock set stopped_at = '2098-12-31 23:59:59Z';",
            ["web-1 base file:/a /a ann old 2099-01-01T00:00:00Z"]
        ),
        (
            "select set_schedule('default', '0 6 * * *', 'Europe/Berlin');" + made,
            ["web-1 base file:/a /a ann old 2098-12-31T23:00:00Z"]
        ),
        (
            "select add_waiver('web-1', null, 'base', '/a', 'old', '2099-01-01T06:00:00Z', 'ann');",
            ["web-1 base file:/a /a ann old 2099-01-01T06:00:00Z"]
        ),
    ])
    func aWaiverIsAboutItsItemOnItsServers(script: String, waived: [String]) async throws {
        let query = """
            select concat_ws(' ', server_id, pack_name, item_key, item, author, reason, rfc3339(until_at))
            from waived_items order by server_id, pack_name, item_key, waiver_id
            """
        #expect(try await Self.answer(script, query) == waived)
    }

    @Test(arguments: [
        (made, ["web-1 base"]), (labels + labelled(#"{"role": "web"}"#), ["web-2 base"]),
        (made + "update drift_states set look_wanted_at = null; select end_waiver(\(last), 'bob');", ["web-1 base"]),
    ])
    func everyChangeAsksForACheck(script: String, looks: [String]) async throws {
        let query =
            "select server_id || ' ' || pack_name from drift_states where look_wanted_at is not null order by 1"
        #expect(
            try await Self.answer("update drift_states set look_wanted_at = null; \(script)", query) == looks)
    }

    @Test func whoDidItIsRecorded() async throws {
        let rows = try await Self.answer(
            Self.ended,
            """
            select concat_ws(' ', actor, action, detail ->> 'server_id', detail ->> 'pack_name', detail ->> 'item',
                             detail ->> 'reason', detail ->> 'until')
            from audit_log where action like '%waiver' order by audit_id
            """)
        #expect(rows == ["ann add_waiver web-1 base file:/a old 2099-01-01T00:00:00Z", "bob end_waiver base file:/a"])
        let waivers = try await Self.answer(
            Self.ended,
            "select concat_ws(' ', source, ended_by, ended_at = clock(), in_force, servers::text) from all_waivers")
        #expect(waivers == ["command bob t f {web-1}"])
    }

    private static let inventory = """
        select count(*) from apply_waivers(
            '[{"server_id": "web-1", "pack_name": "base", "item": "/a", "reason": "r", "author": "a"}]', 'x');
        """
    private static let reason = "give a reason, for the next person who wonders"
    private static let servers = "driftwatch servers list shows them all"

    @Test(arguments: [
        ("", "add_waiver('web-1', null, 'base', '/a', 'old', '2099-01-01')", nil, nil),
        (
            "", #"add_waiver('web-1', '{"role": "web"}', 'base', '/a', 'old')"#,
            "a waiver is for one server, or for the servers with certain labels", "name either"
        ),
        (
            "", "add_waiver(null, null, 'base', '/a', 'old')",
            "a waiver is for one server, or for the servers with certain labels", "name either"
        ),
        ("", "add_waiver('web-9', null, 'base', '/a', 'old')", "there is no server web-9", servers),
        (
            "update servers set removed_at = clock() where server_id = 'web-1';",
            "add_waiver('web-1', null, 'base', '/a', 'old')", "there is no server web-1", servers
        ),
        ("", "add_waiver('web-1', null, 'base', '/a', ' ')", "a waiver needs a reason", reason),
        ("", "add_waiver('web-1', null, 'base', '/a', null)", "a waiver needs a reason", reason),
        (
            "", "add_waiver('web-1', null, 'base', '/a', 'old', '2020-01-01')", "2020-01-01 is in the past",
            "give a later time, or none"
        ),
        (
            "", "add_waiver('web-1', null, 'base', '/a', 'old', 'May')", "May is neither a day nor an instant",
            "such as 2027-01-15, or 2027-01-15T06:00:00Z"
        ),
        (
            "", "add_waiver('web-1', null, 'base', '/a', 'old', '2027-02-30')",
            "2027-02-30 is neither a day nor an instant", "such as 2027-01-15, or 2027-01-15T06:00:00Z"
        ),
        (
            "", "add_waiver('web-1', null, 'no', '/a', 'old')", "there is no pack no",
            "driftwatch status shows the assigned packs"
        ),
        (
            "", "add_waiver('web-1', null, 'base', '/b', 'old')", "base has no item /b",
            "write it as driftwatch diff shows it, or by its key, such as file:/etc/motd"
        ),
        (
            twice, "add_waiver('web-1', null, 'base', '/a', 'old')",
            "/a names several items of base: file:/a, mount:/a", "name one of them by its key"
        ),
        (twice, "add_waiver('web-1', null, 'base', 'mount:/a', 'old')", nil, nil),
        ("", "end_waiver(999999)", "there is no waiver 999999", "driftwatch waivers list --all shows them all"),
        (ended, "end_waiver(\(last))", "*has ended already*", nil),
        (
            made + "update test_clock set stopped_at = '2099-01-02Z';", "end_waiver(\(last))", "*has ended already*",
            nil
        ),
        (
            inventory, "end_waiver(\(last))", "*is from the inventory*",
            "remove it from waivers in fleet.yaml and run driftwatch apply"
        ),
        (inventory + "select apply_waivers('[]', 'ann');", "end_waiver(\(last))", "*has ended already*", nil),
    ])
    func whatCannotBeDoneIsRefusedWithItsReason(
        given: String, call: String, refusal: String?, hint: String?
    ) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript("set local search_path = driftwatch; set local timezone = 'UTC'; \(given)")
            do {
                try transaction.executeScript("select \(call)")
                #expect(refusal == nil)
            } catch let error as DatabaseError {
                let message = error.serverMessage ?? ""
                #expect(error.sqlState == "DW001", "\(error)")
                if let refusal, refusal.hasPrefix("*") {
                    #expect(message.contains(refusal.dropFirst().dropLast()))
                } else {
                    #expect(message == refusal)
                }
                #expect(error.serverHint == hint)
            }
        }
    }

    @Test
    func ofTwoWhoEndAWaiverTheSecondIsRefused() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/a"]])
            let waiver = try await database.rows(
                "select driftwatch.add_waiver('web-1', null, 'base', '/a', 'old')", as: Int64.self)[0]
            try await database.whileUncommitted("select driftwatch.end_waiver(\(waiver), 'ann')") {
                let refusal = await #expect(throws: DatabaseError.self) {
                    try await database.execute("select driftwatch.end_waiver(\(waiver), 'bob')")
                }
                #expect(refusal?.serverMessage == "waiver \(waiver) has ended already")
            }
        }
    }
}
