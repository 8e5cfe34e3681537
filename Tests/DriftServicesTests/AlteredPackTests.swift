import DriftCore
import DriftStore
import Postgres
import TestSupport
import Testing

/// Stored packs that somebody changed behind the back of `apply`.
@Suite(.timeLimit(.minutes(2)))
struct AlteredPackTests {
    static let changes: [SQL] = [
        "update driftwatch.pack_versions set resolved = replace(resolved::text, '/b', '/other')::jsonb where pack_name = 'web'",
        "update driftwatch.pack_versions set resolved = jsonb_set(resolved, '{items,files}', '[]') where pack_name = 'web'",
        "update driftwatch.pack_versions set resolved = jsonb_set(resolved, '{name}', '\"base\"') where pack_name = 'web'",
    ]

    @Test(arguments: changes.indices)
    func anAlteredPackFailsItsCheckAndNoOther(index: Int) async throws {
        try await Fleet.with(["web-1": ["base": ["/a"], "web": ["/b"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a", "/b", "/other"])
            try await fleet.database.execute(Self.changes[index])
            try await fleet.check("web-1")
            #expect(try await fleet.verdicts() == ["base compliant", "web failed pack_altered"])
            #expect(try await fleet.states() == ["base compliant", "web unknown"])
        }
    }

    @Test
    func applyPutsAnAlteredPackRight() async throws {
        try await Fleet.with(["web-1": ["web": ["/b"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/b"])
            try await fleet.database.execute(Self.changes[0])
            try await fleet.check("web-1")
            await #expect(throws: AlteredPack.self) {
                try await fleet.database.read { transaction in
                    _ = try ServersReader.packs(of: ServerID(rawValue: "web-1"), in: transaction)
                }
            }
            try await fleet.database.apply(
                Pack(name: PackName(rawValue: "web"), expectations: [Expectation(.file(FileExpectation(path: "/b")))]))
            try await fleet.check("web-1")
            #expect(try await fleet.verdicts() == ["web failed pack_altered", "web compliant"])
        }
    }

    @Test
    func anUnreachableServersAlteredPackKeepsItsOwnReason() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"], "web": ["/b"]]]) { fleet in
            fleet.prober.script("web-1") { _, _ in .failure(ProbeFailure(.hostKeyUnknown)) }
            try await fleet.database.execute(Self.changes[0])
            try await fleet.check("web-1")
            #expect(try await fleet.verdicts() == ["base failed host_key_unknown", "web failed pack_altered"])
        }
    }
}
