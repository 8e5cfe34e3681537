import Postgres
import TestSupport
import Testing

/// `lock_alerts_of` and `carry_out`: what becomes of alerts when an apply moves items from one pack to another.
@Suite(.timeLimit(.minutes(2)))
struct CarryOutTests {
    /// Packs base and core, each with a live alert about what is wrong there; the number of base's.
    private static func withDrift(
        base: [String], core: [String], _ body: (Database, Int64) async throws -> Void
    ) async throws {
        let packs = ["base": ["/a", "/b"], "core": ["/a", "/b", "/c"]]
        try await Bystanders.with(packs) { database in
            var alerts: [Int64] = []
            for (pack, keys) in [("base", base), ("core", core)] where !keys.isEmpty {
                try await Memory(state: "drifted", since: 1, wrong: keys).store(pack, in: database)
                alerts += try await database.rows(
                    "select driftwatch.open_alert('web-1', \(pack), 1, \(keys.count)::integer, '[]')", as: Int64.self)
            }
            try await body(database, try #require(alerts.first))
        }
    }

    /// The alerts of base and core, each with its events.
    private static func alerts(_ database: Database) async throws -> [String] {
        try await database.rows(
            """
            select concat_ws(' ', pack_name, status, mismatch_count, acknowledged_by,
                (select string_agg(event, ',' order by seq) from driftwatch.alert_events e where e.alert_id = a.alert_id))
            from driftwatch.alerts a
            where server_id = 'web-1' and pack_name in ('base', 'core') and resolution is distinct from 'manual' order by 1
            """, as: String.self)
    }

    /// Moves /a from base to core.
    private static func move(_ fates: String, _ database: Database) async throws {
        let moves = #"{"keys": ["file:/a"], "sources": ["base"], "targets": ["core"], \#(fates)}"#
        try await database.execute("select driftwatch.carry_out('web-1', \(JSONText(moves)), 'test')")
    }

    @Test
    func whatTheDecisionNeedsIsToldAndLocked() async throws {
        try await Self.withDrift(base: ["file:/a", "file:/b"], core: []) { database, alert in
            let told = try await database.rows(
                """
                select concat_ws(' ', server_id, pack_name, alert_id = \(alert), wrong)
                from driftwatch.lock_alerts_of('{web-1}') order by 1
                """, as: String.self)
            #expect(
                told == [
                    "web-1 base t {file:/a,file:/b}", "web-1 known f {file:/a,file:/y,file:/z}",
                ])
            func free(_ table: SQL) async throws -> [String] {
                try await database.rows(
                    """
                    with free as (select server_id, pack_name from driftwatch.\(table) for update skip locked)
                    select server_id || ' ' || pack_name from free order by 1
                    """, as: String.self)
            }
            try await database.holding("select driftwatch.lock_alerts_of('{web-1}')") {
                let others = ["web-2 away", "web-2 base", "web-2 core"]
                let states = try await free("drift_states")
                #expect(states == others)
                let alerts = try await free("alerts")
                #expect(alerts == ["web-1 base", "web-1 core"] + others, "two are over")
            }
        }
    }

    @Test
    func liveAlertsCountWhatIsLeftAndWhatCame() async throws {
        try await Self.withDrift(base: ["file:/a", "file:/b"], core: ["file:/c"]) { database, _ in
            try await Self.move(#""close": [], "follow": [], "split": []"#, database)
            #expect(
                try await Self.alerts(database) == ["base open 1 opened,recounted", "core open 2 opened,recounted"])
        }
    }

    @Test
    func anAlertWhoseCountIsRightHasNoNewEvent() async throws {
        try await Self.withDrift(base: ["file:/b"], core: ["file:/c"]) { database, _ in
            try await Self.move(#""close": [], "follow": [], "split": []"#, database)
            #expect(try await Self.alerts(database) == ["base open 1 opened", "core open 1 opened"])
        }
    }

    @Test
    func anAlertFollowsItsItemsAndNoOtherDoes() async throws {
        try await Self.withDrift(base: ["file:/a"], core: []) { database, alert in
            let step = #"{"alert": \#(alert), "source": "base", "target": "core"}"#
            try await Self.move(#""close": [], "follow": [\#(step)], "split": []"#, database)
            #expect(try await Self.alerts(database) == ["core open 1 opened,moved"])
        }
    }

    @Test(arguments: [false, true])
    func aNewAlertIsAboutItsOwnItemsAndAsAcknowledgedAsTheOldOne(isAcknowledged: Bool) async throws {
        try await Self.withDrift(base: ["file:/a", "file:/b"], core: []) { database, alert in
            if isAcknowledged {
                try await database.execute("select driftwatch.acknowledge_alert(\(alert), '', actor => 'alice')")
            }
            let step = #"{"alert": \#(alert), "source": "base", "target": "core"}"#
            try await Self.move(#""close": [], "follow": [], "split": [\#(step)]"#, database)
            #expect(
                try await Self.alerts(database)
                    == (isAcknowledged
                        ? [
                            "base acknowledged 1 alice opened,acknowledged,recounted",
                            "core acknowledged 1 alice opened,acknowledged",
                        ] : ["base open 1 opened,recounted", "core open 1 opened"]))
            let message = try await database.rows(
                """
                select concat_ws(' ', payload ->> 'pack_name', payload ->> 'mismatch_count', payload ->> 'items')
                from driftwatch.outbox order by outbox_id desc limit 1
                """, as: String.self)
            #expect(
                message == [
                    #"core 1 [{"item": "file:/a", "type": "missing_file", "cause": {"kind": "upgrade", "package": "x"}}]"#
                ])
        }
    }

    /// The apply that moves the items also turns drift detection off.
    @Test(arguments: ["follow", "split"])
    func anAlertThatIsOverGoesNowhere(fate: String) async throws {
        try await Self.withDrift(base: ["file:/a", "file:/b"], core: []) { database, alert in
            try await database.execute("select driftwatch.close_alert(\(alert), 'disabled', 'test')")
            let step = #"{"alert": \#(alert), "source": "base", "target": "core"}"#
            let fates = ["close", "follow", "split"].map { #""\#($0)": [\#($0 == fate ? step : "")]"# }
            try await Self.move(fates.joined(separator: ", "), database)
            #expect(try await Self.alerts(database) == ["base resolved 2 opened,resolved"])
        }
    }
}
