import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// What servers do to sessions, and what must not change an answer.
@Suite struct SSHServerVariationTests {
    private func probe(_ server: SSHServer, _ questions: ProbeQuestions) async throws -> Facts {
        try await RemoteProber(settings: server.settings).probe(server.target(), asking: questions)
    }

    private func needsNamespaces() async throws {
        guard await SSHServer.canMakeNamespaces() else { try Test.cancel("mount namespaces are not allowed here") }
    }

    @Test func bannersAndNoiseChangeNothing() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let shell = folder.path("shell")
        try #"""
        #!/bin/sh
        echo noise
        echo "root: Permission denied (publickey)." >&2
        printf 'no end of line, driftwatch-probe d1 begin 1'
        eval "($SSH_ORIGINAL_COMMAND)"
        echo noise after
        exit 255
        """#.write(toFile: shell, atomically: false, encoding: .utf8)
        let variation = SSHServer.Variation {
            $0.banner = "Host key verification failed.\nauthorised use only\n\u{1B}[2J"
            $0.forceCommand = "/bin/sh \(shell)"
        }
        try await SSHServer.with(variation) { server in
            folder.expect(try await probe(server, folder.questions))
        }
    }

    /// sshd ends a session when nobody holds its streams any more.
    @Test func aBackgroundProcessOfAnRCFileHoldsNothingUp() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let shell = folder.path("shell")
        try #"""
        #!/bin/sh
        while [ -e '\#(folder.url.path)' ]; do sleep 1; done &
        eval "($SSH_ORIGINAL_COMMAND)"
        echo noise after
        """#.write(toFile: shell, atomically: false, encoding: .utf8)
        try await SSHServer.with(.init { $0.forceCommand = "/bin/sh \(shell)" }) { server in
            folder.expect(try await probe(server, folder.questions))
            #expect(Tool.processesVanish("-p \(server.port) "))
        }
    }

    @Test func aPinnedProbeAnswersLikeTheCommand() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let pin = folder.path("probe")
        try ProbeScript.text.write(toFile: pin, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: pin)
        try await SSHServer.with(.init { $0.forceCommand = pin }) { server in
            folder.expect(try await probe(server, folder.questions))
        }
    }

    @Test(arguments: [
        "/bin/sh", "/bin/bash", "/usr/bin/fish", "/usr/bin/zsh", "/usr/bin/tcsh", "/usr/bin/mksh", "/usr/bin/ksh",
    ])
    func everyLoginShellGivesItsVariables(shell: String) async throws {
        guard Tool.has(shell) else { try Test.cancel("\(shell) is not installed") }
        try await needsNamespaces()
        let posix = """
            echo noise from the profile; echo noise >&2
            export DW_PLAIN=vim DW_EMPTY= DW_LINES='two
            lines' DW_ODD='a"b$c\\d'
            """
        let fish =
            "echo noise\nset -x DW_PLAIN vim\nset -x DW_EMPTY ''\nset -x DW_LINES 'two\nlines'\nset -x DW_ODD 'a\"b$c\\\\d'\n"
        let csh =
            "echo noise\nsetenv DW_PLAIN vim\nsetenv DW_EMPTY ''\nsetenv DW_LINES 'two\\\nlines'\nsetenv DW_ODD 'a\"b$c\\d'\n"
        let account = SSHServer.Account(
            shell: shell,
            files: [
                ".profile": posix, ".zprofile": posix, ".config/fish/config.fish": fish, ".login": csh,
                ".bashrc": "echo noise of bashrc\n", ".cshrc": "echo noise of cshrc\n",
            ])
        try await SSHServer.with(.init { $0.account = account }) { server in
            let facts = try await probe(
                server,
                ProbeQuestions(
                    files: [.init(path: "~/.profile")],
                    environment: ["DW_PLAIN", "DW_EMPTY", "DW_LINES", "DW_ODD", "DW_UNSET", "HOME", "LC_ALL"]))
            #expect(facts.environment["DW_PLAIN"] == .value("vim"))
            #expect(facts.environment["DW_EMPTY"] == .value(""))
            #expect(facts.environment["DW_LINES"] == .value("two\nlines"))
            #expect(facts.environment["DW_ODD"] == .value(#"a"b$c\d"#))
            #expect(facts.environment["DW_UNSET"] == .unset)
            #expect(facts.environment["LC_ALL"] == .unset)
            #expect(facts.environment["HOME"] == .value(server.home.path))
            #expect(facts.home == server.home.path)
            guard case .present(let entry) = facts.files["~/.profile"] else {
                Issue.record("no profile")
                return
            }
            #expect(entry.status.owner == Account(name: "watcher", number: 4242))
            #expect(entry.status.group == Account(name: nil, number: 4242))
        }
    }

    /// As winbind and sssd name the accounts of a domain.
    @Test func namesWithABackslashComeThrough() async throws {
        try await needsNamespaces()
        let account = SSHServer.Account(name: #"CORP\nina"#, group: #"CORP\carl"#, files: [".profile": ""])
        try await SSHServer.with(.init { $0.account = account }) { server in
            let link = server.home.appendingPathComponent("link").path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: ".profile")
            let facts = try await probe(
                server, ProbeQuestions(files: [.init(path: "~/.profile"), .init(path: "~/link")]))
            for path in ["~/.profile", "~/link"] {
                guard case .present(let entry) = facts.files[ServerPath(path)] else {
                    Issue.record("\(path): \(String(describing: facts.files[ServerPath(path)]))")
                    continue
                }
                let status = entry.link?.destination ?? entry.status
                #expect(status.owner == Account(name: account.name, number: 4242))
                #expect(status.group == Account(name: account.group, number: 4242))
            }
        }
    }

    @Test func nologinIsAShellThatRefuses() async throws {
        guard Tool.has("/usr/sbin/nologin") else { try Test.cancel("nologin is not installed") }
        try await needsNamespaces()
        let account = SSHServer.Account(shell: "/usr/sbin/nologin")
        try await SSHServer.with(.init { $0.account = account }) { server in
            await expect(.shellRefused) { try await probe(server, ProbeQuestions()) }
        }
    }

    /// What an account may not see, without sudo, with one that refuses and with one that helps.
    @Test(arguments: [SSHServer.Sudo.absent, .refusing, .granting]) func deniedIsNeverMissing(sudo: SSHServer.Sudo)
        async throws
    {
        try await needsNamespaces()
        if sudo == .granting, !Tool.has("/usr/bin/sudo") { try Test.cancel("sudo is not installed") }
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let files = FileManager.default
        let (closed, secret) = (folder.path("closed"), folder.path("secret"))
        try files.createDirectory(atPath: closed, withIntermediateDirectories: false)
        try Data("in\n".utf8).write(to: URL(fileURLWithPath: closed + "/in"))
        try Data("secret\n".utf8).write(to: URL(fileURLWithPath: secret))
        try files.createSymbolicLink(atPath: folder.path("into"), withDestinationPath: "closed/in")
        try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: secret)
        try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: closed)
        let other: Set = [SHA256Digest(of: [1])]
        let asked = ["closed/in", "closed/none", "into", "secret", "plain", "none"]
        let variation = SSHServer.Variation {
            $0.account = SSHServer.Account()
            $0.sudo = sudo
        }
        try await SSHServer.with(variation) { server in
            let facts = try await probe(
                server,
                ProbeQuestions(files: asked.map { .init(path: folder.path($0), expectedHashes: other) }))
            func fact(_ name: String) -> FileFact? { facts.files[ServerPath(folder.path(name))] }
            func content(_ name: String) -> FileContent? {
                if case .present(let entry) = fact(name) { entry.content } else { nil }
            }
            #expect(fact("none") == .missing)
            #expect(content("plain") == .read(SHA256Digest(of: Array("hello\n".utf8)), bytes: Array("hello\n".utf8)))
            if sudo == .granting {
                // What not every account may read comes back without its text.
                let inside = FileContent.read(SHA256Digest(of: Array("in\n".utf8)), bytes: nil)
                #expect(content("closed/in") == inside)
                #expect(content("into") == inside)
                #expect(fact("closed/none") == .missing)
                #expect(content("secret") == .read(SHA256Digest(of: Array("secret\n".utf8)), bytes: nil))
            } else {
                let reason = sudo == .absent ? UnreadableReason.permissionDenied : .sudoRefused
                for name in ["closed/in", "closed/none", "into"] {
                    #expect(fact(name) == .unreadable(reason), "\(name)")
                }
                #expect(content("secret") == .unreadable(reason))
            }
        }
    }
}
