import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Accounts as this machine has them, and as private copies of its databases have them.
@Suite struct AccountTopicTests {
    static let shells: [[String]] = [["/bin/bash"], ["/bin/dash"], ["/bin/busybox", "sh"]].filter { Tool.has($0[0]) }

    /// Databases that stand in for the machine's own while it is looked at.
    private struct Databases {
        var files: [String: String] = [:]
        /// The tools of BusyBox in place of the machine's, without getent.
        var isBusyBox = false
        var user: Int?
        var sudo: SSHServer.Sudo?

        func findings(
            _ subjects: [DriftCore.Expectation.Subject], shell: [String]
        ) async throws -> [ItemOutcome.Finding] {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("accounts-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            for (name, text) in files {
                try text.write(to: folder.appendingPathComponent(name), atomically: false, encoding: .utf8)
            }
            let script = """
                for file in "$0"/*; do
                    if [ -e "/etc/${file##*/}" ]; then mount --bind "$file" "/etc/${file##*/}" || exit; fi
                done
                if [ -e "$0/shadow" ]; then chmod 600 "$0/shadow"; fi
                if [ "$1" = box ]; then
                    mkdir "$0/box" && cp /bin/busybox "$0/box/" && "$0/box/busybox" --install "$0/box" || exit
                    mount --bind "$0/box" /usr/bin && mount -t tmpfs none /usr/sbin || exit
                    PATH=/usr/bin
                fi
                case $2 in
                    absent) if [ -e /usr/bin/sudo ]; then mount --bind /dev/null /usr/bin/sudo; fi ;;
                    refuse) printf '#!/bin/sh\\nexit 1\\n' >"$0/sudo" && chmod 755 "$0/sudo" && mount --bind "$0/sudo" /usr/bin/sudo ;;
                    grant) printf '#4242 ALL=(ALL) NOPASSWD: ALL\\n' >"$0/sudoers" && chmod 440 "$0/sudoers" \\
                        && mount --bind "$0/sudoers" /etc/sudoers && mount -t tmpfs -o mode=750 tmpfs /etc/sudoers.d ;;
                esac || exit
                shift 2
                exec "$@"
                """
            let sudoWord: String =
                switch sudo {
                case .absent: "absent"
                case .refusing: "refuse"
                case .granting: "grant"
                case nil: "as-is"
                }
            var prefix = [
                "/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, folder.path,
            ]
            prefix += [isBusyBox ? "box" : "own", sudoWord]
            if let user { prefix += ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"] }
            let packs = subjects.map { Pack(name: PackName(rawValue: "base"), expectations: [Expectation($0)]) }
            let facts = try await TopicLook.facts(ProbeQuestions(packs: packs), shell: prefix + shell)
            return packs.flatMap { pack in
                Comparison.judge(facts, against: pack, digest: pack.digest).outcomes.map(\.finding)
            }
        }
    }

    private func account(_ name: String, _ change: (inout AccountExpectation) -> Void = { _ in })
        -> DriftCore.Expectation.Subject
    {
        var account = AccountExpectation(name: name)
        change(&account)
        return .user(.account(account))
    }

    private func group(_ name: String, _ change: (inout GroupExpectation) -> Void = { _ in })
        -> DriftCore.Expectation.Subject
    {
        var group = GroupExpectation(name: name)
        change(&group)
        return .group(group)
    }

    private func types(_ findings: [ItemOutcome.Finding]) -> [[MismatchType]] {
        findings.map { if case .wrong(let mismatches) = $0 { mismatches.map(\.type) } else { [] } }
    }

    private static let passwd = """
        root:x:0:0:root:/root:/bin/bash
        deploy:x:1001:1001:Deploy,,,:/home/deploy:/bin/bash
        toor:*:0:0:second root:/root:/bin/sh
        # a comment: with: many: colons: in: it:
        carol:x:1002:27:: /home/carol:
        domain user:x:1003:1003::/home/d u:/bin/sh
        1004:x:1004:1004::/:/bin/sh

        """
    private static let shadow = """
        root:$y$j9T$hash:19000:0:99999:7:::
        deploy:!$y$j9T$hash:19000:0:99999:7:::
        carol::19000:0:99999:7::1:
        toor:*:19000:0:99999:7::99999:
        broken:x

        """
    private static let group = """
        root:x:0:
        sudo:x:27:deploy,domain user
        deploy:x:1001:
        docker:x:99:

        """
    private var files: [String: String] {
        [
            "passwd": Self.passwd, "shadow": Self.shadow, "group": Self.group,
            "nsswitch.conf": "passwd:\tfiles systemd\ngroup: files # local\nshadow: files\n",
        ]
    }

    /// Each one holds, and the next does not.
    private var pairs: [(right: DriftCore.Expectation.Subject, wrong: DriftCore.Expectation.Subject, MismatchType)] {
        [
            (
                account("deploy") {
                    ($0.uid, $0.gid, $0.group, $0.shell) = (1001, 1001, "deploy", "/bin/bash")
                    ($0.home, $0.groups, $0.locked, $0.expired) = ("/home/deploy", ["sudo"], true, false)
                },
                account("deploy") { $0.locked = false }, .wrongUser
            ),
            (
                account("carol") { ($0.locked, $0.expired) = (false, true) }, account("carol") { $0.expired = false },
                .wrongUser
            ),
            (account("toor") { ($0.locked, $0.expired) = (true, false) }, account("toor") { $0.uid = 1 }, .wrongUser),
            (account("root") { $0.locked = false }, account("root") { $0.locked = true }, .wrongUser),
            (
                account("domain user") { $0.groups = ["sudo"] }, account("domain user") { $0.groups = ["docker"] },
                .wrongGroup
            ),
            (account("carol") { $0.groups = ["sudo"] }, account("carol") { $0.group = "deploy" }, .wrongGroup),
            (account("nobody-here") { $0.state = .absent }, account("nobody-here"), .missingUser),
            (account("deploy"), account("deploy") { $0.state = .absent }, .unexpectedUser),
            (
                .user(.holders(UserIDExpectation(uid: 0, only: ["root", "toor"]))),
                .user(.holders(UserIDExpectation(uid: 0, only: ["root"]))), .unexpectedUser
            ),
            (
                group("sudo") { ($0.only, $0.members) = (["deploy", "domain user", "carol"], ["carol", "deploy"]) },
                group("sudo") { $0.only = ["deploy", "domain user"] }, .unexpectedUser
            ),
            (
                group("docker") { ($0.gid, $0.only) = (99, []) }, group("docker") { $0.members = ["deploy"] },
                .wrongGroup
            ),
            (group("wheel") { $0.state = .absent }, group("wheel"), .wrongGroup),
        ]
    }

    @Test(arguments: shells) func areAsTheFilesSay(shell: [String]) async throws {
        try await holds(Databases(files: files), shell: shell)
    }

    @Test func areAsTheFilesSayWhereThereIsOnlyBusyBox() async throws {
        guard Tool.has("/bin/busybox") else { try Test.cancel("busybox is not installed") }
        var databases = Databases(files: files, isBusyBox: true)
        databases.files["nsswitch.conf"] = "hosts: files dns\n"
        try await holds(databases, shell: ["/bin/sh"])
    }

    private func holds(_ databases: Databases, shell: [String]) async throws {
        let findings = try await databases.findings(pairs.flatMap { [$0.right, $0.wrong] }, shell: shell)
        for (place, pair) in pairs.enumerated() {
            #expect(findings[2 * place] == .ok, "\(pair.right)")
            #expect(types([findings[2 * place + 1]]) == [[pair.2]], "\(pair.wrong)")
        }
    }

    /// A name that getent would take for an option or a number is data.
    @Test(arguments: shells) func strangeNamesAreData(shell: [String]) async throws {
        let strange = ["-s", "--help", "$(id)", "a;b", "a\\b", "*", "0", "1004", "deploy:x", "ä"].map { account($0) }
        let findings = try await Databases(files: files).findings(strange + [account("deploy")], shell: shell)
        #expect(findings.last == .ok)
        for (finding, subject) in zip(findings, strange) {
            #expect(finding != .ok || subject.isNumber, "\(subject)")
        }
    }

    /// Nothing answers for the directory service here, so it cannot be known what it has.
    @Test(arguments: shells) func anUnreachableDirectoryServiceProvesNothing(shell: [String]) async throws {
        var databases = Databases(files: files)
        databases.files["nsswitch.conf"] = "passwd: files driftwatchtest\ngroup: files [SUCCESS=merge] driftwatchtest\n"
        let findings = try await databases.findings(
            [
                account("nobody-here"), account("nobody-here-either") { $0.state = .absent }, group("wheel"),
                account("deploy") { $0.groups = ["sudo"] }, group("sudo") { $0.only = ["deploy"] },
            ], shell: shell)
        #expect(
            Array(findings.prefix(4))
                == [.unreadable(.directoryUnseen), .unreadable(.directoryUnseen), .unreadable(.directoryUnseen), .ok])
        #expect(types([findings[4]]) == [[.unexpectedUser]])
    }

    /// Only a password's state leaves the server, and only root may see it.
    @Test(arguments: [(0, nil), (4242, .absent), (4242, .refusing), (4242, .granting)] as [(Int, SSHServer.Sudo?)])
    func passwordsAreRoots(user: Int, sudo: SSHServer.Sudo?) async throws {
        if sudo == .granting, !Tool.has("/usr/bin/sudo") { try Test.cancel("sudo is not installed") }
        var databases = Databases(files: files, user: user, sudo: sudo)
        databases.files["passwd", default: ""] += "looker:x:4242:4242::/:/bin/sh\n"
        databases.files["shadow", default: ""] += "looker:*:19000:0:99999:7:::\n"
        let findings = try await databases.findings(
            [
                account("deploy") { $0.locked = true }, account("carol") { $0.locked = true },
                account("toor") { $0.uid = 0 },
            ],
            shell: ["/bin/sh"])
        #expect(findings[2] == .ok)
        switch sudo {
        case .absent: #expect(findings[0] == .unreadable(.permissionDenied))
        case .refusing: #expect(findings[0] == .unreadable(.sudoRefused))
        case .granting, nil:
            #expect(findings[0] == .ok)
            #expect(types([findings[1]]) == [[.wrongUser]])
        }
    }

    @Test func noPasswordIsSent() async throws {
        let script = "mount --bind \"$0\" /etc/shadow && exec \"$@\""
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shadow-\(UUID().uuidString)")
        try Self.shadow.write(to: folder, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: folder) }
        let request = ProbeRequest(
            ProbeQuestions(
                packs: [
                    Pack(
                        name: PackName(rawValue: "base"),
                        expectations: ["root", "deploy", "broken", "carol"].map { name in
                            Expectation(account(name) { $0.locked = true })
                        })
                ]))
        let answer = try await Tool.run(
            [
                "/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, folder.path, "/bin/sh", "-c", ProbeScript.text,
                ProbeScript.text,
            ],
            input: request.input)
        #expect(answer.text.contains("shadow set valid root"))
        #expect(answer.text.contains("shadow locked valid deploy"))
        #expect(!answer.text.contains("j9T"))
        #expect(!answer.text.contains("broken"))
    }

    /// The system's own words.
    @Test func isWhatTheSystemSays() async throws {
        let entry = try await Tool.run(["/usr/bin/getent", "passwd", "daemon"]).text.split(separator: "\n")[0]
        let fields = entry.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let status = try await Tool.run(["/usr/bin/passwd", "--status", "daemon"]).text.split(separator: " ")
        let wanted = account("daemon") {
            ($0.uid, $0.gid, $0.home, $0.shell) = (Int(fields[2]), Int(fields[3]), fields[5], fields[6])
            $0.locked = status[1] == "L"
        }
        #expect(try await Databases().findings([wanted, group("daemon")], shell: ["/bin/sh"]) == [.ok, .ok])
    }
}

extension DriftCore.Expectation.Subject {
    fileprivate var isNumber: Bool {
        if case .user(.account(let account)) = self { Int(account.name) != nil } else { false }
    }
}
