import Postgres
import TestSupport
import Testing

/// `forget_items`: what is left of a pack's memory when its new version asks for less.
@Suite(.timeLimit(.minutes(2)))
struct ForgetItemsTests {
    private static func state(_ server: String, _ database: Database) async throws -> [String] {
        try await database.rows(
            """
            select concat_ws(' ', state, case when since > '2026-02-01Z' then 'now' else extract(day from since)::text end,
                unverified, unverified_contents, array(select jsonb_object_keys(never_compliant) order by 1))
            from driftwatch.drift_states where server_id = \(server) and pack_name = 'base'
            """, as: String.self)
    }

    /// The pack is left with /a.
    static let cases: [(Memory, String)] = [
        (Memory(state: "compliant", since: 1, unverified: ["file:/a", "file:/b"]), "unknown now {file:/a} {} {}"),
        (Memory(state: "compliant", since: 1, contents: ["file:/a", "file:/b"]), "unknown now {} {file:/a} {}"),
        (Memory(state: "compliant", since: 1, unverified: ["file:/b"]), "compliant 1 {} {} {}"),
        (Memory(state: "compliant", since: 1, contents: ["file:/b"]), "compliant 1 {} {} {}"),
        (Memory(state: "unknown", since: 1, unverified: ["file:/b"]), "unknown 1 {} {} {}"),
        (
            Memory(state: "drifted", since: 1, unverified: ["file:/b"], wrong: ["file:/a", "file:/b"]),
            "drifted 1 {} {} {}"
        ),
        (Memory(state: "drifted", since: 1, wrong: ["file:/b"]), "compliant now {} {} {}"),
        (
            Memory(state: "drifted", since: 1, wrong: ["file:/a"], never: ["file:/a", "file:/b"]),
            "drifted 1 {} {} {file:/a}"
        ),
    ]

    @Test(arguments: cases)
    func whatAPackNoLongerAsksForIsForgotten(memory: Memory, then: String) async throws {
        try await Bystanders.with(["base": ["/a", "/b"]], onAllServers: true) { database in
            try await memory.store("base", in: database)
            // The other server never read what is left, so its state says nothing any more.
            try await Memory(state: "compliant", since: 2, unverified: ["file:/a"], wrong: []).store(
                "base", on: "web-2", in: database)
            try await database.execute(
                "delete from driftwatch.mismatches where server_id = 'web-2' and pack_name = 'base'")
            try await database.execute("update driftwatch.packs set item_keys = '{file:/a}' where pack_name = 'base'")
            try await database.execute("select driftwatch.forget_items('base', 'test')")
            #expect(try await Self.state("web-1", database) == [then])
            #expect(try await Self.state("web-2", database) == ["unknown now {file:/a} {} {}"])
        }
    }

    @Test
    func whatIsWrongOnOneServerIsNotWrongOnAnother() async throws {
        try await Bystanders.with(["base": ["/a", "/b"]], onAllServers: true) { database in
            try await Memory(state: "drifted", since: 1, wrong: ["file:/b"]).store("base", in: database)
            try await Memory(state: "drifted", since: 2).store("base", on: "web-2", in: database)
            try await database.execute("update driftwatch.packs set item_keys = '{file:/a}' where pack_name = 'base'")
            try await database.execute("select driftwatch.forget_items('base', 'test')")
            #expect(try await Self.state("web-1", database) == ["compliant now {} {} {}"])
            #expect(try await Self.state("web-2", database) == ["drifted 2 {} {} {}"], "/a is wrong there")
            let unreadable = try await database.rows(
                """
                select server_id || ' ' || unreadable_count from driftwatch.drift_states where pack_name = 'base' order by 1
                """, as: String.self)
            #expect(unreadable == ["web-1 0", "web-2 6"], "one of the other server's is no longer asked for")
        }
    }

    @Test
    func aPackThatAsksForNothingIsCompliant() async throws {
        try await Bystanders.with(["base": ["/a"]], onAllServers: true) { database in
            try await Memory(state: "drifted", since: 1, wrong: ["file:/a"]).store("base", in: database)
            try await database.execute("update driftwatch.packs set item_keys = '{}' where pack_name = 'base'")
            try await database.execute("select driftwatch.forget_items('base', 'test')")
            #expect(try await Self.state("web-1", database) == ["compliant now {} {} {}"])
        }
    }

    /// With many servers, most rows have nothing to forget.
    @Test
    func aStateThatHasNothingToForgetIsNotWrittenAgain() async throws {
        try await Bystanders.with(["base": ["/a", "/b"]], onAllServers: true) { database in
            let left = Memory(
                state: "drifted", since: 1, unverified: ["file:/a"], contents: ["file:/a"], wrong: ["file:/a"],
                never: ["file:/a"])
            try await left.store("base", in: database)
            try await database.execute("update driftwatch.packs set item_keys = '{file:/a}' where pack_name = 'base'")
            let place: SQL =
                "select ctid::text from driftwatch.drift_states where server_id = 'web-1' and pack_name = 'base'"
            let before = try await database.rows(place, as: String.self)
            try await database.execute("select driftwatch.forget_items('base', 'test')")
            #expect(try await database.rows(place, as: String.self) == before)
        }
    }

    @Test
    func liveAlertsOfThePackCountWhatIsLeftAndEndWhereNothingIs() async throws {
        try await Bystanders.with(["base": ["/a", "/b"]], onAllServers: true) { database in
            try await database.makeServer("web-3", packs: ["base": ["/a", "/b"]])
            let wrong = [("web-1", ["file:/a", "file:/b"]), ("web-3", ["file:/b"])]
            for (server, keys) in wrong {
                try await Memory(state: "drifted", since: 1, wrong: keys).store("base", on: server, in: database)
                try await database.execute(
                    "select driftwatch.open_alert(\(server), 'base', 1, \(keys.count)::integer, '[]')")
            }
            try await database.execute("update driftwatch.packs set item_keys = '{file:/a}' where pack_name = 'base'")
            try await database.execute("select driftwatch.forget_items('base', 'test')")
            let alerts = try await database.rows(
                """
                select concat_ws(' ', server_id, status, mismatch_count, resolution,
                    (select string_agg(event, ',' order by seq) from driftwatch.alert_events e where e.alert_id = a.alert_id))
                from driftwatch.alerts a where pack_name = 'base' and resolution is distinct from 'manual' order by 1
                """, as: String.self)
            #expect(
                alerts == [
                    "web-1 open 1 opened,recounted", "web-2 open 1 opened,recounted",
                    "web-3 resolved 1 unassigned opened,resolved",
                ])
            try await database.execute("select driftwatch.forget_items('base', 'test')")
            #expect(
                try await database.rows(
                    "select count(*) from driftwatch.alert_events where event = 'recounted'", as: Int.self) == [2],
                "an alert whose count is right has no new event")
        }
    }
}
