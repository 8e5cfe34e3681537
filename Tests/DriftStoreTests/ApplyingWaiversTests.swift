import DriftCore
import DriftStore
import Postgres
import TestSupport
import Testing

/// The waivers of an inventory: an apply makes them exactly what it says.
@Suite(.timeLimit(.minutes(2)))
struct ApplyingWaiversTests {
    private static func waiver(
        _ item: String = "/a", pack: String = "base", reason: String = "old", until: String? = nil,
        for target: DeclaredWaiver.Target = .server(ServerID(rawValue: "web-1"))
    ) -> DeclaredWaiver {
        DeclaredWaiver(
            target, pack: PackName(rawValue: pack), item: item, reason: reason, author: "ann",
            until: until.flatMap(DayOrInstant.init))
    }

    private static func apply(
        _ waivers: [DeclaredWaiver]?, to database: Database, zone: String? = nil
    ) async throws -> ApplyReport {
        let base = PackName(rawValue: "base")
        let pack = Pack(
            name: base, expectations: ["/a", "/b"].map { Expectation(.file(FileExpectation(path: $0))) })
        let servers = [
            Server(id: ServerID(rawValue: "web-1"), packs: [base]),
            Server(id: ServerID(rawValue: "web-2"), packs: [base], labels: ["role": "web"]),
        ]
        let inventory = waivers.map {
            Inventory(
                schedule: zone.map { ScheduleSetting(cron: "0 6 * * *", timeZone: $0) }, servers: servers, waivers: $0)
        }
        return try await Applier(database).apply(
            Applier.Request(
                configuration: LoadedConfiguration(inventory: inventory, packs: [base: pack]), actor: .named("tester")))
    }

    private static func said(_ report: ApplyReport) -> [String] {
        report.waivers.map { "\($0.change) \($0.item) \($0.servers.map(\.rawValue).joined(separator: ","))" }
    }

    @Test func anApplyAddsAndEndsWhatChanged() async throws {
        try await withMigratedDatabase { database in
            let labels = DeclaredWaiver.Target.labels(["role": "web"])
            let first = try await Self.apply([Self.waiver(), Self.waiver("file:/b", for: labels)], to: database)
            #expect(Self.said(first) == ["added /a web-1", "added /b web-2"])

            try await database.execute("update driftwatch.drift_states set look_wanted_at = null")
            let same = try await Self.apply([Self.waiver("file:/b", for: labels), Self.waiver()], to: database)
            #expect(Self.said(same) == [] && !same.changesSomething && same.checks.isEmpty)

            let packsAlone = try await Self.apply(nil, to: database)
            #expect(Self.said(packsAlone) == [])

            let other = try await Self.apply([Self.waiver(reason: "older")], to: database)
            #expect(Self.said(other).sorted() == ["added /a web-1", "ended /a web-1", "ended /b web-2"])
            #expect(other.changesSomething && other.checks.map(\.rawValue) == ["web-1", "web-2"])

            let none = try await Self.apply([], to: database)
            #expect(Self.said(none) == ["ended /a web-1"])
            let left = try await database.rows(
                "select concat_ws(' ', item_key, reason, ended_by) from driftwatch.waivers order by waiver_id",
                as: String.self)
            #expect(left == ["file:/a old tester", "file:/b old tester", "file:/a older tester"])
        }
    }

    @Test func twoOfTheSameAreTwo() async throws {
        try await withMigratedDatabase { database in
            _ = try await Self.apply([Self.waiver(), Self.waiver()], to: database)
            #expect(Self.said(try await Self.apply([Self.waiver(), Self.waiver()], to: database)) == [])
            #expect(Self.said(try await Self.apply([Self.waiver()], to: database)) == ["ended /a web-1"])
        }
    }

    @Test func whatMatchesNothingIsLeftOutAndSaid() async throws {
        try await withMigratedDatabase { database in
            let report = try await Self.apply([Self.waiver("/c"), Self.waiver(pack: "no")], to: database)
            #expect(Self.said(report) == ["unmatched /c ", "unmatched /a "])
            #expect(try await database.rows("select waiver_id from driftwatch.waivers", as: Int64.self) == [])
        }
    }

    @Test func aDayBeginsInTheTimeZoneThatTheSameApplySets() async throws {
        try await withMigratedDatabase { database in
            _ = try await Self.apply([Self.waiver(until: "2099-01-01")], to: database, zone: "Europe/Berlin")
            let until = try await database.rows(
                "select driftwatch.rfc3339(until_at) from driftwatch.waivers", as: String.self)
            #expect(until == ["2098-12-31T23:00:00Z"])
        }
    }

    @Test func aWaiverByCommandIsLeftAlone() async throws {
        try await withMigratedDatabase { database in
            _ = try await Self.apply([], to: database)
            try await database.execute("select driftwatch.add_waiver('web-1', null, 'base', '/a', 'old', null, 'bob')")
            #expect(Self.said(try await Self.apply([], to: database)) == [])
            #expect(try await database.rows("select author from driftwatch.waived_items", as: String.self) == ["bob"])
        }
    }
}
