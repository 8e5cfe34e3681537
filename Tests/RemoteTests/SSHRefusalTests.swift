import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// The failure of `body`, which must fail.
func failure(_ location: SourceLocation = #_sourceLocation, of body: () async throws -> Facts) async -> ProbeFailure? {
    await #expect(throws: ProbeFailure.self, sourceLocation: location) { _ = try await body() }
}

/// Each way in which a server, or its key, turns us away has its reason, its words and its remedy.
@Suite struct SSHRefusalTests {
    private func probe(
        _ server: SSHServer, _ change: (inout RemoteSettings) throws -> Void = { _ in }
    ) async throws -> Facts {
        var settings = server.settings
        try change(&settings)
        return try await RemoteProber(settings: settings).probe(server.target(), asking: ProbeQuestions())
    }

    private func needsNamespaces() async throws {
        guard await SSHServer.canMakeNamespaces() else { try Test.cancel("mount namespaces are not allowed here") }
    }

    private func hint(_ failure: ProbeFailure?, _ server: SSHServer) -> String {
        failure.flatMap { ServerDiagnosis.hint(for: $0, on: server.target()) } ?? ""
    }

    // MARK: Host keys

    private static func certified(_ options: [String]) -> SSHServer.Variation {
        SSHServer.Variation {
            $0.configuration = ["HostCertificate FOLDER/host-cert.pub"]
            $0.hostKey = .unknown
            $0.prepare = { folder in
                let path = { (name: String) in folder.appendingPathComponent(name).path }
                let words = ["/usr/bin/ssh-keygen", "-q", "-s", path("other"), "-I", "test", "-h"] + options
                guard await Tool.succeeds(words + [path("host.pub")]) else {
                    throw TestServerError(description: "no certificate")
                }
            }
        }
    }

    /// A `known_hosts` that trusts the key `other` as an authority.
    private func trustingAuthority(_ server: SSHServer, mark: String = "@cert-authority") throws -> String {
        let key = try String(contentsOf: server.folder.appendingPathComponent("other.pub"), encoding: .utf8)
        let known = server.folder.appendingPathComponent("known_hosts")
        let text = try String(contentsOf: known, encoding: .utf8)
        try "\(mark) * \(key)\(text)".write(to: known, atomically: false, encoding: .utf8)
        return known.path
    }

    @Test func aHostCertificateIsEnough() async throws {
        try await SSHServer.with(Self.certified(["-n", "127.0.0.1", "-V", "always:forever"])) { server in
            let known = try trustingAuthority(server)
            _ = try await probe(server) { $0.knownHosts = known }
        }
    }

    @Test(arguments: [
        (["-n", "127.0.0.1", "-V", "20200101:20200102"], "Certificate invalid: expired"),
        (["-n", "127.0.0.1", "-V", "20700101:20710102"], "Certificate invalid: not yet valid"),
        (["-n", "web-9.example.net", "-V", "always:forever"], "Certificate invalid: name is not a listed principal"),
    ])
    func aHostCertificateThatIsNotValidIsToldInSSHsWords(options: [String], words: String) async throws {
        try await SSHServer.with(Self.certified(options)) { server in
            _ = try trustingAuthority(server)
            let failure = await failure { try await probe(server) }
            #expect(failure?.reason == .hostCertificateInvalid)
            #expect(failure?.detail == words)
            #expect(failure?.isTransient == false)
            #expect(!hint(failure, server).contains("keyscan"), "that would let the refused key in")
        }
    }

    @Test func aRevokedKeyIsNeverAdvisedToBeAdded() async throws {
        try await SSHServer.with { server in
            let known = server.folder.appendingPathComponent("known_hosts")
            let key = try String(contentsOf: server.folder.appendingPathComponent("host.pub"), encoding: .utf8)
            let text = try String(contentsOf: known, encoding: .utf8)
            try "\(text)\n@revoked * \(key)".write(to: known, atomically: false, encoding: .utf8)
            let marked = await failure { try await probe(server) }
            #expect(marked?.reason == .hostKeyRevoked)
            #expect(marked?.detail.contains("was revoked") == true)
            #expect(!hint(marked, server).contains("keyscan"))

            try text.write(to: known, atomically: false, encoding: .utf8)
            let config = server.folder.appendingPathComponent("ssh_config")
            try "RevokedHostKeys \(server.folder.path)/host.pub\n".write(to: config, atomically: false, encoding: .utf8)
            let listed = await failure { try await probe(server) }
            #expect(listed?.reason == .hostKeyRevoked)
        }
    }

    @Test func aRevokedAuthorityRevokesItsCertificates() async throws {
        try await SSHServer.with(Self.certified(["-n", "127.0.0.1", "-V", "always:forever"])) { server in
            _ = try trustingAuthority(server)
            _ = try trustingAuthority(server, mark: "@revoked")
            #expect(await failure { try await probe(server) }?.reason == .hostKeyRevoked)
        }
    }

    // MARK: Accounts

    private static func account(_ pam: [String], shadow: String? = nil) -> SSHServer.Variation {
        SSHServer.Variation {
            $0.configuration = ["UsePAM yes"]
            $0.pam = ["auth required pam_permit.so"] + pam + ["session required pam_permit.so"]
            var account = SSHServer.Account()
            if let shadow { account.shadow = shadow }
            $0.account = account
            $0.prepare = { folder in
                let file = folder.appendingPathComponent("nologin")
                try "Back at nine.\n".write(to: file, atomically: false, encoding: .utf8)
            }
        }
    }

    @Test(arguments: [
        (["account requisite pam_nologin.so file=FOLDER/nologin"], nil, "Back at nine."),
        (["account required pam_unix.so"], "*:19000:0:99999:7::19100:", "Your account has expired"),
        (["account required pam_deny.so"], nil, "the server accepted the key and closed the connection"),
    ])
    func anAccountThatIsNotLetInIsPermanent(pam: [String], shadow: String?, words: String) async throws {
        try await needsNamespaces()
        try await SSHServer.with(Self.account(pam, shadow: shadow)) { server in
            let failure = await failure { try await probe(server) }
            #expect(failure?.reason == .accountRefused)
            #expect(failure?.detail.contains(words) == true, "\(failure?.detail ?? "")")
            #expect(failure?.isTransient == false)
        }
    }

    @Test func anExpiredPasswordIsToldWithItsRemedy() async throws {
        try await needsNamespaces()
        try await SSHServer.with(Self.account(["account required pam_unix.so"], shadow: "$1$a$b:0:0:99999:7:::")) {
            server in
            let failure = await failure { try await probe(server) }
            #expect(failure?.reason == .accountRefused)
            #expect(failure?.detail.contains("Password change required") == true, "\(failure?.detail ?? "")")
            #expect(hint(failure, server).contains("chage"))
        }
    }

    @Test func aSecondFactorIsNotAKeyThatIsMissing() async throws {
        let variation = SSHServer.Variation {
            $0.configuration = ["PasswordAuthentication yes", "AuthenticationMethods publickey,password"]
        }
        try await SSHServer.with(variation) { server in
            let failure = await failure { try await probe(server) }
            #expect(failure?.reason == .moreAuthenticationNeeded)
            #expect(failure?.detail.contains("password") == true)
            #expect(failure?.isTransient == false)
            #expect(!hint(failure, server).contains("authorized_keys"))
        }
    }

    // MARK: Our own key

    @Test func aPassphraseOnTheKeyIsNamed() async throws {
        try await SSHServer.with { server in
            let key = server.folder.appendingPathComponent("client").path
            #expect(await Tool.succeeds(["/usr/bin/ssh-keygen", "-q", "-p", "-N", "secret", "-f", key]))
            let failure = await failure { try await probe(server) }
            #expect(failure?.reason == .identityUnusable)
            #expect(failure?.detail.contains("passphrase") == true)
            #expect(hint(failure, server).contains("ssh-add"))
        }
    }

    @Test func aKeyThatOthersCanReadIsNamedAtTheLogin() async throws {
        try await SSHServer.with { server in
            let key = server.folder.appendingPathComponent("client").path
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
            let diagnosis = await RemoteProber(settings: server.settings).diagnose(server.target())
            let failed = diagnosis.results.first { $0.state == .failed }
            #expect(failed?.stage == .key)
            #expect(failed?.hint?.contains("chmod 600") == true)
        }
    }

    @Test func aRefusedKeySaysWhichItWas() async throws {
        try await SSHServer.with(.init { $0.acceptsKey = false }) { server in
            let failure = await failure { try await probe(server) }
            #expect(failure?.reason == .authenticationRefused)
            #expect(failure?.detail.contains("offered: \(server.folder.path)/client ") == true)
            #expect(hint(failure, server).contains("chmod go-w"))
        }
    }

    @Test func tooManyRefusedKeysArePermanent() async throws {
        let variation = SSHServer.Variation {
            $0.acceptsKey = false
            $0.configuration = ["MaxAuthTries 1"]
        }
        try await SSHServer.with(variation) { server in
            let failure = await failure { try await probe(server) }
            #expect(failure?.reason == .authenticationRefused, "\(failure?.detail ?? "")")
            #expect(failure?.detail.contains("Too many authentication failures") == true)
        }
    }

    // MARK: Penalties

    @Test func aPenaltyIsWaitedOutWithoutAnotherLogin() async throws {
        try await SSHServer.with { server in
            let socket = try await SocketServer(.penalizing)
            var target = server.target()
            target.port = socket.port
            let prober = RemoteProber(settings: server.settings, clock: { .zero })
            let first = await failure { try await prober.probe(target, asking: ProbeQuestions()) }
            #expect(first?.reason == .loginPenalized)
            #expect((first?.retryAfter ?? .zero) > .seconds(600))
            await socket.stop()
            let second = await failure { try await prober.probe(target, asking: ProbeQuestions()) }
            #expect(second?.reason == .noPlace, "a login would have found nobody")
            #expect((second?.retryAfter ?? .zero) > .seconds(500))
        }
    }

    /// What a server prints can at worst name another reason.
    @Test func aBannerCannotPretendToBeTheHostKeyCheck() async throws {
        let variation = SSHServer.Variation {
            $0.acceptsKey = false
            $0.banner = "REMOTE HOST IDENTIFICATION HAS CHANGED\nHost key verification failed.\n"
        }
        try await SSHServer.with(variation) { server in
            #expect(await failure { try await probe(server) }?.reason == .authenticationRefused)
        }
    }
}
