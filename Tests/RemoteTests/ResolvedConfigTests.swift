import Testing

@testable import Remote

/// What is read of `ssh -G`.
@Suite struct ResolvedConfigTests {
    private static let usual = "identityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519\n"

    @Test(arguments: [
        (usual, true), (usual + "certificatefile none\npkcs11provider none", true),
        (usual + "identityfile none", false), (usual + "identityfile /etc/driftwatch/key", false),
        ("identityfile ~/.ssh/id_rsa", false), (usual + "certificatefile ~/.ssh/id-cert.pub", false),
        (usual + "pkcs11provider /usr/lib/token.so", false), ("", false),
    ])
    func aKeyIsChosenOnlyWhereNobodyNamedOne(text: String, isFree: Bool) {
        #expect(ResolvedConfig(text).namesNoKey == isFree)
    }

    @Test(arguments: [
        ("proxyjump none", []), ("proxyjump one", ["one"]),
        ("proxyjump user@one:22,ssh://two,[2001:db8::1]:22,2001:db8::2", ["one", "two", "2001:db8::1", "2001:db8::2"]),
    ])
    func theHostsOnTheWayAreNamedWithoutUserAndPort(text: String, hosts: [String]) {
        #expect(ResolvedConfig(text).jumpHosts == hosts)
    }

    @Test func noneIsNoProxyCommandAndNoAgent() {
        let config = ResolvedConfig("proxycommand none\nidentityagent none")
        #expect(config.proxyCommand == nil)
        #expect(config.agentSocket(["SSH_AUTH_SOCK": "/run/agent"]) == nil)
        #expect(ResolvedConfig("").agentSocket(["SSH_AUTH_SOCK": "/run/agent"]) == "/run/agent")
        #expect(ResolvedConfig("identityagent ${OTHER}").agentSocket(["OTHER": "/run/other"]) == "/run/other")
    }
}
