import DriftCore
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// An alert that opens and resolves over and over, from the check to the outbox.
@Suite(.timeLimit(.minutes(3)))
struct FlappingFlowTests {
    private static func flap(_ fleet: Fleet, _ wrong: Bool) async throws {
        fleet.see(on: "web-1", present: wrong ? [] : ["/a"], missing: wrong ? ["/a"] : [])
        try await fleet.check("web-1")
    }

    private static func kinds(_ fleet: Fleet) async throws -> [String] {
        try await fleet.database.rows(
            "select concat_ws(' ', kind, payload ->> 'turn_count', payload ->> 'resolution') from driftwatch.outbox where not driftwatch.is_only_an_edit(kind) order by outbox_id",
            as: String.self)
    }

    private static let before = ["drift_detected", "drift_resolved compliant", "drift_detected"]

    @Test func theFourthTurnIsToldOnceAndTheEndTellsWhatIsTrue() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            try await Self.flap(fleet, false)
            for wrong in [true, false, true] { try await Self.flap(fleet, wrong) }
            #expect(try await Self.kinds(fleet) == Self.before)
            try await Self.flap(fleet, false)
            let told = Self.before + ["drift_flapping 4 compliant"]
            #expect(try await Self.kinds(fleet) == told)
            let since = try await fleet.database.rows(
                "select flapping_since is not null from driftwatch.fleet_status", as: Bool.self)
            #expect(since == [true])

            for wrong in [true, false, true, true] { try await Self.flap(fleet, wrong) }
            #expect(try await Self.kinds(fleet) == told, "nobody is notified, and the alerts change all the same")
            #expect(try await fleet.alerts().count == 4)
            #expect(try await fleet.alerts().last == "open base 1")
            try await Self.flap(fleet, true)
            #expect(try await Self.kinds(fleet) == told + ["drift_settled"])
            let events = try await fleet.database.rows(
                "select event from driftwatch.alert_events where event in ('flapping', 'settled') order by alert_id, seq",
                as: String.self)
            #expect(events == ["flapping", "settled"])

            try await Self.flap(fleet, false)
            #expect(
                try await Self.kinds(fleet).last == "drift_resolved compliant",
                "turns before its end do not count again")
        }
    }

    /// Checks web-1, whose pack has /a, /b and /c, with these missing.
    private static func check(_ fleet: Fleet, missing: String...) async throws {
        fleet.see(on: "web-1", present: ["/a", "/b", "/c"].filter { !missing.contains($0) }, missing: missing)
        try await fleet.check("web-1")
    }

    @Test func theSQLCountsAsTheDecisionDoes() async throws {
        try await Fleet.with([:]) { fleet in
            let turns = try await fleet.database.rows("select driftwatch.flapping_turns()", as: Int.self)
            #expect(turns == [Flapping.turnLimit])
        }
    }

    @Test func incidentsOfDifferentItemsAreNoFlapping() async throws {
        try await Fleet.with(["web-1": ["base": ["/a", "/b", "/c"]]]) { fleet in
            try await Self.check(fleet)
            for item in ["/a", "/b", "/c"] {
                try await Self.check(fleet, missing: item)
                try await Self.check(fleet)
            }
            let twice = ["drift_detected", "drift_resolved compliant"]
            #expect(try await Self.kinds(fleet) == twice + twice + twice)
            // The end of an alert that named /a when it changed is the fourth turn of /a.
            try await Self.check(fleet, missing: "/b")
            try await Self.check(fleet, missing: "/a", "/b")
            try await Self.check(fleet)
            #expect(
                try await Self.kinds(fleet).dropFirst(6)
                    == ["drift_detected", "drift_changed", "drift_flapping 4 compliant"])
        }
    }

    @Test func whatDoesNotFlapIsToldAndSoIsItsEnd() async throws {
        try await Fleet.with(["web-1": ["base": ["/a", "/b", "/c"]]]) { fleet in
            try await Self.check(fleet)
            for _ in 0..<2 {
                try await Self.check(fleet, missing: "/a")
                try await Self.check(fleet)
            }
            var told = Self.before + ["drift_flapping 4 compliant"]
            #expect(try await Self.kinds(fleet) == told)
            // An alert about both, and one that /b joins later.
            try await Self.check(fleet, missing: "/a", "/b")
            try await Self.check(fleet)
            told += ["drift_detected", "drift_resolved compliant"]
            #expect(try await Self.kinds(fleet) == told)
            try await Self.check(fleet, missing: "/a")
            #expect(try await Self.kinds(fleet) == told)
            try await Self.check(fleet, missing: "/a", "/c")
            try await Self.check(fleet)
            told += ["drift_changed", "drift_resolved compliant"]
            #expect(try await Self.kinds(fleet) == told)
            try await Self.check(fleet, missing: "/a")
            try await Self.check(fleet)
            #expect(try await Self.kinds(fleet) == told, "nobody heard of it")
        }
    }

    /// Each alert named the item because the pack had changed, as a bad pack that is put right does everywhere.
    @Test func whatAPackMadeWrongIsNoTurn() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            try await Self.flap(fleet, false)
            for wrong in [true, false, true] { try await Self.flap(fleet, wrong) }
            try await fleet.database.execute(
                """
                update driftwatch.alert_events
                set detail = jsonb_set(detail, '{items,0,cause}', '{"kind": "pack"}') where detail ? 'items'
                """)
            try await Self.flap(fleet, false)
            #expect(try await Self.kinds(fleet) == Self.before + ["drift_resolved compliant"])
        }
    }

    @Test func turnsOfOldDoNotCount() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            try await Self.flap(fleet, false)
            for wrong in [true, false, true] { try await Self.flap(fleet, wrong) }
            try await fleet.database.advanceClock(by: .seconds(15 * 86_400))
            try await Self.flap(fleet, false)
            #expect(try await Self.kinds(fleet) == Self.before + ["drift_resolved compliant"])
        }
    }

    @Test func aResolutionOfWhatNobodyHeardOfIsNotToldAndAHoldEndsIt() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            try await Self.flap(fleet, false)
            for wrong in [true, false, true, false, true] { try await Self.flap(fleet, wrong) }
            try await fleet.database.execute(
                "select driftwatch.resolve_alert((select max(alert_id) from driftwatch.alerts), 'x', 'ann')")
            let kinds = try await Self.kinds(fleet)
            #expect(
                kinds.last == "drift_flapping 4 compliant", "nobody heard of the opening, so nobody hears of its end")
            try await fleet.database.execute("select driftwatch.disable_drift_detection('web-1', 'x', null, 'ann')")
            let since = try await fleet.database.rows(
                "select concat_ws(' ', flapping_since, equal_checks) from driftwatch.drift_states", as: String.self)
            #expect(since == [""])
        }
    }

    /// A deploy a week: what opens in a hold is no turn, nor is its end.
    @Test func whatDeploysDoIsNoFlapping() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            try await Self.flap(fleet, false)
            for _ in 0..<3 {
                try await fleet.database.execute(
                    "select driftwatch.hold_alerts(driftwatch.clock() + interval '1 hour', 'deploy', server_id => 'web-1')"
                )
                try await Self.flap(fleet, true)
                try await fleet.database.execute(
                    "select driftwatch.end_mute('hold', max(mute_id)) from driftwatch.mutes")
                try await fleet.database.execute("update driftwatch.drift_states set look_wanted_at = null")
                try await Self.flap(fleet, false)
            }
            #expect(try await Self.kinds(fleet).filter { $0.hasPrefix("drift_flapping") } == [])
            let held = try await fleet.database.rows(
                "select event from driftwatch.alert_events where detail ? 'muted_by' order by alert_id, seq",
                as: String.self)
            #expect(held == ["opened", "opened", "opened"])
            for wrong in [true, false, true] { try await Self.flap(fleet, wrong) }
            try await fleet.database.execute(
                "select driftwatch.hold_alerts(driftwatch.clock() + interval '1 hour', 'deploy', server_id => 'web-1')")
            try await Self.flap(fleet, false)
            #expect(
                try await Self.kinds(fleet).filter { $0.hasPrefix("drift_flapping") } == [],
                "nothing begins to flap in a hold")
        }
    }

    /// As in the same way on both, so that one message may tell it.
    @Test func whatFlapsInTheSameWayHasOneKey() async throws {
        try await Fleet.with([
            "web-1": ["base": ["/a", "/b"]], "web-2": ["base": ["/a", "/b"]], "web-3": ["base": ["/a", "/b"]],
        ]) { fleet in
            for wrong in [false, true, false, true, false, false, false] {
                for server in ["web-1", "web-2", "web-3"] {
                    let path = server == "web-3" ? "/b" : "/a"
                    fleet.see(
                        on: server, present: ["/a", "/b"].filter { !wrong || $0 != path }, missing: wrong ? [path] : [])
                    try await fleet.check(server)
                }
            }
            let keys = try await fleet.database.rows(
                """
                select concat_ws(' ', kind, count(distinct group_key), count(group_key), count(*)) from driftwatch.outbox
                where kind in ('drift_flapping', 'drift_settled') group by kind order by kind
                """, as: String.self)
            #expect(keys == ["drift_flapping 2 3 3", "drift_settled 2 3 3"])
        }
    }
}
