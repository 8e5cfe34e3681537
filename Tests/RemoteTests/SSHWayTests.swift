import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Jump hosts, masters, agents: what lies between the user's ssh config and the server.
@Suite struct SSHWayTests {
    private func probe(_ target: ProbeTarget, _ settings: RemoteSettings) async throws -> Facts {
        try await RemoteProber(settings: settings).probe(target, asking: ProbeQuestions())
    }

    private func write(_ text: String, to name: String, of server: SSHServer) throws {
        try text.write(to: server.folder.appendingPathComponent(name), atomically: false, encoding: .utf8)
    }

    private func text(_ name: String, of server: SSHServer) throws -> String {
        try String(contentsOf: server.folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test func noSecretOfOursReachesAProxyCommand() async throws {
        #expect(unsafe setenv("DRIFTWATCH_TEST_CANARY", "canary", 1) == 0)
        try await SSHServer.with { server in
            let seen = server.folder.appendingPathComponent("seen").path
            try write("Host behind\n  ProxyCommand /bin/sh -c 'env >\(seen); :'\n", to: "ssh_config", of: server)
            let target = ProbeTarget(serverID: ServerID(rawValue: "test"), address: "behind")
            #expect(await failure { try await probe(target, server.settings) } != nil)
            let environment = try text("seen", of: server)
            #expect(environment.contains("PATH=") && !environment.contains("canary"))
        }
    }

    // MARK: Jump hosts

    /// Two servers, the second of which is the way to the first.
    private func withJump(
        _ proxy: String, _ body: (_ server: SSHServer, _ jump: SSHServer, _ target: ProbeTarget) async throws -> Void
    ) async throws {
        try await SSHServer.with { server in
            try await SSHServer.with { jump in
                try write(try text("client.pub", of: server), to: "authorized_keys", of: jump)
                try write(
                    """
                    Host bastion
                      HostName 127.0.0.1
                      Port \(jump.port)
                    Host behind
                      HostName 127.0.0.1
                      Port \(server.port)
                      \(proxy.replacingOccurrences(of: "PORT", with: "\(jump.port)"))

                    """, to: "ssh_config", of: server)
                try write(
                    "\(try text("known_hosts", of: server))\n\(try text("known_hosts", of: jump))", to: "known_hosts",
                    of: server)
                try await body(
                    server, jump, ProbeTarget(serverID: ServerID(rawValue: "test"), address: "behind"))
            }
        }
    }

    @Test func settingsHoldForAJumpHostToo() async throws {
        try await withJump("ProxyJump bastion") { server, _, target in
            _ = try await probe(target, server.settings)
        }
    }

    @Test func aJumpHostWhoseKeyIsUnknownIsNamed() async throws {
        try await withJump("ProxyJump bastion") { server, jump, target in
            let known = try text("known_hosts", of: server).split(separator: "\n").first.map(String.init) ?? ""
            try write("\(known)\n", to: "known_hosts", of: server)
            let failure = await failure { try await probe(target, server.settings) }
            #expect(failure?.reason == .hostKeyUnknown)
            #expect(failure?.detail.hasPrefix("jump host bastion: ") == true, "\(failure?.detail ?? "")")
            #expect(failure?.detail.contains("\(jump.port)") == true)
            let hint = failure.flatMap { ServerDiagnosis.hint(for: $0, on: target) }
            #expect(hint?.contains("jump host") == true)
        }
    }

    @Test func aJumpHostThatRefusesTheKeyIsNamed() async throws {
        try await withJump("ProxyJump bastion") { server, jump, target in
            try write("", to: "authorized_keys", of: jump)
            let failure = await failure { try await probe(target, server.settings) }
            #expect(failure?.reason == .authenticationRefused)
            #expect(failure?.jumpHost == "bastion")
            #expect(failure?.detail.hasPrefix("jump host bastion: ") == true, "\(failure?.detail ?? "")")
        }
    }

    /// The places there are counted by the name that failures give it.
    @Test func aJumpHostWhereKeysAreRefusedIsLeftAlone() async throws {
        try await withJump("ProxyJump nobody@bastion") { server, jump, target in
            try write("", to: "authorized_keys", of: jump)
            let prober = RemoteProber(settings: server.settings, clock: { .zero })
            var reasons: [ProbeFailure.Reason?] = []
            for _ in 0..<3 {
                reasons.append(await failure { try await prober.probe(target, asking: ProbeQuestions()) }?.reason)
            }
            #expect(reasons == [.authenticationRefused, .authenticationRefused, .noPlace])
            _ = try await prober.probe(server.target(), asking: ProbeQuestions())
        }
    }

    @Test func aServerThatAJumpHostDoesNotReachIsUnreachable() async throws {
        try await withJump("ProxyJump bastion") { server, _, target in
            let config = try text("ssh_config", of: server)
            try write(
                config.replacingOccurrences(of: "Port \(server.port)", with: "Port 1"), to: "ssh_config", of: server)
            let failure = await failure { try await probe(target, server.settings) }
            #expect(failure?.reason == .unreachable)
            #expect(failure?.detail.contains("open failed: connect failed") == true, "\(failure?.detail ?? "")")
            #expect(failure?.remedy?.contains("AllowTcpForwarding") == true)
        }
    }

    @Test func aServerBehindAJumpHostIsNotTheJumpHost() async throws {
        try await withJump("ProxyJump bastion") { server, _, target in
            try write("", to: "authorized_keys", of: server)
            let failure = await failure { try await probe(target, server.settings) }
            #expect(failure?.reason == .authenticationRefused)
            #expect(failure?.detail.contains("jump host") == false, "\(failure?.detail ?? "")")
        }
    }

    @Test func aProxyCommandThatFailsIsNamed() async throws {
        try await withJump("ProxyCommand ssh -F none -p PORT -o UserKnownHostsFile=/dev/null -W %h:%p 127.0.0.1") {
            server, _, target in
            let failure = await failure { try await probe(target, server.settings) }
            #expect(failure?.reason == .hostKeyUnknown)
            #expect(failure?.detail.contains("ProxyCommand ssh -F none") == true, "\(failure?.detail ?? "")")
        }
    }

    @Test func errorsInTheUsersConfigNameItsLines() async throws {
        try await SSHServer.with { server in
            try write("# one\n# two\nNoSuchOption yes\n", to: "ssh_config", of: server)
            let failure = await failure { try await probe(server.target(), server.settings) }
            #expect(failure?.reason == .misconfigured)
            #expect(failure?.detail.contains("\(server.folder.path)/ssh_config: line 3: Bad configuration") == true)
        }
    }

    // MARK: A master

    @Test func aLiveMasterProvesNothing() async throws {
        try await SSHServer.with { server in
            let folder = server.folder.path
            try write("ControlMaster auto\nControlPath \(folder)/master\n", to: "ssh_config", of: server)
            let master = try await ChildProcess([
                "/usr/bin/ssh", "-v", "-N", "-M", "-F", "\(folder)/ssh_config", "-i", "\(folder)/client", "-p",
                "\(server.port)", "-o", "UserKnownHostsFile=\(folder)/known_hosts", "127.0.0.1",
            ])
            #expect(await master.says("Entering interactive session"))
            #expect(FileManager.default.fileExists(atPath: "\(folder)/master"))
            var settings = server.settings
            settings.identity = "\(folder)/other"
            let wrongKey = await failure { try await probe(server.target(), settings) }
            #expect(wrongKey?.reason == .authenticationRefused)
            try write("", to: "nothing", of: server)
            settings.knownHosts = "\(folder)/nothing"
            let unknown = await failure { try await probe(server.target(), settings) }
            #expect(unknown?.reason == .hostKeyUnknown)
            await master.end()
        }
    }

    // MARK: An agent

    /// An agent with the keys of these files, in their order.
    private func withAgent(
        _ keys: [String], of server: SSHServer, _ body: (RemoteSettings) async throws -> Void
    ) async throws {
        let socket = server.folder.appendingPathComponent("agent-\(keys[0])").path
        let agent = try await ChildProcess(["/usr/bin/ssh-agent", "-d", "-a", socket])
        #expect(await agent.says("O_NONBLOCK"))
        for key in keys {
            let path = server.folder.appendingPathComponent(key).path
            let added = try await Tool.run(
                ["/usr/bin/ssh-add", "-q", path], environment: ["SSH_AUTH_SOCK": socket, "PATH": "/usr/bin"])
            #expect(added.status == 0, "\(added.errorText)")
        }
        try write("IdentityAgent \(socket)\n", to: "ssh_config", of: server)
        var settings = server.settings
        settings.identity = nil
        try await body(settings)
        await agent.end()
    }

    @Test func ofAnAgentOneKeyIsOffered() async throws {
        try await SSHServer.with { server in
            try await withAgent(["client", "other", "host"], of: server) { settings in
                _ = try await probe(server.target(), settings)
            }
            try await withAgent(["other", "host", "client"], of: server) { settings in
                let failure = await failure { try await probe(server.target(), settings) }
                #expect(failure?.reason == .authenticationRefused, "the third key would have been right")
                let offered = failure?.detail.components(separatedBy: "SHA256:").count ?? 0
                #expect(offered == 2, "one key: \(failure?.detail ?? "")")
            }
        }
    }

    @Test func aKeyOfTheConfigIsOfferedInPlaceOfAnAgents() async throws {
        // The agent's two would use these up.
        try await SSHServer.with(.init { $0.configuration = ["MaxAuthTries 2"] }) { server in
            try await withAgent(["other", "host"], of: server) { settings in
                let config = try text("ssh_config", of: server)
                try write("\(config)IdentityFile \(server.folder.path)/client\n", to: "ssh_config", of: server)
                _ = try await probe(server.target(), settings)
            }
        }
    }
}
