import DriftCore
import Foundation
import Postgres
import TestSupport
import Testing

/// What an alert and its messages count, and as what.
@Suite(.timeLimit(.minutes(2)))
struct CountTests {
    private static func message(_ fleet: Fleet) async throws -> String {
        try await fleet.database.rows("select message from driftwatch.alerts", as: String.self)[0]
    }

    private static func newestFacts(_ fleet: Fleet) async throws -> NotificationFacts {
        let json = try await fleet.database.rows(
            "select payload::text from driftwatch.outbox order by outbox_id desc limit 1", as: String.self)[0]
        return try NotificationFacts(json: Array(json.utf8))
    }

    @Test
    func whatNeverCompliedIsNotSaidToHaveDrifted() async throws {
        try await Fleet.with(CheckFlowTests.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b"], missing: ["/c"])
            try await fleet.check("web-1")
            let never = try await fleet.database.rows(
                "select never_compliant::text from driftwatch.drift_states", as: String.self)
            #expect(never == [#"{"file:/c": ["missing_file"]}"#])

            fleet.see(on: "web-1", present: ["/b"], missing: ["/a", "/c"])
            try await fleet.check("web-1")
            #expect(try await Self.message(fleet) == "1 item no longer compliant with base, 1 more never was")
            let opened = try await Self.newestFacts(fleet)
            #expect(opened.mismatchCount == 2 && opened.neverCompliantCount == 1 && opened.addedCount == 1)
            #expect(opened.items.map(\.item) == ["/a"])

            // What complied once and is wrong again did drift.
            fleet.see(on: "web-1", present: ["/b", "/c"], missing: ["/a"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b"], missing: ["/a", "/c"])
            try await fleet.check("web-1")
            #expect(try await Self.message(fleet) == "2 items no longer compliant with base")
            #expect(try await Self.newestFacts(fleet).neverCompliantCount == 0)
        }
    }

    @Test
    func aMessageSaysWhatAPersonAsksNext() async throws {
        try await Fleet.with(CheckFlowTests.one) { fleet in
            let database = fleet.database
            try await database.execute("update driftwatch.servers set labels = '{\"role\": \"web\"}'")
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'Europe/Paris')")
            try await database.execute("select driftwatch.set_schedule('other', '0 6 * * *', 'Asia/Tokyo')")
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b", "/c"], missing: ["/a"])
            try await fleet.check("web-1")
            let opened = try await Self.newestFacts(fleet)
            #expect(opened.items.map(\.expected) == [["state": "file"]])
            #expect(opened.items.map(\.actual) == [["state": "absent"]])
            #expect(opened.labels == ["role": "web"] && opened.timeZone == "Europe/Paris")
            #expect(opened.acknowledgedBy == nil && opened.comment == nil)

            let alert = try await database.rows("select alert_id from driftwatch.alerts", as: Int64.self)[0]
            try await database.execute("select driftwatch.acknowledge_alert(\(alert), 'mine', actor => 'alice')")
            fleet.see(on: "web-1", present: ["/c"], missing: ["/a", "/b"])
            try await fleet.check("web-1")
            #expect(try await Self.newestFacts(fleet).acknowledgedBy == "alice")
            try await database.execute("select driftwatch.resolve_alert(\(alert), 'the new layout', 'bob')")
            #expect(try await Self.newestFacts(fleet).comment == "the new layout")

            // An alert's history is kept for a year; the values are in the checks.
            let events = try await database.rows(
                "select distinct detail -> 'items' -> 0 ? 'expected' from driftwatch.alert_events where detail ? 'items'",
                as: Bool.self)
            #expect(events == [false])
        }
    }

    @Test
    func anAlertThatAHoldClosesSaysWhy() async throws {
        try await Fleet.with(CheckFlowTests.one) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b", "/c"], missing: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.execute("select driftwatch.disable_drift_detection('web-1', 'new disks', null)")
            let closed = try await Self.newestFacts(fleet)
            #expect(closed.resolution == .disabled && closed.comment == "new disks")
        }
    }

    /// A hold makes what is wrong forgotten, and not that it never was right.
    @Test(arguments: ["hold", "inventory"])
    func whatNeverCompliedIsNotSaidToHaveDriftedAfterAHold(_ way: String) async throws {
        try await Fleet.with(CheckFlowTests.one) { fleet in
            func turn(on: Bool) async throws {
                switch (way, on) {
                case ("hold", false):
                    try await fleet.database.execute("select driftwatch.disable_drift_detection('web-1', 'move', null)")
                case ("hold", true):
                    try await fleet.database.execute("select driftwatch.enable_drift_detection('web-1')")
                default:
                    try await fleet.database.execute(
                        """
                        select driftwatch.apply_server(
                            'web-1', 'web-1', 'web-1', null, null, null, 'ssh', 'default', '{}', \(on), '{base}', 'test')
                        """)
                }
            }
            fleet.see(on: "web-1", present: ["/a", "/b"], missing: ["/c"])
            try await fleet.check("web-1")
            try await turn(on: false)
            try await turn(on: true)
            try await fleet.check("web-1")
            #expect(try await Self.message(fleet) == "1 item never compliant with base")
            #expect(try await Self.newestFacts(fleet).neverCompliantCount == 1)

            try await turn(on: false)
            try await turn(on: true)
            // What cannot be read after the hold is still known as never right.
            fleet.see(on: "web-1", present: ["/b"], missing: ["/a"], unreadable: ["/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b"], missing: ["/a", "/c"])
            try await fleet.check("web-1")
            let message = try await fleet.database.rows(
                "select message from driftwatch.alerts order by alert_id desc limit 1", as: String.self)
            #expect(message == ["1 item no longer compliant with base, 1 more never was"])
        }
    }

    @Test
    func anAlertThatOnlyWhatNeverCompliedKeepsOpenSaysSo() async throws {
        try await Fleet.with(CheckFlowTests.one) { fleet in
            fleet.see(on: "web-1", present: ["/a"], missing: ["/b", "/c"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", missing: ["/a", "/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await Self.message(fleet) == "1 item no longer compliant with base, 2 more never were")
            fleet.see(on: "web-1", present: ["/a"], missing: ["/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await Self.message(fleet) == "2 items never compliant with base")
        }
    }

    @Test
    func itemsAndDifferencesAreCountedApart() async throws {
        let paths = (10..<30).map { "/f\($0)" }
        try await Fleet.with(["web-1": ["base": []]]) { fleet in
            let wanted = paths.map { path in
                Expectation(.file(FileExpectation(path: path, mode: 0o644, owner: "root")))
            }
            try await fleet.database.apply(Pack(name: PackName(rawValue: "base"), expectations: wanted))
            func see(_ mode: UInt16, owner: String) async throws {
                let account = Account(name: owner, number: owner == "root" ? 0 : 1000)
                let status = FileStatus(type: .file, mode: mode, owner: account, group: account, size: 1)
                let file = FileFact.present(FileEntry(status: status))
                fleet.prober.see(
                    on: "web-1", Dictionary(uniqueKeysWithValues: paths.map { (ServerPath($0), file) }))
                try await fleet.check("web-1")
            }
            try await see(0o644, owner: "root")
            try await see(0o666, owner: "web")
            let facts = try await Self.newestFacts(fleet)
            #expect(facts.mismatchCount == 20 && facts.differenceCount == 40 && facts.addedCount == 20)
            #expect(facts.items.count == 20, "all differences of the first ten items")
            #expect(Set(facts.items.map(\.item)).count == 10)
        }
    }
}
