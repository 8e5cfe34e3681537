import DriftCore
import DriftStore
import Postgres
import TestSupport
import Testing

/// What `fleet_status` shows of an assignment: nothing that was not seen is shown as right.
@Suite
struct ShownStateTests {
    private static let one = ["web-1": ["base": ["/a", "/b", "/c"]]]

    @Test
    func whatCouldNotAllBeSeenIsIncompleteAlsoWhenNothingIsWrong() async throws {
        try await Fleet.with(Self.one) { fleet in
            #expect(try await fleet.shown() == ["unknown unknown"])
            fleet.see(on: "web-1", present: ["/a", "/b"], unreadable: ["/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.states() == ["base compliant"])
            #expect(try await fleet.shown() == ["incomplete incomplete"])
            fleet.see(on: "web-1", present: ["/a"], missing: ["/b"], unreadable: ["/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.shown() == ["drifted drifted"])
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.shown() == ["compliant compliant"])
        }
    }

    @Test
    func nothingSeenAtAllIsIncompleteAndNeverUnknownOrCompliant() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", unreadable: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.states() == ["base unknown"])
            #expect(try await fleet.shown() == ["incomplete incomplete"])
        }
    }

    @Test
    func aResolutionTellsHowMuchWasSeen() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b"], unreadable: ["/c"])
            for (present, missing, unreadable) in [
                (["/a", "/b"], [], ["/c"]), (["/b"], ["/a"], ["/c"]), (["/a", "/b"], [], ["/c"]),
                (["/b", "/c"], ["/a"], []), (["/a", "/b", "/c"], [], []),
            ] {
                // Not flapping.
                try await fleet.database.advanceClock(by: .seconds(8 * 86_400))
                fleet.see(on: "web-1", present: present, missing: missing, unreadable: unreadable)
                try await fleet.check("web-1")
            }
            let told = try await fleet.database.rows(
                """
                select concat_ws(' ', payload ->> 'resolution', payload ->> 'unreadable_count', payload ->> 'item_count')
                from driftwatch.outbox where kind = 'drift_resolved' order by outbox_id
                """, as: String.self)
            #expect(told == ["compliant 1 3", "compliant 0 3"])
        }
    }

    @Test
    func theShownStateNeedsNoHistory() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/a", "/b"], unreadable: ["/c"])
            try await fleet.check("web-1")
            let before = try await fleet.line()
            try await fleet.forgetHistory()
            let after = try await fleet.line()
            #expect(after.shownState == .incomplete)
            #expect(after.standing == .incomplete)
            #expect(after.wasChecked && !after.isCheckOverdue)
            #expect((after.itemCount, after.unreadableCount, after.darkCount) == (3, 1, 1))
            #expect(after.unreadableSince == before.unreadableSince && after.unreadableSince != nil)
            #expect(after.lastCheckedAt == before.lastCheckedAt)
        }
    }

    @Test
    func whatGoesDarkIsRememberedWithItsSinceAndReason() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b"], unreadable: ["/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.unreadables() == ["/c permission_denied false"])
            #expect(try await fleet.line().unreadableSince == nil, "it never could be read: no news")

            fleet.see(on: "web-1", present: ["/b"], unreadable: ["/a", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.unreadables() == ["/a permission_denied true", "/c permission_denied false"])
            let since = try await fleet.line().unreadableSince
            #expect(since != nil)
            try await fleet.database.advanceClock(by: .seconds(86_400))
            try await fleet.check("web-1")
            #expect(try await fleet.line().unreadableSince == since, "still the same darkness")

            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.unreadables() == [])
            #expect(try await fleet.line().unreadableSince == nil)
            fleet.see(on: "web-1", present: ["/a", "/b"], unreadable: ["/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.unreadables() == ["/c permission_denied true"], "now it had been read once")
        }
    }

    @Test
    func whatWasUnreadableIsForgottenWithTheRestOnAHold() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", unreadable: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            try await fleet.database.execute(
                "select driftwatch.disable_drift_detection('web-1', 'moving', null, 'test')")
            #expect(try await fleet.shown() == ["unknown disabled"])
            // In one transaction: enabling asks for a check, and the worker is quick.
            let (shown, unreadables) = try await fleet.database.withTransaction { transaction in
                try transaction.execute("select driftwatch.enable_drift_detection('web-1', 'test')")
                return (try Fleet.shown(in: transaction), try Fleet.unreadables(in: transaction))
            }
            #expect(shown == ["unknown unknown"])
            #expect(unreadables == [])
        }
    }

    @Test
    func aServerThatCannotBeLookedAtSaysSinceWhenAndWhy() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.line().failingSince == nil)
            fleet.prober.fail(on: "web-1", .hostKeyChanged)
            try await fleet.check("web-1")
            let first = try await fleet.line()
            #expect(first.failingSince != nil)
            #expect(first.failingReason == "host_key_changed")
            #expect(first.shownState == .compliant, "what was last known")
            #expect(first.standing == .failed)

            try await fleet.database.advanceClock(by: .seconds(86_400))
            fleet.prober.fail(on: "web-1", .authenticationRefused)
            try await fleet.check("web-1")
            let second = try await fleet.line()
            #expect(second.failingSince == first.failingSince)
            #expect(second.failingReason == "authentication_refused")
            #expect(second.failingStreak == 2)
            try await fleet.forgetHistory()
            #expect(try await fleet.line().standing == .failed, "without any check that is kept")

            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.line().failingSince == nil)
            #expect(try await fleet.line().failingReason == nil)
            #expect(try await fleet.shown() == ["compliant compliant"])
        }
    }

    /// The job of one that a worker takes with it into the grave, three times.
    @Test
    func aJobThatEndsWithoutALookCountsAsFailingToo() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.execute("select driftwatch.enqueue_check('web-1', 'test')")
            try await database.execute(
                """
                update driftwatch.jobs set state = 'running', lease_token = gen_random_uuid(), worker_id = 'w',
                    claimed_at = driftwatch.clock(), lease_expires_at = 'epoch', deadline_at = 'infinity', rescues = 2
                """)
            try await database.execute("select driftwatch.rescue_jobs()")
            let failing = try await database.rows(
                "select failing_reason, failing_since is not null from driftwatch.fleet_status",
                as: (String?, Bool).self)
            #expect(failing.map(\.1) == [true])
            #expect(failing.allSatisfy { $0.0 != nil })
        }
    }

    @Test
    func aVerdictOfAnOlderVersionOfThePackIsMarked() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            #expect(try await !fleet.line().isOutdated, "there is none yet")
            try await fleet.check("web-1")
            #expect(try await !fleet.line().isOutdated)
            let files = ["/a", "/b"].map { Expectation(.file(FileExpectation(path: $0))) }
            try await fleet.database.apply(Pack(name: PackName(rawValue: "base"), expectations: files))
            try await fleet.forgetHistory()
            #expect(try await fleet.line().isOutdated)
            try await fleet.check("web-1")
            #expect(try await !fleet.line().isOutdated)
        }
    }

    @Test
    func whatCouldNotBeReadMovesWithItsExpectationToAnotherPack() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/a", "/b"], unreadable: ["/c"])
            try await fleet.check("web-1")
            let since = try await fleet.line().unreadableSince
            try await fleet.database.makeServer("web-1", packs: ["base": ["/a", "/b", "/c"], "moved": ["/c"]])
            try await fleet.database.execute(
                "select driftwatch.move_memory('web-1', array['file:/c'], array['base'], array['moved'])")
            let lines = try await fleet.database.read { try FleetReader.status(in: $0) }
            let moved = try #require(lines.first { $0.packName?.rawValue == "moved" })
            #expect(moved.shownState == .incomplete, "what was right there and cannot be seen is not right here")
            #expect(moved.unreadableSince == since && since != nil)
            #expect(lines.first { $0.packName?.rawValue == "base" }?.shownState == .compliant)
        }
    }

    @Test
    func whatAPackSaidBeforeItWasTakenOffSaysNothingNow() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.prober.fail(on: "web-1", .misconfigured)
            try await fleet.check("web-1")
            for packs in [[], ["base"]] {
                try await fleet.database.execute(
                    """
                    select driftwatch.apply_server(
                        'web-1', 'Web 1', 'web-1', null, null, null, 'ssh', 'default', '{}', true, \(packs), 'test')
                    """)
            }
            #expect(try await fleet.line().lastVerdict == nil)
        }
    }
}

extension Fleet {
    /// The only line.
    fileprivate func line() async throws -> FleetLine {
        try #require(try await database.read { try FleetReader.status(in: $0) }.first)
    }

    /// Shown state and standing of each.
    fileprivate func shown() async throws -> [String] { try await database.read { try Self.shown(in: $0) } }

    fileprivate static func shown(in transaction: borrowing Transaction) throws -> [String] {
        try FleetReader.status(in: transaction).map {
            "\($0.shownState?.rawValue ?? "-") \($0.standing?.rawValue ?? "-")"
        }
    }

    fileprivate func unreadables() async throws -> [String] {
        try await database.read { try Self.unreadables(in: $0) }
    }

    fileprivate static func unreadables(in transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            "select concat_ws(' ', item, reason, was_readable::text) from driftwatch.unreadables order by item_key",
            as: String.self)
    }

    fileprivate func forgetHistory() async throws {
        try await database.execute("delete from driftwatch.checks")
        try await database.execute("delete from driftwatch.check_details")
    }
}
