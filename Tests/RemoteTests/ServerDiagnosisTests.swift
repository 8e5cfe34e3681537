import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

@Suite struct ServerDiagnosisTests {
    private func diagnose(
        _ variation: SSHServer.Variation = .init(), _ change: (inout ProbeTarget) -> Void = { _ in }
    ) async throws -> ServerDiagnosis {
        try await SSHServer.with(variation) { server in
            var target = server.target()
            change(&target)
            return await RemoteProber(settings: server.settings).diagnose(target)
        }
    }

    private func failed(_ diagnosis: ServerDiagnosis) -> ServerDiagnosis.StageResult? {
        diagnosis.results.first { $0.state == .failed }
    }

    @Test func aServerThatIsWellPassesEveryStage() async throws {
        let diagnosis = try await diagnose()
        #expect(diagnosis.isWell)
        #expect(diagnosis.results.map(\.stage) == ServerDiagnosis.Stage.allCases)
        let straight = diagnosis.results.filter { ![.jumpHost, .sudo].contains($0.stage) }
        #expect(straight.allSatisfy { $0.state == .ok })
        #expect(diagnosis.results.first { $0.stage == .jumpHost }?.state == .skipped)
    }

    @Test func theFirstStageThatFailsSaysHowToMendIt() async throws {
        let unknown = try await diagnose(.init { $0.hostKey = .unknown })
        #expect(failed(unknown)?.stage == .hostKey)
        #expect(failed(unknown)?.hint?.contains("ssh-keyscan -p") == true)
        #expect(unknown.results.filter { $0.state == .ok }.map(\.stage) == [.settings, .dns, .tcp])
        #expect(unknown.results.suffix(5).allSatisfy { $0.state == .skipped })

        #expect(failed(try await diagnose(.init { $0.hostKey = .changed }))?.hint?.contains(" -R ") == true)
        #expect(failed(try await diagnose(.init { $0.acceptsKey = false }))?.stage == .login)
        #expect(failed(try await diagnose(.init { $0.forceCommand = "/bin/false" }))?.stage == .shell)
        #expect(failed(try await diagnose { $0.port = 1 })?.stage == .tcp)
        #expect(failed(try await diagnose { $0.address = "no-such-host.invalid" })?.stage == .dns)
    }

    @Test(arguments: [
        (RemoteSettings(identity: "/nope/key"), "/nope/key"),
        (RemoteSettings(knownHosts: "/nope/known"), "/nope/known"),
        (RemoteSettings(sshExecutable: "/nope/ssh"), "/nope/ssh"),
    ])
    func whatIsWrongWithTheSettingsHereIsNoFaultOfAnyServer(settings: RemoteSettings, word: String) async throws {
        let target = ProbeTarget(serverID: ServerID(rawValue: "test"), address: "127.0.0.1", port: 1)
        let diagnosis = await RemoteProber(settings: settings).diagnose(target)
        #expect(failed(diagnosis)?.stage == .settings)
        #expect(failed(diagnosis)?.detail.contains(word) == true)
        #expect(failed(diagnosis)?.hint?.contains("the machine that looks") == true)
    }

    @Test func theKeyExchangeOfTheSSHConfigIsJudged() async throws {
        try await SSHServer.with { server in
            let config = server.folder.appending(path: "kex_config")
            try "KexAlgorithms curve25519-sha256\n".write(to: config, atomically: true, encoding: .utf8)
            var settings = server.settings
            settings.sshConfig = config.path
            let diagnosis = await RemoteProber(settings: settings).diagnose(server.target())
            let advice = try #require(diagnosis.keyExchangeAdvice)
            #expect(
                advice.finding.contains("curve25519-sha256 is offered before")
                    || advice.finding.contains("no post-quantum"))
        }
    }

    @Test func anOptionThatSSHDoesNotKnowIsAFaultOfTheSettings() async throws {
        try await SSHServer.with { server in
            try "Frobnicate yes\n".write(
                to: server.folder.appendingPathComponent("ssh_config"), atomically: false, encoding: .utf8)
            let diagnosis = await RemoteProber(settings: server.settings).diagnose(server.target())
            #expect(failed(diagnosis)?.stage == .settings, "\(diagnosis)")
            #expect(failed(diagnosis)?.detail.lowercased().contains("frobnicate") == true)
        }
    }

    @Test func algorithmsThatBothEndsLackAreToldAtTheHostKey() async throws {
        let diagnosis = try await diagnose(.init { $0.configuration = ["KexAlgorithms curve25519-sha256"] }) { _ in }
        #expect(diagnosis.isWell)
        try await SSHServer.with(.init { $0.configuration = ["KexAlgorithms ecdh-sha2-nistp256"] }) { server in
            try "KexAlgorithms curve25519-sha256\n".write(
                to: server.folder.appendingPathComponent("ssh_config"), atomically: false, encoding: .utf8)
            let diagnosis = await RemoteProber(settings: server.settings).diagnose(server.target())
            #expect(failed(diagnosis)?.stage == .hostKey, "\(diagnosis)")
            #expect(failed(diagnosis)?.hint?.contains("KexAlgorithms") == true)
        }
    }

    @Test func aKeyWithAPassphraseFailsAtTheKey() async throws {
        try await SSHServer.with { server in
            let key = server.folder.appendingPathComponent("client").path
            #expect(await Tool.succeeds(["/usr/bin/ssh-keygen", "-q", "-p", "-N", "secret", "-f", key]))
            let diagnosis = await RemoteProber(settings: server.settings).diagnose(server.target())
            #expect(failed(diagnosis)?.stage == .key)
            #expect(failed(diagnosis)?.hint?.contains("ssh-add") == true)
        }
    }

    /// As sshd does by itself: a home, or an authorized_keys, that others may write is not believed.
    @Test func modesThatSSHDDoesNotBelieveAreNamedAtTheLogin() async throws {
        guard await SSHServer.canMakeNamespaces() else { try Test.cancel("mount namespaces are not allowed here") }
        let variation = SSHServer.Variation {
            $0.configuration = ["StrictModes yes", "AuthorizedKeysFile .ssh/authorized_keys"]
            $0.account = SSHServer.Account(files: [".ssh/authorized_keys": ""])
        }
        try await SSHServer.with(variation) { server in
            let keys = server.home.appendingPathComponent(".ssh/authorized_keys")
            let key = try String(contentsOf: server.folder.appendingPathComponent("client.pub"), encoding: .utf8)
            try key.write(to: keys, atomically: false, encoding: .utf8)
            let prober = RemoteProber(settings: server.settings, clock: { .zero })
            let fine = await prober.diagnose(server.target())
            #expect(fine.results.first { $0.stage == .login }?.state == .ok, "\(fine)")
            try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: keys.path)
            let diagnosis = await prober.diagnose(server.target())
            #expect(failed(diagnosis)?.stage == .login)
            #expect(failed(diagnosis)?.hint?.contains("chmod go-w") == true)
            #expect(failed(diagnosis)?.hint?.contains("if it is there") == true)
        }
    }

    @Test func whatAJumpHostDoesIsNotJudgedFromHere() async throws {
        try await SSHServer.with { server in
            let jump = """
                Host bastion
                  HostName 127.0.0.1
                  Port \(server.port)
                Host behind
                  HostName 127.0.0.1
                  Port \(server.port)
                  ProxyJump bastion

                """
            let config = server.folder.appendingPathComponent("ssh_config")
            try jump.write(to: config, atomically: false, encoding: .utf8)
            let target = ProbeTarget(serverID: ServerID(rawValue: "test"), address: "behind")
            let prober = RemoteProber(settings: server.settings, clock: { .zero })
            let well = await prober.diagnose(target)
            #expect(well.isWell, "\(well)")
            for stage in [ServerDiagnosis.Stage.dns, .tcp] {
                let result = well.results.first { $0.stage == stage }
                #expect(result?.state == .skipped)
                #expect(result?.detail.contains("the jump host bastion") == true, "\(well)")
            }
            #expect(well.results.first { $0.stage == .jumpHost }?.detail == "bastion")

            try jump.replacingOccurrences(
                of: "Host bastion\n  HostName 127.0.0.1\n  Port \(server.port)",
                with: "Host bastion\n  HostName 127.0.0.1\n  Port 1"
            )
            .write(to: config, atomically: false, encoding: .utf8)
            let broken = await RemoteProber(settings: server.settings, clock: { .zero }).diagnose(target)
            #expect(failed(broken)?.stage == .jumpHost, "\(broken)")
        }
    }

    @Test func aSudoThatRefusesIsNamed() async throws {
        guard await SSHServer.canMakeNamespaces() else { try Test.cancel("mount namespaces are not allowed here") }
        let diagnosis = try await diagnose(
            .init {
                $0.account = SSHServer.Account()
                $0.sudo = .refusing
            })
        #expect(failed(diagnosis)?.stage == .sudo)
    }
}
