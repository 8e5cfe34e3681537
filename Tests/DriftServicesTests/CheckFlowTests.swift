import DriftCore
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// Checks from the queue to the outbox.
@Suite(.timeLimit(.minutes(3)))
struct CheckFlowTests {
    static let one = ["web-1": ["base": ["/a", "/b", "/c"]]]

    @Test
    func theTableOfTransitionsHolds() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b"], missing: ["/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == [], "a first look is silent")
            #expect(try await fleet.states() == ["base drifted"])

            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.states() == ["base compliant"])
            #expect(try await fleet.messages() == [])

            fleet.see(on: "web-1", present: ["/c"], missing: ["/a", "/b"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open base 2"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open base 2"])
            #expect(try await fleet.messages() == ["drift_detected 2"])

            fleet.see(on: "web-1", missing: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open base 3"])
            fleet.see(on: "web-1", present: ["/b", "/c"], missing: ["/a"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open base 1"])
            #expect(try await fleet.messages() == ["drift_detected 2", "drift_changed 3"])

            try await fleet.database.execute("select driftwatch.acknowledge_alert(1, 'seen')")
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 compliant"])
            #expect(try await fleet.messages() == ["drift_detected 2", "drift_changed 3", "drift_resolved 1"])
        }
    }

    @Test
    func theAlertNamesServerPackCountAndALinkToItsCheck() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", missing: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            let alert = try await fleet.database.rows(
                """
                select severity, title, message, diff_path = '/servers/web-1/packs/base?check=' || check_id
                from driftwatch.alerts
                """, as: (String, String, String, Bool).self)[0]
            #expect(alert == ("warning", "Configuration drift on WEB-1", "3 items no longer compliant with base", true))
        }
    }

    @Test
    func packsAreJudgedApart() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"], "web": ["/b"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/a"], missing: ["/b"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open web 1"])
            #expect(try await fleet.states() == ["base compliant", "web drifted"])
            #expect(fleet.prober.count(of: "web-1") == 2, "one session serves all packs")
        }
    }

    @Test
    func whatCannotBeReadNeitherOpensNorResolves() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b"], unreadable: ["/a", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == [])
            fleet.see(on: "web-1", present: ["/b", "/c"], missing: ["/a"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b", "/c"], unreadable: ["/a"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open base 1"])
            #expect(try await fleet.verdicts().last == "base incomplete")
        }
    }

    /// What the database keeps of it, from check to check.
    @Test
    func aContentThatCannotBeReadHidesNothingElseOfItsFile() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            let content = FileExpectation.Content.template(name: "a", bytes: Array("a".utf8))
            let wanted = FileExpectation(path: "/a", mode: 0o644, content: content)
            try await fleet.database.apply(
                Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.file(wanted))]))
            func see(_ mode: UInt16, _ content: FileContent) async throws -> [String] {
                let root = Account(name: "root", number: 0)
                let status = FileStatus(type: .file, mode: mode, owner: root, group: root, size: 1)
                fleet.prober.see(on: "web-1", ["/a": .present(FileEntry(status: status, content: content))])
                try await fleet.check("web-1")
                return try await fleet.alerts()
            }
            let unseen = FileContent.unreadable(.permissionDenied)
            let wrong = FileContent.read(SHA256Digest(of: Array("b".utf8)), bytes: nil)
            #expect(try await see(0o644, unseen) == [])
            #expect(try await fleet.states() == ["base unknown"])
            #expect(try await see(0o600, unseen) == ["open base 1"], "the mode was right when it was seen first")
            #expect(try await see(0o644, unseen) == ["resolved base 1 compliant"])
            #expect(try await see(0o644, wrong) == ["resolved base 1 compliant"], "a first look at the content")
            #expect(try await fleet.states() == ["base drifted"])
        }
    }

    /// A newer version's word: to look over ssh instead would judge another machine, or knock at a closed door.
    @Test
    func aConnectionThatThisVersionDoesNotKnowIsNotTried() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.database.execute("alter table driftwatch.servers drop constraint servers_connection_check")
            try await fleet.database.execute("update driftwatch.servers set connection = 'agent'")
            try await fleet.check("web-1")
            #expect(fleet.prober.count(of: "web-1") == 0)
            let checks = try await fleet.database.rows(
                "select verdict || ' ' || reason from driftwatch.checks", as: String.self)
            #expect(checks == ["failed misconfigured"])
            #expect(
                try await fleet.database.rows(
                    "select failing_streak, (select last_error from driftwatch.jobs) from driftwatch.servers",
                    as: (Int, String).self
                ).map { "\($0.0) \($0.1)" } == ["1 this version does not know the connection agent"])
        }
    }

    @Test(arguments: ProbeFailure.Reason.allCases.filter { $0 != .cancelled && $0 != .noPlace })
    func aProbeThatDidNotFinishIsFailedAndMovesNothing(reason: ProbeFailure.Reason) async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.prober.fail(on: "web-1", reason)
            try await fleet.check("web-1")
            #expect(try await fleet.verdicts() == ["base compliant", "base failed \(reason.rawValue)"])
            #expect(try await fleet.states() == ["base compliant"])
            #expect(try await fleet.alerts() == [])
            let isTransient = ProbeFailure(reason).isTransient
            #expect(fleet.prober.count(of: "web-1") == 1 + (isTransient ? 3 : 1))
            let streak = try await fleet.database.rows("select failing_streak from driftwatch.servers", as: Int.self)
            #expect(streak == [1], "once per job")
            let told = try await fleet.database.rows(
                "select error_class from driftwatch.recent_failures where job_state = 'succeeded' limit 1",
                as: String?.self)
            #expect(told == [reason.rawValue], "for people, with what was said")
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.database.rows("select failing_streak from driftwatch.servers", as: Int.self) == [0])
        }
    }

    @Test(arguments: [
        ProbeFailure(.noPlace), ProbeFailure(.noPlace, retryAfter: .seconds(1)),
        ProbeFailure(.loginPenalized, retryAfter: .seconds(1)),
    ])
    func noPlaceForALoginCostsNoAttempt(failure: ProbeFailure) async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.prober.script("web-1") { _, _ in
                fleet.prober.count(of: "web-1") < 6
                    ? .failure(failure)
                    : .success(Facts(files: ["/a": .plain, "/b": .plain, "/c": .plain]))
            }
            try await fleet.check("web-1")
            #expect(try await fleet.verdicts() == ["base compliant"])
            #expect(try await fleet.database.rows("select attempt from driftwatch.jobs", as: Int.self) == [1])
        }
    }

    @Test
    func anotherWantedValueAlertsOnServersThatMissIt() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            let stricter = FileExpectation(path: "/a", mode: 0o600)
            try await fleet.database.apply(
                Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.file(stricter))]))
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open base 1"])
        }
    }

    @Test
    func anItemThatIsNewToThePackIsAFirstLook() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"], missing: ["/b"])
            try await fleet.check("web-1")
            try await fleet.database.makeServer("web-1", packs: ["base": ["/a", "/b"]])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == [])
            #expect(try await fleet.states() == ["base drifted"])
        }
    }

    @Test
    func resolvingByHandStaysQuietUntilSomethingIsAdded() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b", "/c"], missing: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.execute("select driftwatch.resolve_alert(1, 'known')")
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 manual"])
            fleet.see(on: "web-1", present: ["/c"], missing: ["/a", "/b"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 manual", "open base 2"])
        }
    }

    @Test
    func whatIsStillWrongAfterEnablingOpensAgain() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b", "/c"], missing: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.execute("select driftwatch.disable_drift_detection('web-1', 'moving house')")
            #expect(try await fleet.alerts() == ["resolved base 1 disabled"])
            try await fleet.database.execute("select driftwatch.enable_drift_detection('web-1')")
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 disabled", "open base 1"])
        }
    }

    /// What an operator may do while a probe is under way, and what must be left when it ends.
    struct Meanwhile: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var sql: String
        var alerts: [String]
        var states: [String]
    }

    @Test(arguments: [
        Meanwhile(
            testDescription: "disable", sql: "select driftwatch.disable_drift_detection('web-1', 'moving')",
            alerts: ["resolved base 1 disabled"], states: ["base unknown"]),
        Meanwhile(
            testDescription: "unassign",
            sql: """
                select driftwatch.apply_server('web-1', 'WEB-1', 'web-1', null, null, null, 'ssh', 'default', '{}',
                    true, '{}', 'test')
                """, alerts: ["resolved base 1 unassigned"], states: []),
        Meanwhile(
            testDescription: "declare off",
            sql: """
                select driftwatch.apply_server('web-1', 'WEB-1', 'web-1', null, null, null, 'ssh', 'default', '{}',
                    false, '{base}', 'test')
                """, alerts: ["resolved base 1 disabled"], states: ["base unknown"]),
        Meanwhile(
            testDescription: "remove", sql: "select driftwatch.remove_server('web-1', 'test')",
            alerts: ["resolved base 1 removed"], states: []),
    ])
    func whatHappensDuringAProbeIsNotUndoneWhenItEnds(meanwhile: Meanwhile) async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b", "/c"], missing: ["/a"])
            try await fleet.check("web-1")

            try await fleet.duringACheck(of: "web-1", seeing: ["/a": .missing, "/b": .missing, "/c": .plain]) {
                try await fleet.database.executeScript(meanwhile.sql)
            }
            #expect(try await fleet.alerts() == meanwhile.alerts)
            #expect(try await fleet.states() == meanwhile.states)
            #expect(try await fleet.verdicts().count == 3, "the check itself is history")
            #expect(
                try await fleet.database.rows("select count(*)::int from driftwatch.mismatches", as: Int.self) == [0])
        }
    }

    @Test
    func aCheckWithAPackThatWasChangedMeanwhileIsOnlyHistory() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            try await fleet.duringACheck(of: "web-1", seeing: ["/a": .missing, "/b": .plain, "/c": .plain]) {
                try await fleet.database.makeServer("web-1", packs: ["base": ["/b", "/c"]])
            }
            #expect(try await fleet.verdicts() == ["base compliant", "base drifted"])
            #expect(try await fleet.alerts() == [], "the item that is gone opens nothing")
            #expect(try await fleet.states() == ["base compliant"])
        }
    }

    @Test(arguments: ["address = 'elsewhere'", "port = 2222", "ssh_user = 'other'", "config_user = 'other'"])
    func aCheckOfAServerThatIsMeanwhileToBeLookedAtElsewhereIsOnlyHistory(change: String) async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            try await fleet.duringACheck(of: "web-1", seeing: ["/a": .missing, "/b": .plain, "/c": .plain]) {
                try await fleet.database.executeScript("update driftwatch.servers set \(change)")
            }
            #expect(try await fleet.verdicts() == ["base compliant", "base drifted"])
            #expect(try await fleet.alerts() == [])
            #expect(try await fleet.states() == ["base compliant"])
        }
    }

    @Test
    func aCheckThatBeganBeforeTheRememberedOneIsOnlyHistory() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            try await fleet.duringACheck(of: "web-1", seeing: ["/a": .missing, "/b": .missing, "/c": .missing]) {
                // A slot's job of the same server begins later and ends first.
                fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
                try await fleet.database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
                try await fleet.database.execute(
                    "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')")
                while try await fleet.verdicts().count < 2 {
                    // The database gives no signal of a new check.
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            #expect(try await fleet.verdicts() == ["base compliant", "base compliant", "base drifted"])
            #expect(try await fleet.states() == ["base compliant"])
            #expect(try await fleet.alerts() == [])
        }
    }

    @Test
    func aFleetOfFiftyAlertsOncePerServerWithFourWorkers() async throws {
        let names = (1...50).map { "s\($0)" }
        try await Fleet.with(
            Dictionary(uniqueKeysWithValues: names.map { ($0, ["base": ["/a"]]) }), workers: 4
        ) { fleet in
            for file in [FileFact.plain, .missing, .missing, .plain] {
                for name in names { fleet.prober.see(on: name, ["/a": file]) }
                try await fleet.database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
                try await fleet.database.advanceClock(by: .seconds(3600))
                try await fleet.database.execute(
                    "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')")
                while try await fleet.database.rows(
                    "select count(*)::int from driftwatch.jobs where finished_at is null", as: Int.self) != [0]
                {
                    // The database gives no signal of a finished job.
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            #expect(try await fleet.messages().count { $0 == "drift_detected 1" } == 50)
            #expect(try await fleet.messages().count { $0 == "drift_resolved 1" } == 50)
            #expect(try await fleet.messages().count == 100)
            #expect(try await fleet.verdicts().count == 200)
        }
    }
}
