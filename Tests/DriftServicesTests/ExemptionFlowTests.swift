import DriftCore
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// Waivers, and wants for later, from the database to the alert and back.
@Suite(.timeLimit(.minutes(3)))
struct ExemptionFlowTests {
    private static func counts(_ fleet: Fleet) async throws -> String {
        try await fleet.database.rows(
            """
            select format('%s %s/%s/%s', c.verdict, c.mismatch_count, c.waived_count, c.due_count)
                || format(' %s/%s', f.waived_count, f.due_count)
            from driftwatch.checks c join driftwatch.fleet_status f using (server_id, pack_name)
            order by c.check_id desc limit 1
            """, as: String.self)[0]
    }

    private static func resolutions(_ fleet: Fleet) async throws -> [String] {
        try await fleet.database.rows(
            """
            select concat_ws(' ', payload ->> 'resolution', payload ->> 'waived_count', payload ->> 'due_count',
                payload ->> 'comment')
            from driftwatch.outbox where kind = 'drift_resolved' order by outbox_id
            """, as: String.self)
    }

    @Test func aWaiverClosesTheAlertAndItsEndOpensAnother() async throws {
        try await Fleet.with(["web-1": ["base": ["/a", "/b"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b"], missing: ["/a"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open base 1"])

            try await fleet.database.execute(
                """
                select driftwatch.add_waiver('web-1', null, 'base', '/a', 'later',
                                             driftwatch.rfc3339(driftwatch.clock() + interval '1 day'), 'ann')
                """)
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 waived"])
            #expect(try await Self.counts(fleet) == "compliant 0/1/0 1/0")
            #expect(try await Self.resolutions(fleet) == ["waived 1 0 ann: later"])
            #expect(try await fleet.states() == ["base compliant"])

            try await fleet.database.advanceClock(by: .seconds(86_400))
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 waived", "open base 1"])
            #expect(try await Self.counts(fleet) == "drifted 1/0/0 0/0")
        }
    }

    @Test func whatAPackWantsLaterIsDueUntilThen() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            try await fleet.database.execute(
                "select driftwatch.set_schedule('default', '0 6 * * *', 'Pacific/Kiritimati')")
            try await fleet.database.executeScript(
                "update driftwatch.test_clock set stopped_at = '2030-01-14 09:00Z', shift = '0'")
            let start = DayOrInstant("2030-01-15")
            try await fleet.database.apply(
                Pack(
                    name: PackName(rawValue: "base"),
                    expectations: [Expectation(.file(FileExpectation(path: "/a")), start: start)]))
            fleet.see(on: "web-1", missing: ["/a"])
            try await fleet.check("web-1")
            #expect(try await Self.counts(fleet) == "compliant 0/0/1 0/1")
            #expect(try await fleet.alerts() == [])

            // Fourteen hours before the day begins in UTC.
            try await fleet.database.advanceClock(by: .seconds(3600))
            try await fleet.check("web-1")
            #expect(try await Self.counts(fleet) == "drifted 1/0/0 0/0")
            #expect(try await fleet.alerts() == ["open base 1"], "somebody promised that it would be right by now")
        }
    }
}
