import DriftCore
import Foundation
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// One change on 200 servers, from the slot to the message.
@Suite(.timeLimit(.minutes(3)))
struct MassDriftFlowTests {
    private static let servers = (1...200).map { "web-\($0)" }

    /// Fires a slot now and waits until all its checks are done.
    private static func sweep(_ fleet: Fleet, isOver: Bool = true) async throws {
        try await fleet.database.execute(
            "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')")
        while try await fleet.database.rows(
            "select 1 from driftwatch.jobs where finished_at is null limit 1", as: Int.self
        ).isEmpty == false {
            // The database gives no signal of a finished job.
            try await Task.sleep(for: .milliseconds(50))
        }
        if isOver { try await fleet.database.execute("select driftwatch.complete_slots()") }
    }

    private static func see(_ fleet: Fleet, _ fact: (Int) -> FileFact) {
        for (number, server) in servers.enumerated() { fleet.prober.see(on: server, ["/etc/motd": fact(number)]) }
    }

    @Test
    func aChangeOnTwoHundredServersIsOneMessageAndSoIsItsEnd() async throws {
        let fleet = Dictionary(uniqueKeysWithValues: Self.servers.map { ($0, ["base": ["/etc/motd"]]) })
        try await Fleet.with(fleet) { fleet in
            let database = fleet.database
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            let sender = RecordingSender()
            let notifier = NotifierTests.notifier("n", on: database, sender)
            Self.see(fleet) { _ in .plain }
            try await Self.sweep(fleet)
            Self.see(fleet) { _ in .missing }
            try await Self.sweep(fleet)
            // A person's check of a server finds nothing new.
            try await fleet.check("web-7")
            try await NotifierTests.drain([notifier], on: database, steps: 3)
            Self.see(fleet) { _ in .plain }
            try await Self.sweep(fleet)
            try await NotifierTests.drain([notifier], on: database, steps: 3)
            #expect(sender.sent.map(\.facts.kind) == [.driftDetected, .driftResolved])
            #expect(sender.sent.map(\.parts.count) == [200, 200])
            #expect(Set(sender.sent.map(\.facts.groupKey)).count == 1, "one page shows both")
        }
    }

    @Test
    func aPersonsCheckIsToldAtOnceAndTheSlotsChecksWait() async throws {
        try await Fleet.with(["a": ["base": ["/etc/motd"]], "b": ["other": ["/etc/motd"]]]) { fleet in
            let database = fleet.database
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            let sender = RecordingSender()
            let notifier = NotifierTests.notifier("n", on: database, sender)
            for server in ["a", "b"] { fleet.see(on: server, present: ["/etc/motd"]) }
            try await Self.sweep(fleet)
            fleet.see(on: "a", missing: ["/etc/motd"])
            try await Self.sweep(fleet, isOver: false)
            _ = try await notifier.sendNext()
            #expect(sender.sent.isEmpty, "it waits for others of the slot")
            fleet.see(on: "b", missing: ["/etc/motd"])
            try await fleet.check("b")
            _ = try await notifier.sendNext()
            #expect(sender.sent.map { $0.parts.map(\.facts.serverID.rawValue) } == [["b"]])
            try await NotifierTests.drain([notifier], on: database, steps: 1, step: .seconds(30))
            #expect(sender.sent.map { $0.parts.map(\.facts.serverID.rawValue) } == [["b"], ["a"]])
        }
    }
}
