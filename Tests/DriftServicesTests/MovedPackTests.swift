import DriftCore
import DriftStore
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// Packs that are renamed, split and merged while something is wrong: drift is neither hidden nor told twice.
@Suite(.timeLimit(.minutes(3)))
struct MovedPackTests {
    private static func pack(_ name: String, _ paths: [String]) -> Pack {
        Pack(
            name: PackName(rawValue: name),
            expectations: paths.map { DriftCore.Expectation(.file(FileExpectation(path: $0))) })
    }

    private static func request(
        _ packs: [String: [String]], on servers: [String] = ["web-1"], assigning assigned: [String]? = nil,
        prune: Bool = true, dryRun: Bool = false
    ) -> Applier.Request {
        let names = (assigned ?? packs.keys.sorted()).map(PackName.init(rawValue:))
        let given = packs.map { pack($0.key, $0.value) }
        return Applier.Request(
            configuration: LoadedConfiguration(
                inventory: Inventory(
                    servers: servers.map {
                        Server(id: ServerID(rawValue: $0), displayName: $0.uppercased(), packs: names)
                    }),
                packs: Dictionary(given.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })),
            prune: prune, dryRun: dryRun, actor: .named("tester"))
    }

    /// A server that complied, and of which these are missing since; what follows is told from here on.
    private static func withDrift(
        _ packs: [String: [String]], missing: [String], _ body: (Fleet) async throws -> Void
    ) async throws {
        try await Fleet.with(["web-1": packs]) { fleet in
            let all = packs.values.flatMap(\.self)
            fleet.see(on: "web-1", present: all)
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: all.filter { !missing.contains($0) }, missing: missing)
            try await fleet.check("web-1")
            try await body(fleet)
        }
    }

    @discardableResult
    private static func apply(_ request: Applier.Request, _ fleet: Fleet) async throws -> [String] {
        var dry = request
        dry.dryRun = true
        let before = try await everything(fleet)
        let foretold = try await Applier(fleet.database).apply(dry)
        #expect(try await everything(fleet) == before)
        let report = try await Applier(fleet.database).apply(request)
        #expect(foretold == report, "a dry run tells what is then done")
        return report.alerts.map {
            "\($0.id.map(String.init) ?? "new") \($0.pack?.rawValue ?? "-") \($0.itemCount) \($0.fate)"
        }
    }

    private static func everything(_ fleet: Fleet) async throws -> [String] {
        var rows = try await fleet.alerts() + fleet.messages() + fleet.states()
        rows += try await fleet.database.rows(
            "select pack_name || item_key from driftwatch.mismatches order by 1", as: String.self)
        return rows
    }

    private static func unverified(_ fleet: Fleet) async throws -> [String] {
        try await fleet.database.rows(
            """
            select pack_name || ' ' || array_to_string(unverified, ',') from driftwatch.drift_states
            where unverified <> '{}' order by 1
            """, as: String.self)
    }

    @Test
    func aRenamedPackKeepsItsAlert() async throws {
        try await Self.withDrift(["base": ["/a", "/b"]], missing: ["/b"]) { fleet in
            let since = try await fleet.database.rows("select since::text from driftwatch.mismatches", as: String.self)
            let told = try await Self.apply(Self.request(["core": ["/a", "/b"]]), fleet)
            #expect(told == ["1 core 1 moves(from: base)"])
            #expect(try await fleet.alerts() == ["open core 1"])
            #expect(try await fleet.states() == ["core drifted"])
            #expect(try await fleet.messages() == ["drift_detected 1"], "nobody is told again")
            #expect(try await Self.unverified(fleet) == [])
            let alert = try await fleet.database.rows(
                "select message, diff_path from driftwatch.alerts", as: (String, String).self)
            #expect(alert.map(\.0) == ["1 item no longer compliant with core"])
            #expect(alert.map(\.1) == ["/servers/web-1/packs/core"])
            #expect(
                try await fleet.database.rows("select since::text from driftwatch.mismatches", as: String.self) == since
            )
            #expect(
                try await fleet.database.rows("select event from driftwatch.alert_events order by seq", as: String.self)
                    == ["opened", "moved"])

            fleet.see(on: "web-1", missing: ["/a", "/b"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open core 2"], "what was right before the move is no first look")
            fleet.see(on: "web-1", present: ["/a", "/b"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved core 2 compliant"])
            #expect(try await fleet.messages() == ["drift_detected 1", "drift_changed 2", "drift_resolved 2"])
        }
    }

    @Test
    func aRenamedPackThatWasRightStillAlerts() async throws {
        try await Self.withDrift(["base": ["/a", "/b"]], missing: []) { fleet in
            let since = try await fleet.database.rows(
                "select since::text from driftwatch.drift_states", as: String.self)
            #expect(try await Self.apply(Self.request(["core": ["/a", "/b"]]), fleet) == [])
            #expect(try await fleet.states() == ["core compliant"])
            #expect(
                try await fleet.database.rows("select since::text from driftwatch.drift_states", as: String.self)
                    == since)
            fleet.see(on: "web-1", present: ["/a"], missing: ["/b"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open core 1"])
        }
    }

    @Test
    func whatIsNewInARenamedPackIsAFirstLook() async throws {
        try await Self.withDrift(["base": ["/a"]], missing: []) { fleet in
            try await Self.apply(Self.request(["core": ["/a", "/new"]]), fleet)
            #expect(try await Self.unverified(fleet) == ["core file:/new"])
            #expect(try await fleet.states() == ["core unknown"], "half of it was never seen")
            fleet.see(on: "web-1", present: ["/a"], missing: ["/new"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == [])
        }
    }

    @Test
    func aSplitPackHasAnAlertWhereverSomethingIsWrong() async throws {
        try await Self.withDrift(["base": ["/a", "/b", "/c"]], missing: ["/a", "/b", "/c"]) { fleet in
            try await fleet.database.execute("select driftwatch.acknowledge_alert(1, 'seen', actor => 'alice')")
            let told = try await Self.apply(Self.request(["one": ["/a"], "two": ["/b", "/c"]]), fleet)
            #expect(told == ["new one 1 opens", "1 two 2 moves(from: base)"])
            #expect(try await fleet.alerts() == ["acknowledged two 2", "acknowledged one 1"])
            #expect(try await fleet.messages() == ["drift_detected 3", "drift_detected 1"])
            let whose = try await fleet.database.rows("select acknowledged_by from driftwatch.alerts", as: String.self)
            #expect(whose == ["alice", "alice"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["acknowledged two 2", "acknowledged one 1"])
        }
    }

    @Test
    func aPartThatMovesAwayLeavesTheRestWithItsAlert() async throws {
        try await Self.withDrift(["base": ["/a", "/b"]], missing: ["/a", "/b"]) { fleet in
            let told = try await Self.apply(Self.request(["base": ["/a"], "web": ["/b"]]), fleet)
            #expect(told == ["1 base 1 recounts(from: 2)", "new web 1 opens"])
            #expect(try await fleet.alerts() == ["open base 1", "open web 1"])
            fleet.see(on: "web-1", present: ["/a"], missing: ["/b"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 compliant", "open web 1"])
        }
    }

    @Test
    func mergedPacksKeepTheOlderAlert() async throws {
        try await Self.withDrift(["one": ["/a"], "two": ["/b"]], missing: ["/a", "/b"]) { fleet in
            let told = try await Self.apply(Self.request(["all": ["/a", "/b"]]), fleet)
            #expect(told == ["1 all 2 moves(from: one)", "2 two 1 closes(\"unassigned\")"])
            #expect(try await fleet.alerts() == ["open all 2", "resolved two 1 unassigned"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open all 2", "resolved two 1 unassigned"])
        }
    }

    @Test
    func packsThatExchangeWhatTheyWantExchangeTheirAlerts() async throws {
        try await Self.withDrift(["one": ["/a"], "two": ["/b"]], missing: ["/a", "/b"]) { fleet in
            let told = try await Self.apply(Self.request(["one": ["/b"], "two": ["/a"]]), fleet)
            #expect(told == ["2 one 1 moves(from: two)", "1 two 1 moves(from: one)"])
            fleet.see(on: "web-1", present: ["/a"], missing: ["/b"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved two 1 compliant", "open one 1"])
        }
    }

    @Test
    func anAssignmentThatIsSwappedKeepsWhatTheOtherPackWantsToo() async throws {
        try await Self.withDrift(["a": ["/x", "/y"]], missing: ["/x", "/y"]) { fleet in
            try await fleet.database.apply(Self.pack("b", ["/y", "/z"]))
            let both = ["a": ["/x", "/y"], "b": ["/y", "/z"]]
            let told = try await Self.apply(Self.request(both, assigning: ["b"], prune: false), fleet)
            #expect(told == ["1 b 1 moves(from: a)"])
            #expect(try await Self.unverified(fleet) == ["b file:/z"])
        }
    }

    @Test
    func whatNobodyWantsAnyMoreClosesItsAlert() async throws {
        try await Self.withDrift(["base": ["/a", "/b"]], missing: ["/b"]) { fleet in
            let told = try await Self.apply(Self.request(["base": ["/a"]]), fleet)
            #expect(told == ["1 base 1 closes(\"unassigned\")"])
            #expect(try await fleet.alerts() == ["resolved base 1 unassigned"])
            #expect(try await fleet.states() == ["base compliant"])
        }
    }

    @Test
    func whatCannotBeReadAnyMoreMovesToo() async throws {
        try await Self.withDrift(["base": ["/a", "/b", "/c"]], missing: []) { fleet in
            fleet.see(on: "web-1", present: ["/a"], unreadable: ["/b", "/c"])
            try await fleet.check("web-1")
            let dark: SQL = "select pack_name, item_key, since::text from driftwatch.unreadables order by 1, 2"
            let before = try await fleet.database.rows(dark, as: (String, String, String).self)
            #expect(before.count == 2)
            try await Self.apply(Self.request(["base": ["/a"], "web": ["/b"]]), fleet)
            let after = try await fleet.database.rows(dark, as: (String, String, String).self)
            #expect(after.map { "\($0.0) \($0.1)" } == ["web file:/b"])
            #expect(after.map(\.2) == [before[0].2])
            let counts = try await fleet.database.rows(
                "select pack_name || ' ' || unreadable_count from driftwatch.drift_states order by 1", as: String.self)
            #expect(counts == ["base 0", "web 1"])
        }
    }

    @Test
    func aServerThatIsTurnedOffMeanwhileKeepsNoAlert() async throws {
        try await Self.withDrift(["base": ["/a", "/b", "/c"]], missing: ["/a", "/b"]) { fleet in
            var request = Self.request(["one": ["/a"], "two": ["/b", "/c"]])
            request.configuration.inventory?.servers[0].driftDetection = false
            let told = try await Self.apply(request, fleet)
            #expect(told == ["1 base 2 closes(\"disabled\")"])
            #expect(try await fleet.alerts() == ["resolved base 2 disabled"])
            #expect(try await Self.unverified(fleet) == [], "what is still wrong afterwards alerts")
        }
    }

    @Test
    func driftThatNobodyWasToldOfMovesQuietly() async throws {
        try await Self.withDrift(["base": ["/a", "/b"]], missing: ["/b"]) { fleet in
            try await fleet.database.execute("select driftwatch.resolve_alert(1, 'known', 'alice')")
            #expect(try await Self.apply(Self.request(["core": ["/a", "/b"]]), fleet) == [])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 manual"])
            #expect(try await fleet.states() == ["core drifted"])
        }
    }

    @Test
    func aCheckUnderWayWithTheOldPackIsHistory() async throws {
        try await Self.withDrift(["base": ["/a", "/b"]], missing: []) { fleet in
            let missing: [ServerPath: FileFact] = [ServerPath("/a"): .missing, ServerPath("/b"): .missing]
            try await fleet.duringACheck(of: "web-1", seeing: missing) {
                try await Self.apply(Self.request(["base": ["/a"], "web": ["/b"]]), fleet)
            }
            #expect(try await fleet.alerts() == [])
            #expect(try await fleet.states() == ["base compliant", "web compliant"])
            try await fleet.database.execute("select driftwatch.enqueue_looks()")
            let jobs = try await fleet.database.rows("select max(job_id) from driftwatch.jobs", as: Int64.self)
            fleet.see(on: "web-1", missing: ["/a", "/b"])
            try await fleet.wait(for: jobs[0])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open base 1", "open web 1"])
        }
    }

    @Test
    func packsAloneMoveMemoryOnTheServersOfTheDatabase() async throws {
        try await Self.withDrift(["base": ["/a", "/b"], "web": ["/c"]], missing: ["/b"]) { fleet in
            var request = Self.request(["base": ["/a"], "web": ["/b", "/c"]], prune: false)
            request.configuration.inventory = nil
            let told = try await Self.apply(request, fleet)
            #expect(told == ["1 web 1 moves(from: base)"])
        }
    }

    @Test
    func packsAloneAreHeldAgainstTheAssignmentsOfTheDatabase() async throws {
        try await Self.withDrift(["base": ["/a"], "web": ["/c"]], missing: []) { fleet in
            let absent = FileExpectation(path: "/a", state: .absent)
            let web = Pack(
                name: PackName(rawValue: "web"), expectations: [DriftCore.Expectation(.file(absent))])
            let before = try await Self.everything(fleet)
            let refusal = await #expect(throws: ApplyRefusal.self) {
                _ = try await Applier(fleet.database).apply(
                    Applier.Request(configuration: LoadedConfiguration(packs: [web.name: web]), actor: .named("tester"))
                )
            }
            guard case .conflicts(let problems)? = refusal else {
                Issue.record("\(String(describing: refusal))")
                return
            }
            #expect(
                problems.map(\.message) == [
                    "`/a` cannot be both: state absent in pack `web`, state file in pack `base` (in the database);"
                        + " web-1 has both packs"
                ])
            #expect(try await Self.everything(fleet) == before)
        }
    }
}
