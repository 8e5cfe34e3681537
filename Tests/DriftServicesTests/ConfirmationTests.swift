import DriftCore
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import DriftServices

/// What is newly wrong is looked at twice, and why it is wrong is remembered and told.
@Suite(.timeLimit(.minutes(3)))
struct ConfirmationTests {
    private static let one = ["web-1": ["base": ["/a", "/b", "/c"]]]

    /// What the second looks at `server` were asked, from now on; the first look sees `first`.
    private static func script(
        _ fleet: Fleet, _ server: String = "web-1", first: [ServerPath: FileFact],
        second: @escaping @Sendable (ProbeQuestions) -> Result<Facts, ProbeFailure>
    ) -> SecondLooks {
        let looks = SecondLooks()
        fleet.prober.script(server) { _, questions in
            guard questions.topics.contains(where: { $0.topic == OriginFacts.self }) else {
                return .success(Facts(files: first))
            }
            looks.add(questions)
            return second(questions)
        }
        return looks
    }

    private final class SecondLooks: Sendable {
        private let questions = Mutex<[ProbeQuestions]>([])

        func add(_ asked: ProbeQuestions) { questions.withLock { $0.append(asked) } }
        var asked: [ProbeQuestions] { questions.withLock(\.self) }
    }

    private func details(_ fleet: Fleet) async throws -> [String] {
        try await fleet.database.rows(
            """
            select i ->> 'item' || ' ' || (i ->> 'status') || coalesce(' ' || (i #>> '{unconfirmed,0,type}'), '')
            from driftwatch.checks c
            join driftwatch.check_details d using (server_id, pack_name, fingerprint)
            cross join jsonb_array_elements(d.items) i
            where c.check_id = (select max(check_id) from driftwatch.checks) order by 1
            """, as: String.self)
    }

    @Test func whatTheSecondLookDoesNotFindAlertsNobody() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b"], missing: ["/c"])
            try await fleet.check("web-1")
            let looks = Self.script(fleet, first: ["/a": .missing, "/b": .missing, "/c": .missing]) { _ in
                .success(Facts(files: ["/a": .plain, "/b": .missing]))
            }
            try await fleet.check("web-1")
            #expect(looks.asked.map { $0.files.map(\.path) } == [["/a", "/b"]], "what is known is not asked again")
            #expect(try await fleet.alerts() == ["open base 2"])
            #expect(try await details(fleet) == ["/a ok missing_file", "/b wrong", "/c wrong"])
            let items = try await fleet.database.rows(
                "select item from driftwatch.mismatches order by 1", as: String.self)
            #expect(items == ["/b", "/c"])
            #expect(fleet.prober.count(of: "web-1") == 2, "in the same session")
        }
    }

    @Test func whatTheSecondLookCannotReadProvesNothing() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            _ = Self.script(fleet, first: ["/a": .missing, "/b": .plain, "/c": .plain]) { _ in
                .success(Facts(files: ["/a": .unreadable(.slow)]))
            }
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == [])
            #expect(try await fleet.verdicts().last == "base incomplete")
            #expect(try await details(fleet) == ["/a unreadable missing_file"])
        }
    }

    @Test func whatWasNeverRightIsLookedAtOnce() async throws {
        try await Fleet.with(Self.one) { fleet in
            let looks = Self.script(fleet, first: ["/a": .missing, "/b": .plain, "/c": .plain]) { _ in
                .success(Facts())
            }
            try await fleet.check("web-1")
            try await fleet.check("web-1")
            #expect(looks.asked.isEmpty)
            #expect(try await fleet.states() == ["base drifted"])
        }
    }

    /// Another attempt is another chance; drift must not hide behind sessions that always end early.
    @Test func aSecondLookThatDoesNotFinishIsTriedAgainAndTheLastTimeTheFirstCounts() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            let looks = Self.script(fleet, first: ["/a": .missing, "/b": .plain, "/c": .plain]) { _ in
                .failure(ProbeFailure(.truncated))
            }
            try await fleet.check("web-1")
            #expect(looks.asked.count == 3)
            #expect(try await fleet.alerts() == ["open base 1"])
            #expect(try await fleet.verdicts() == ["base compliant", "base drifted"])
        }
    }

    @Test func aSecondLookThatNeverCanFinishIsTriedOnce() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            let looks = Self.script(fleet, first: ["/a": .missing, "/b": .plain, "/c": .plain]) { _ in
                .failure(ProbeFailure(.malformedAnswer))
            }
            try await fleet.check("web-1")
            #expect(looks.asked.count == 1)
            #expect(try await fleet.alerts() == ["open base 1"])
        }
    }

    // MARK: why

    /// Each known mismatch as `item cause detail`, and what the last message says of it.
    private func causes(_ fleet: Fleet) async throws -> [String] {
        try await fleet.database.rows(
            """
            select concat_ws(' ', item, cause, nullif(cause_detail, '{}')) from driftwatch.known_mismatches order by 1
            """, as: String.self)
    }

    private func told(_ fleet: Fleet) async throws -> [String] {
        try await fleet.database.rows(
            """
            select concat_ws(' ', i ->> 'item', i #>> '{cause,kind}') from driftwatch.outbox o
            cross join jsonb_array_elements(o.payload -> 'items') i
            where o.outbox_id = (select max(outbox_id) from driftwatch.outbox) order by 1
            """, as: String.self)
    }

    private func facts(_ files: [ServerPath: FileFact], origin lines: [String]) -> Facts {
        var facts = Facts(files: files)
        facts.topics.read(OriginFacts.self, lines.map { Array($0.utf8)[...] })
        return facts
    }

    @Test func anItemOfWhichThePackWantsSomethingElseSinceIsItsDoing() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            let base = Pack(
                name: PackName(rawValue: "base"),
                expectations: [
                    Expectation(.file(FileExpectation(path: "/a", mode: 0o600))),
                    Expectation(.file(FileExpectation(path: "/b"))), Expectation(.file(FileExpectation(path: "/c"))),
                ])
            try await fleet.database.apply(base)
            fleet.see(on: "web-1", present: ["/a", "/c"], missing: ["/b"])
            try await fleet.check("web-1")
            #expect(try await causes(fleet) == ["/a pack", "/b server"])
            #expect(try await told(fleet) == ["/a pack", "/b server"])
            // It stays what it was, although the pack is now the one of the last look.
            try await fleet.check("web-1")
            #expect(try await causes(fleet) == ["/a pack", "/b server"])
        }
    }

    /// The pack is the same, and wants something else of this server.
    @Test func aLabelThatChangedIsThePacksDoingToo() async throws {
        try await Fleet.with(["web-1": ["base": ["/always"]]]) { fleet in
            let json = """
                {"format":1,"name":"base","display_name":"Base","items":{"files":[
                {"expand":true,"item":"/a","item_key":"file:/a","path":"/a","state":"file","owner":"{{ labels.owner }}"},
                {"item":"/always","item_key":"file:/always","path":"/always","state":"file"}]}}
                """
            try await fleet.database.apply(Pack(resolvedJSON: json))
            let label = "update driftwatch.servers set labels = jsonb_build_object('owner', "
            try await fleet.database.executeScript(label + "'root')")
            fleet.see(on: "web-1", present: ["/a", "/always"])
            try await fleet.check("web-1")
            #expect(try await fleet.states() == ["base compliant"])
            try await fleet.database.executeScript(label + "'deploy')")
            fleet.see(on: "web-1", present: ["/a"], missing: ["/always"])
            try await fleet.check("web-1")
            #expect(try await causes(fleet) == ["/a pack", "/always server"])
        }
    }

    @Test func aFileOfAnUpgradedPackageIsExplainedByIt() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            let second = facts(
                ["/a": .missing, "/b": .missing],
                origin: [
                    "now 1764284000", "/var/lib/dpkg/info/nginx.list:/a", "log upgrade nginx:amd64 1.22.1 1.22.2",
                    "packages-end",
                ])
            let looks = Self.script(fleet, first: ["/a": .missing, "/b": .missing, "/c": .plain]) { _ in
                .success(second)
            }
            try await fleet.check("web-1")
            #expect(
                try await causes(fleet)
                    == [#"/a upgrade {"to": "1.22.2", "from": "1.22.1", "package": "nginx"}"#, "/b server"])
            let asked = looks.asked.first?.topics.first { $0.topic == OriginFacts.self }?.arguments ?? []
            #expect(asked.filter { $0.hasPrefix("file ") } == ["file /a", "file /b"])
            #expect(asked.filter { $0.hasPrefix("since ") }.count == 1)
            let shown = try await fleet.database.rows(
                "select items #>> '{0,cause,package}' from driftwatch.all_alerts", as: String.self)
            #expect(shown == ["nginx"])
            let kept = try await fleet.database.rows(
                "select detail #>> '{items,0,cause,to}' from driftwatch.alert_events", as: String.self)
            #expect(kept == ["1.22.2"])
        }
    }

    /// Nobody knows when it went wrong, so nobody knows why.
    @Test func whatWentDarkBeforeItWasFoundWrongHasNoCause() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b", "/c"], unreadable: ["/a"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/c"], missing: ["/a", "/b"])
            try await fleet.check("web-1")
            #expect(try await causes(fleet) == ["/a", "/b server"])
        }
    }

    @Test func aVersionOfThePackThatIsNotKeptExplainsNothing() async throws {
        try await Fleet.with(Self.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            try await fleet.database.execute(
                "update driftwatch.drift_states set pack_digest = 'sha256:' || repeat('0', 64)")
            fleet.see(on: "web-1", present: ["/b", "/c"], missing: ["/a"])
            try await fleet.check("web-1")
            #expect(try await causes(fleet) == ["/a"])
        }
    }
}
