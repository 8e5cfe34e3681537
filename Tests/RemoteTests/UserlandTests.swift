import DriftCore
import Foundation
import TestSupport
import Testing

/// One look with items of every kind, through each login shell, with each set of programs, as each sort of account.
///
/// The servers are those of ``GroundTruthTests``: whatever they are made of, the same must come out, and nothing on them
/// may change.
@Suite struct UserlandTests {
    /// A Debian server, one like RHEL, one like Alpine, one like Arch, and one that says nothing of itself.
    private static let seeds: ClosedRange<UInt64> = 1...40

    private func needsNamespaces() async throws {
        guard geteuid() == 0, await Tool.succeeds(["/usr/bin/unshare", "-m", "/bin/true"]) else {
            try Test.cancel("no mount namespaces here")
        }
    }

    /// A server with each system, with what is given.
    private func servers(
        login: SimulatedServer.Login? = nil, userland: SimulatedServer.Userland? = nil, shell: String? = nil
    ) async throws -> [SimulatedServer] {
        let pool = try await CredentialPool.shared.value
        let now = Int(Date().timeIntervalSince1970)
        var systems: [SimulatedServer.System: SimulatedServer] = [:]
        for seed in Self.seeds {
            let server = SimulatedServer(
                seed: seed, pool: pool, now: now, login: login, userland: userland, shell: shell)
            systems[server.system] = systems[server.system] ?? server
        }
        #expect(Set(systems.keys) == Set(SimulatedServer.System.allCases))
        return systems.values.sorted { $0.seed < $1.seed }
    }

    @Test(arguments: SimulatedServer.shells, SimulatedServer.Userland.allCases)
    func everyLoginShellLetsTheSameComeOut(shell: String, userland: SimulatedServer.Userland) async throws {
        try await needsNamespaces()
        let program = shell == "ash" ? "busybox" : shell
        guard Tool.has("/usr/bin/\(program)") else { try Test.cancel("\(program) is not installed") }
        // dpkg and systemd, or apk and OpenRC.
        for server in try await servers(userland: userland, shell: shell)
        where [.debian, .alpine].contains(server.system) {
            let differences = try await server.differences()
            #expect(differences == [])
        }
    }

    @Test(arguments: SimulatedServer.Login.allCases, SimulatedServer.Userland.allCases)
    func everyAccountSeesWhatItMay(
        login: SimulatedServer.Login, userland: SimulatedServer.Userland
    ) async throws {
        try await needsNamespaces()
        for server in try await servers(login: login, userland: userland) {
            let differences = try await server.differences()
            #expect(differences == [])
        }
    }

    /// What the fleet's root folders are compared with would be noticed.
    @Test func aFileThatChangesIsNoticed() async throws {
        try await needsNamespaces()
        for change in ["touch /srv", "chmod 600 /etc/passwd", "touch /var/new"] {
            var server = try #require(try await servers(login: .root, userland: .dash, shell: "sh").first)
            // The script asks for the time.
            server.files.add(
                file: "/usr/bin/date", "#!/bin/sh\n/host/usr/bin/\(change)\nexec /host/usr/bin/date \"$@\"\n",
                mode: 0o755)
            await #expect(throws: TestServerError.self) { try await server.differences() }
        }
    }

    @Test func anAccountWithoutAShellGivesNoAnswer() async throws {
        try await needsNamespaces()
        let pool = try await CredentialPool.shared.value
        let server = SimulatedServer(seed: 1, pool: pool, now: 0, login: .user, shell: "nologin")
        await #expect(throws: TestServerError.self) { try await server.findings() }
    }
}
