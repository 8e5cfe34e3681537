import DriftCore
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// Servers that slots cannot look at, and items that they can no longer read, from the slot to the outbox.
@Suite(.timeLimit(.minutes(3)))
struct CheckFailingTests {
    static let one = ["web-1": ["base": ["/a", "/b", "/c"]]]

    // MARK: Servers

    @Test
    func aServerThatThreeSlotsCannotLookAtAlertsOnceAndTheNextLookResolvesIt() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.prober.script("web-1") { _, _ in
                .failure(ProbeFailure(.unreachable, detail: "ssh: \u{1b}[31m<!channel> timed out", jumpHost: "bastion"))
            }
            for _ in 0..<2 { try await fleet.slot() }
            try await fleet.check("web-1")
            #expect(try await fleet.alertsWithType() == [], "a manual check counts for nothing")
            for _ in 0..<2 { try await fleet.slot() }
            #expect(try await fleet.alertsWithType() == ["open check_failing 0"])
            let failing = try await fleet.database.rows(
                """
                select concat_ws('|', payload #>> '{failing,reason}', payload #>> '{failing,detail}',
                       payload #>> '{failing,jump_host}', payload #>> '{failing,slots}') from driftwatch.outbox
                """, as: String.self)
            #expect(
                failing.count == 1 && failing[0].hasPrefix("unreachable|ssh: ") && failing[0].hasSuffix("|bastion|3"))
            #expect(failing[0].unicodeScalars.allSatisfy { $0.value >= 32 })

            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.alertsWithType() == ["resolved check_failing 0 recovered"])
            #expect(try await fleet.messages() == ["check_failing 0", "check_recovered 0"])
        }
    }

    @Test
    func theChecksOfAFailingServerStayFailedAndItsDriftIsRemembered() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.slot()
            fleet.see(on: "web-1", present: ["/a", "/b"], missing: ["/c"])
            try await fleet.slot()
            fleet.prober.fail(on: "web-1", .authenticationRefused)
            for _ in 0..<3 { try await fleet.slot() }
            #expect(try await fleet.alertsWithType() == ["open config_drift base 1", "open check_failing 0"])
            #expect(try await fleet.states() == ["base drifted"])
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.slot()
            #expect(
                try await fleet.alertsWithType()
                    == ["resolved config_drift base 1 compliant", "resolved check_failing 0 recovered"])
        }
    }

    // MARK: Items

    @Test
    func itemsThatThreeSlotsCanNoLongerReadAlertOnce() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.slot()
            fleet.see(on: "web-1", present: ["/c"], unreadable: ["/a", "/b"])
            for _ in 0..<2 { try await fleet.slot() }
            try await fleet.check("web-1")
            #expect(try await fleet.alertsWithType() == [], "a manual check counts for nothing")
            for _ in 0..<2 { try await fleet.slot() }
            #expect(try await fleet.alertsWithType() == ["open check_failing base 2"])
            let alert = try await fleet.database.rows(
                "select title || '|' || message from driftwatch.alerts", as: String.self)[0]
            #expect(alert.hasPrefix("2 items of base can no longer be read on WEB-1|Not read since 20"))
            #expect(alert.hasSuffix(": /a (permission denied), /b (permission denied)"))

            // One more, and one less: people hear of the first.
            fleet.see(on: "web-1", unreadable: ["/a", "/b", "/c"])
            for _ in 0..<3 { try await fleet.slot() }
            fleet.see(on: "web-1", present: ["/a"], unreadable: ["/b", "/c"])
            try await fleet.slot()
            #expect(try await fleet.alertsWithType() == ["open check_failing base 2"])
            let told = try await fleet.database.rows(
                """
                select concat_ws(' ', kind, payload ->> 'mismatch_count', payload ->> 'added_count', payload #>> '{failing,slots}',
                       (select string_agg(i ->> 'item', ',') from jsonb_array_elements(payload -> 'items') i))
                from driftwatch.outbox order by outbox_id
                """, as: String.self)
            #expect(told == ["items_unreadable 2 2 3 /a,/b", "items_unreadable 3 1 7 /c"])
            #expect(
                try await fleet.database.rows("select event from driftwatch.alert_events order by seq", as: String.self)
                    == ["opened", "updated", "recounted"])

            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.alertsWithType() == ["resolved check_failing base 2 recovered"])
            #expect(try await fleet.messages().last == "items_readable 2")
        }
    }

    @Test
    func itemsThatNeverCouldBeReadAlertNobody() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/c"], unreadable: ["/a", "/b"])
            for _ in 0..<4 { try await fleet.slot() }
            #expect(try await fleet.alertsWithType() == [])
        }
    }

    @Test
    func anItemThatIsReadInBetweenBeginsAnew() async throws {
        try await Fleet.with(Self.one) { fleet in
            for _ in 0..<3 {
                fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
                try await fleet.slot()
                fleet.see(on: "web-1", present: ["/b", "/c"], unreadable: ["/a"])
                for _ in 0..<2 { try await fleet.slot() }
            }
            #expect(try await fleet.alertsWithType() == [])
        }
    }

    /// Nothing is known of the items of a server that cannot be looked at.
    @Test
    func aServerThatCannotBeLookedAtHasNoItemsThatGoDark() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.slot()
            fleet.see(on: "web-1", present: ["/b", "/c"], unreadable: ["/a"])
            for _ in 0..<2 { try await fleet.slot() }
            fleet.prober.fail(on: "web-1", .authenticationRefused)
            for _ in 0..<4 { try await fleet.slot() }
            #expect(try await fleet.alertsWithType() == ["open check_failing 0"])
            fleet.see(on: "web-1", present: ["/b", "/c"], unreadable: ["/a"])
            try await fleet.slot()
            #expect(
                try await fleet.alertsWithType()
                    == ["resolved check_failing 0 recovered", "open check_failing base 1"])
        }
    }

    @Test
    func resolvedByHandItIsQuietUntilAnotherItemGoesDark() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.slot()
            fleet.see(on: "web-1", present: ["/b", "/c"], unreadable: ["/a"])
            for _ in 0..<3 { try await fleet.slot() }
            try await fleet.database.execute("select driftwatch.resolve_alert(1)")
            for _ in 0..<3 { try await fleet.slot() }
            #expect(try await fleet.alertsWithType() == ["resolved check_failing base 1 manual"])
            fleet.see(on: "web-1", present: ["/c"], unreadable: ["/a", "/b"])
            for _ in 0..<3 { try await fleet.slot() }
            #expect(
                try await fleet.alertsWithType()
                    == ["resolved check_failing base 1 manual", "open check_failing base 2"])
        }
    }

    @Test
    func driftAndDarknessOfAPackAreTwoAlerts() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.slot()
            fleet.see(on: "web-1", present: ["/c"], missing: ["/a"], unreadable: ["/b"])
            for _ in 0..<3 { try await fleet.slot() }
            #expect(try await fleet.alertsWithType() == ["open config_drift base 1", "open check_failing base 1"])
            fleet.see(on: "web-1", missing: ["/a", "/c"], unreadable: ["/b"])
            try await fleet.slot()
            fleet.see(on: "web-1", present: ["/b"], missing: ["/a", "/c"])
            try await fleet.slot()
            #expect(
                try await fleet.alertsWithType()
                    == ["open config_drift base 2", "resolved check_failing base 1 recovered"])
            let status = try await fleet.database.rows(
                "select concat_ws(' ', alert_id, failing_alert_id, dark_alert_id) from driftwatch.fleet_status",
                as: String.self)
            #expect(status == ["1"])
        }
    }

    static let ends: [(String, String)] = [
        ("select disable_drift_detection('web-1', 'x')", "resolved check_failing base 1 disabled"),
        ("select unassign('web-1', 'base', 'x')", "resolved check_failing base 1 unassigned"),
        ("select remove_server('web-1', 'x')", "resolved check_failing base 1 removed"),
        (apply(after: 4), "resolved check_failing base 1 settings"),
        (apply(after: 0), "resolved check_failing base 1 settings"),
        (apply(after: 2), "open check_failing base 1"),
        (apply(after: 3, expect: "sometimes"), "open check_failing base 1"),
    ]

    private static func apply(after: Int, expect: String = "always") -> String {
        """
        select apply_server('web-1', 'WEB-1', 'web-1', null, null, null, 'ssh', 'default', '{}', true, '{base}', 'ann',
            null, '\(expect)', \(after))
        """
    }

    @Test
    func whatEndsTheWatchEndsTheAlertWithItsWord() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.slot()
            fleet.see(on: "web-1", present: ["/b", "/c"], unreadable: ["/a"])
            for _ in 0..<3 { try await fleet.slot() }
            for (change, alert) in Self.ends {
                try await fleet.database.undoing { transaction in
                    try transaction.executeScript("set local search_path = driftwatch; \(change)")
                    let alerts = try transaction.rows("\(unescaped: Fleet.alertsQuery)", as: String.self)
                    #expect(alerts == [alert], "\(change)")
                }
            }
        }
    }

    @Test
    func anItemThatLeavesThePackLeavesTheAlert() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.slot()
            fleet.see(on: "web-1", present: ["/c"], unreadable: ["/a", "/b"])
            for _ in 0..<3 { try await fleet.slot() }
            try await fleet.database.apply(Self.pack(["/b", "/c"]))
            #expect(try await fleet.alertsWithType() == ["open check_failing base 1"])
            try await fleet.database.apply(Self.pack(["/c"]))
            #expect(try await fleet.alertsWithType() == ["resolved check_failing base 1 unassigned"])
        }
    }

    // MARK: Many at once

    @Test
    func anOutageOfTwoHundredServersTakesFewMessagesAndItsEndToo() async throws {
        let names = (1...200).map { "s\($0)" }
        try await Fleet.with(
            Dictionary(uniqueKeysWithValues: names.map { ($0, ["base": ["/a"]]) }), workers: 4
        ) { fleet in
            func all(_ answer: @escaping ScriptedProber.Answer) {
                for name in names { fleet.prober.script(name, answer) }
            }
            func count(_ notifier: Notifier, _ sender: RecordingSender) async throws -> [Int] {
                try await fleet.database.advanceClock(by: .seconds(31))
                for _ in 0..<6 {
                    _ = try await notifier.sendNext()
                    try await fleet.database.advanceClock(by: .seconds(2))
                }
                return sender.sent.map(\.parts.count)
            }
            all { target, _ in
                let isBehind = target.serverID.rawValue.count == 4
                return .failure(
                    ProbeFailure(.authenticationRefused, detail: "ssh: refused", jumpHost: isBehind ? "bastion" : nil))
            }
            for _ in 0..<3 { try await fleet.slot() }
            let sender = RecordingSender()
            let notifier = NotifierTests.notifier("n", on: fleet.database, sender)
            #expect(
                try await count(notifier, sender).sorted() == [99, 101], "one behind the bastion, one for the others")
            #expect(sender.sent.allSatisfy { $0.facts.kind == .checkFailing })

            all { _, _ in .success(Facts(files: ["/a": .plain])) }
            try await fleet.slot()
            let ends = RecordingSender()
            #expect(
                try await count(NotifierTests.notifier("n", on: fleet.database, ends), ends).sorted() == [99, 101])
            #expect(ends.sent.allSatisfy { $0.facts.kind == .checkRecovered })
        }
    }

    /// What a person asked for waits for nothing.
    @Test
    func theEndThatAManualCheckFindsIsSentAtOnce() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.prober.fail(on: "web-1", .authenticationRefused)
            for _ in 0..<3 { try await fleet.slot() }
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            let waits = try await fleet.database.rows(
                """
                select kind || ' ' || round(extract(epoch from not_before - created_at)) from driftwatch.outbox
                order by outbox_id
                """, as: String.self)
            #expect(waits == ["check_failing 30", "check_recovered 0"])
        }
    }

    private static func pack(_ paths: [String]) -> Pack {
        Pack(
            name: PackName(rawValue: "base"),
            expectations: paths.map { Expectation(.file(FileExpectation(path: $0))) })
    }
}

extension Fleet {
    static let alertsQuery = """
        select concat_ws(' ', status, alert_type, pack_name, mismatch_count, resolution) from driftwatch.alerts order by alert_id
        """

    /// Each alert, as `status type pack count resolution`.
    func alertsWithType() async throws -> [String] {
        try await database.rows("\(unescaped: Self.alertsQuery)", as: String.self)
    }

    /// Fires a slot, and waits until its checks are over.
    func slot() async throws {
        try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
        try await database.advanceClock(by: .seconds(3600))
        try await database.execute(
            "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')")
        let jobs = try await database.rows(
            "select job_id from driftwatch.jobs where slot_at = (select max(slot_at) from driftwatch.jobs)",
            as: Int64.self)
        for job in jobs { try await wait(for: job) }
    }
}
