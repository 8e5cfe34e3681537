import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Every way in which a session can fail, against a real sshd or a socket that is none.
@Suite struct SSHFailureTests {
    private let questions = ProbeQuestions(files: [.init(path: "/etc/passwd")])

    private static let hurried = RemoteSettings.Budgets(
        connect: .seconds(1), login: .seconds(2), probe: .seconds(1), answerBytes: 100_000)

    private func probe(
        _ server: SSHServer, _ change: (inout RemoteSettings) -> Void = { _ in }
    ) async throws -> Facts {
        #expect(Tool.ignoresBrokenPipes)
        var settings = server.settings
        change(&settings)
        return try await RemoteProber(settings: settings).probe(server.target(), asking: questions)
    }

    /// Nothing of a session to `port` is left.
    private func expectNothingLeft(_ port: Int, _ location: SourceLocation = #_sourceLocation) {
        #expect(Tool.processesVanish("-p \(port) "), sourceLocation: location)
    }

    @Test func aPortThatRefusesIsUnreachable() async throws {
        try await SSHServer.with { server in
            var target = server.target()
            target.port = 1
            await expect(.unreachable) {
                try await RemoteProber(settings: server.settings).probe(target, asking: questions)
            }
            target.address = "no-such-host.invalid"
            await expect(.unreachable) {
                try await RemoteProber(settings: server.settings).probe(target, asking: questions)
            }
            target.address = "-oProxyCommand=touch pwned"
            await expect(.misconfigured) {
                try await RemoteProber(settings: server.settings).probe(target, asking: questions)
            }
        }
    }

    @Test(arguments: [
        (SocketServer.Behaviour.silent, ProbeFailure.Reason.loginTimeout), (.closing, .loginThrottled),
        (.flooding, .unreachable),
    ])
    func aPortThatIsNoSSHServerEndsTheLogin(behaviour: SocketServer.Behaviour, reason: ProbeFailure.Reason) async throws
    {
        try await SSHServer.with { server in
            let socket = try await SocketServer(behaviour)
            for connect in [1, 9] {
                var settings = server.settings
                settings.budgets = Self.hurried
                settings.budgets.connect = .seconds(connect)
                var target = server.target()
                target.port = socket.port
                await expect(reason) {
                    try await RemoteProber(settings: settings).probe(target, asking: questions)
                }
            }
            await socket.stop()
            expectNothingLeft(socket.port)
        }
    }

    @Test func aProxyIsEndedWithItsChildren() async throws {
        try await SSHServer.with { server in
            let config = server.folder.appendingPathComponent("ssh_config")
            let mark = "98765.\(server.port)"
            try "ProxyCommand /bin/sh -c 'sleep \(mark); true'\n".write(to: config, atomically: false, encoding: .utf8)
            // By ssh's own clock, then by ours.
            for connect in [1, 9] {
                await expect(.loginTimeout) {
                    try await probe(server) {
                        $0.budgets = Self.hurried
                        $0.budgets.connect = .seconds(connect)
                    }
                }
                #expect(Tool.processesVanish(mark))
            }
        }
    }

    @Test func tooManyLoginsAreThrottled() async throws {
        let variation = SSHServer.Variation { $0.configuration = ["MaxStartups 1:100:1"] }
        try await SSHServer.with(variation) { server in
            let holder = try await ChildProcess([
                "/usr/bin/perl", "-MIO::Socket::INET", "-e",
                "my $s = IO::Socket::INET->new('127.0.0.1:\(server.port)'); print STDERR scalar <$s>; sleep 600",
            ])
            #expect(await holder.says("SSH-2.0"))
            await expect(.loginThrottled) { try await probe(server) }
            await holder.end()
        }
    }

    @Test func aRefusedKeyIsPermanent() async throws {
        try await SSHServer.with(.init { $0.acceptsKey = false }) { server in
            await expect(.authenticationRefused) { try await probe(server) }
        }
        #expect(!ProbeFailure(.authenticationRefused).isTransient)
    }

    @Test func hostKeysAreStrict() async throws {
        try await SSHServer.with(.init { $0.hostKey = .changed }) { server in
            await expect(.hostKeyChanged) { try await probe(server) }
        }
        try await SSHServer.with(.init { $0.hostKey = .unknown }) { server in
            await expect(.hostKeyUnknown) { try await probe(server) }
            let known = try String(contentsOf: server.folder.appendingPathComponent("known_hosts"), encoding: .utf8)
            #expect(known.isEmpty)
        }
    }

    @Test(arguments: ["/bin/false", "/bin/true", "/usr/sbin/nologin", "/bin/echo no shell for you"])
    func aShellThatRunsNothingIsRefused(command: String) async throws {
        try await SSHServer.with(.init { $0.forceCommand = command }) { server in
            await expect(.shellRefused) { try await probe(server) }
        }
    }

    @Test(arguments: [
        ("exec sleep 1000", ProbeFailure.Reason.probeTimeout), ("exec yes", .tooMuchOutput),
        ("yes >&2", .tooMuchOutput), ("sleep 1000 & yes no newline | tr -d '\\n'", .tooMuchOutput),
    ])
    func aSessionThatPassesItsBudgetIsKilled(command: String, reason: ProbeFailure.Reason) async throws {
        try await SSHServer.with(.init { $0.forceCommand = command }) { server in
            await expect(reason) {
                try await probe(server) {
                    $0.budgets = Self.hurried
                    // The login is not what these are about.
                    $0.budgets.connect = .seconds(30)
                    $0.budgets.login = .seconds(30)
                    if reason == .tooMuchOutput { $0.budgets.probe = .seconds(60) }
                }
            }
            expectNothingLeft(server.port)
        }
    }

    @Test(arguments: [
        (#"printf "\ndriftwatch-probe $n begin 2\ntopi""#, ProbeFailure.Reason.truncated),
        (#"printf "\ndriftwatch-probe $n begin 2\ntopics\ndriftwatch-probe $n en""#, .truncated),
        (#"printf "\ndriftwatch-probe $n begin 2\n"; kill -9 $PPID"#, .truncated),
        ("kill -9 $PPID", .truncated),
        (#"printf "\ndriftwatch-probe $n begin 2\ntopics\ndriftwatch-probe $n end 7\n""#, .malformedAnswer),
        (#"printf "\ndriftwatch-probe $n begin 2\nboo\ntopics\ndriftwatch-probe $n end 0\n""#, .malformedAnswer),
        (#"printf "\ndriftwatch-probe $n begin 7\n""#, .malformedAnswer),
        (#"printf "\ndriftwatch-probe $n speaks 0\n""#, .probeOutdated),
    ])
    func anAnswerThatIsNotWholeIsNone(script: String, reason: ProbeFailure.Reason) async throws {
        let command = "/bin/sh -c 'read -r w n v; cat >/dev/null; \(script)'"
        try await SSHServer.with(.init { $0.forceCommand = command }) { server in
            await expect(reason) { try await probe(server) }
        }
    }

    @Test func whatIsWrongHereIsMisconfigured() async throws {
        try await SSHServer.with { server in
            await expect(.misconfigured) { try await probe(server) { $0.sshExecutable = "no-such-ssh" } }
            await expect(.misconfigured) { try await probe(server) { $0.sshExecutable = "/nope/ssh" } }
            await expect(.misconfigured) { try await probe(server) { $0.identity = "/nope/key" } }
            await expect(.misconfigured) { try await probe(server) { $0.knownHosts = "/nope/known_hosts" } }
            let config = server.folder.appendingPathComponent("ssh_config")
            try "NoSuchOption yes\n".write(to: config, atomically: false, encoding: .utf8)
            await expect(.misconfigured) { try await probe(server) }
            try "# fine\n".write(to: config, atomically: false, encoding: .utf8)
            let key = server.folder.appendingPathComponent("client").path
            try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: key)
            await expect(.identityUnusable) { try await probe(server) }
        }
    }

    @Test func cancellingEndsTheSession() async throws {
        try await SSHServer.with(.init { $0.forceCommand = "exec sleep 1000" }) { server in
            let task = Task { try await probe(server) }
            #expect(await server.hasLogin())
            task.cancel()
            await expect(.cancelled) { try await task.value }
            expectNothingLeft(server.port)
        }
    }
}
