import DriftCore
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
        #expect(diagnosis.results.prefix(6).allSatisfy { $0.state == .ok })
    }

    @Test func theFirstStageThatFailsSaysHowToMendIt() async throws {
        let unknown = try await diagnose(.init { $0.hostKey = .unknown })
        #expect(failed(unknown)?.stage == .hostKey)
        #expect(failed(unknown)?.hint?.contains("ssh-keyscan -p") == true)
        #expect(unknown.results.map(\.state) == [.ok, .ok, .failed, .skipped, .skipped, .skipped, .skipped])

        #expect(failed(try await diagnose(.init { $0.hostKey = .changed }))?.hint?.contains(" -R ") == true)
        #expect(failed(try await diagnose(.init { $0.acceptsKey = false }))?.stage == .login)
        #expect(failed(try await diagnose(.init { $0.forceCommand = "/bin/false" }))?.stage == .shell)
        #expect(failed(try await diagnose { $0.port = 1 })?.stage == .tcp)
        #expect(failed(try await diagnose { $0.address = "no-such-host.invalid" })?.stage == .dns)
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
