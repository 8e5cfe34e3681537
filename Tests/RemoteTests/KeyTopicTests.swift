import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Authorised keys, of accounts that exist for the length of a look.
@Suite struct KeyTopicTests {
    /// A folder with the homes and ssh's settings, which `/etc/passwd` and `/etc/ssh` are for the look.
    private struct Machine: ~Copyable {
        let folder: URL

        init() async throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
            let output = try await script(
                """
                mkdir -p ssh/sshd_config.d home/.ssh other/.ssh && chmod 755 .
                for type in ed25519 rsa ecdsa; do ssh-keygen -q -t $type -N '' -C "secret comment" -f $type; done
                { echo root:x:0:0::/root:/bin/sh; echo looker:*:4242:4242::/:/bin/sh
                  echo "deploy:x:1001:1001::$PWD/home:/bin/sh"; echo "other:x:1002:1002::$PWD/other:/bin/sh"; } >passwd
                cat ed25519.pub rsa.pub >home/.ssh/authorized_keys
                cat ecdsa.pub >other/.ssh/authorized_keys
                chown -R 1001:1001 home; chown -R 1002:1002 other
                : >ssh/sshd_config
                """)
            try #require(output.isEmpty, "\(output)")
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// Runs in the folder; returns what is printed, errors too.
        @discardableResult func script(_ script: String) async throws -> String {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            return try await Tool.run(script: script, in: folder.path)
        }

        func fingerprint(_ name: String) async throws -> String {
            let line = try await Tool.run(["/usr/bin/ssh-keygen", "-lf", folder.path + "/\(name).pub"]).text
            return String(line.split(separator: " ")[1])
        }

        func command(_ shell: [String], user: Int?, sudo: Bool, hanging: String = "") -> [String] {
            let script = """
                if [ -n "$2" ]; then
                    (exec 3<>/dev/fuse
                        mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other hung "$0/$2"
                        exec sleep 60) </dev/null >/dev/null 2>&1 &
                    until grep -q " $0/$2 " /proc/self/mountinfo; do :; done
                fi
                mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/ssh" /etc/ssh || exit
                if [ "$1" = sudo ]; then
                    printf '#4242 ALL=(ALL) NOPASSWD: ALL\\n' >"$0/sudoers" && chmod 440 "$0/sudoers" &&
                        mount --bind "$0/sudoers" /etc/sudoers && mount -t tmpfs -o mode=750 tmpfs /etc/sudoers.d || exit
                elif [ -e /usr/bin/sudo ]; then mount --bind /dev/null /usr/bin/sudo; fi
                shift 2
                exec "$@"
                """
            var command = [
                "/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, folder.path,
            ]
            command += [sudo ? "sudo" : "none", hanging]
            if let user { command += ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"] }
            return command + shell
        }

        func findings(
            _ wanted: [AuthorizedKeysExpectation], shell: [String] = ["/bin/sh"], user: Int? = nil, sudo: Bool = false,
            hanging: String = ""
        ) async throws -> [ItemOutcome.Finding] {
            let packs = wanted.map {
                Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.user(.keys($0)))])
            }
            let facts = try await TopicLook.facts(
                ProbeQuestions(packs: packs), shell: command(shell, user: user, sudo: sudo, hanging: hanging))
            return packs.flatMap { pack in
                Comparison.judge(facts, against: pack, digest: pack.digest).outcomes.map(\.finding)
            }
        }
    }

    private func keys(_ name: String = "deploy", only: [String]? = nil, contains: [String]? = nil)
        -> AuthorizedKeysExpectation
    {
        AuthorizedKeysExpectation(name: name, only: only, contains: contains)
    }

    private func mismatches(_ finding: ItemOutcome.Finding) -> [Mismatch] {
        if case .wrong(let mismatches) = finding { mismatches } else { [] }
    }

    @Test(arguments: AccountTopicTests.shells) func areThoseThatSSHKeygenNames(shell: [String]) async throws {
        let machine = try await Machine()
        let (ed25519, rsa) = (try await machine.fingerprint("ed25519"), try await machine.fingerprint("rsa"))
        let ecdsa = try await machine.fingerprint("ecdsa")
        let findings = try await machine.findings(
            [
                keys(only: [ed25519, rsa], contains: [ed25519, rsa]), keys("other", only: [ecdsa], contains: [ecdsa]),
                keys(only: [rsa]), keys("other", contains: [rsa]), keys("nobody-here", only: []),
            ], shell: shell)
        #expect(Array(findings.prefix(2)) == [.ok, .ok])
        #expect(mismatches(findings[2]).map(\.type) == [.unexpectedKey])
        #expect(mismatches(findings[2]).first?.actual["authorized_keys"] == "\(ed25519) (ED25519)")
        #expect(mismatches(findings[3]).map(\.type) == [.missingKey])
        #expect(mismatches(findings[4]).map(\.type) == [.missingUser])
    }

    /// Whatever stands in the file, the keys are those that ssh-keygen finds in it.
    @Test(arguments: AccountTopicTests.shells) func hostileLinesAreReadAsSSHReadsThem(shell: [String]) async throws {
        let machine = try await Machine()
        try await machine.script(
            #"""
            for n in 1 2 3 4 5 6 7 8; do ssh-keygen -q -t ed25519 -N '' -C '' -f k$n; done
            key() { cut -d' ' -f1,2 "k$1.pub"; }
            { echo; echo '   # comment'; echo junk; echo 'ssh-rsa'; echo 'ssh-ed25519 AAAA'; echo '"'
              echo "  $(key 1) a b \"c"; echo "	$(key 2)	tab"
              echo "command=\"/bin/x \\\"$(key 3)\\\" y\",no-pty,environment=\"A=hidden, b\" $(key 4)"
              echo "restrict,from=\"10.0.0.0/8,!10.1.1.1\" $(key 5)"
              printf '%s\r\n' "$(key 6)"
              echo "command=\"open $(key 7)"
              echo "ssh-rsa $(key 8 | cut -d' ' -f2) wrong type"
              printf %s "cert-authority $(cut -d' ' -f1,2 ed25519.pub) no newline"
            } >home/.ssh/authorized_keys
            """#)
        let known = try await machine.script("ssh-keygen -lf home/.ssh/authorized_keys | cut -d' ' -f2 | sort -u")
        let fingerprints = known.split(separator: "\n").map(String.init)
        let ca = try await machine.fingerprint("ed25519")
        #expect(fingerprints.contains(ca))
        #expect(fingerprints.count == 6, "\(known)")
        let words = fingerprints.map { $0 == ca ? "cert-authority \($0)" : $0 }
        let findings = try await machine.findings([keys(only: words, contains: words), keys(only: [])], shell: shell)
        #expect(findings.first == .ok)
        let shown = mismatches(findings[1]).first?.actual["authorized_keys"] ?? ""
        #expect(shown.contains("command, environment)") && shown.contains("restrict, from)"))
        #expect(shown.components(separatedBy: "SHA256:").count == 7)
    }

    /// No comment, no option's value and no other line leaves the server.
    @Test func onlyTypeAndBlobAreSent() async throws {
        let machine = try await Machine()
        try await machine.script(
            #"printf 'password hunter2\nhunter2 %s\ncommand="hunter2" %s\n' "$(cat rsa.pub)" "$(cat rsa.pub)" >>home/.ssh/authorized_keys"#
        )
        let pack = Pack(
            name: PackName(rawValue: "base"), expectations: [Expectation(.user(.keys(keys(only: []))))])
        let answer = try await Tool.run(
            machine.command(["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], user: nil, sudo: false),
            input: ProbeRequest(ProbeQuestions(packs: [pack])).input)
        #expect(answer.text.contains("key 1 ssh-ed25519 AAAA"))
        for secret in ["hunter2", "secret", "comment"] { #expect(!answer.text.contains(secret)) }
    }

    @Test(arguments: [
        ("AuthorizedKeysFile /nowhere\nAuthorizedKeysFile .ssh/authorized_keys", []),
        ("AuthorizedKeysFile none", []),
        ("  authorizedkeysfile = .ssh/authorized_keys # both", ["ed25519", "rsa"]),
        ("AUTHORIZEDKEYSFILE FOLDER/keys/%u %h/.ssh/authorized_keys", ["ecdsa", "ed25519", "rsa"]),
        ("AuthorizedKeysFile \"FOLDER/keys/%U%%\"", ["ecdsa"]),
        ("Include FOLDER/ssh/sshd_config.d/*.conf\nAuthorizedKeysFile none", ["ecdsa"]),
        ("Include sshd_config.d/*.conf\nAuthorizedKeysFile none", ["ecdsa"]),
        ("Match User nobody\nPasswordAuthentication no\n", ["ed25519", "rsa"]),
    ])
    func areInTheFilesThatSSHDReads(configuration: String, names: [String]) async throws {
        let machine = try await Machine()
        try await machine.script(
            """
            mkdir keys && cp ecdsa.pub keys/deploy && cp ecdsa.pub keys/1001%
            echo "AuthorizedKeysFile $PWD/keys/%u" >ssh/sshd_config.d/a.conf
            """)
        let text = configuration.replacingOccurrences(of: "FOLDER", with: machine.folder.path)
        try text.write(toFile: machine.folder.path + "/ssh/sshd_config", atomically: false, encoding: .utf8)
        var wanted: [String] = []
        for name in names { wanted.append(try await machine.fingerprint(name)) }
        let found = try await machine.findings([keys(only: wanted, contains: wanted.isEmpty ? nil : wanted)])
        #expect(found == [.ok])
    }

    @Test(arguments: [
        ("AuthorizedKeysCommand /usr/bin/x\nAuthorizedKeysCommandUser nobody", true),
        ("AuthorizedKeysCommand none", false), ("#AuthorizedKeysCommand /usr/bin/x", false),
        ("Match User deploy\nAuthorizedKeysFile /x", true), ("Include inner.conf", true),
        ("AuthorizedKeysFile .ssh/%q", true), ("AuthorizedKeysFile \"/x y\"", true),
        ("Match User x\nInclude sshd_config.d/*.conf", true),
    ])
    func whatCannotBeFollowedIsUnsupported(configuration: String, isUnsupported: Bool) async throws {
        let machine = try await Machine()
        try await machine.script(
            "echo 'Include other.conf' >ssh/inner.conf; echo 'AuthorizedKeysFile /x' >ssh/sshd_config.d/a.conf")
        try configuration.write(toFile: machine.folder.path + "/ssh/sshd_config", atomically: false, encoding: .utf8)
        let (ed25519, rsa) = (try await machine.fingerprint("ed25519"), try await machine.fingerprint("rsa"))
        let found = try await machine.findings([keys(only: [ed25519, rsa])])
        #expect(found == [isUnsupported ? .unreadable(.unsupported) : .ok])
    }

    /// A home that the login user may not enter is asked of root, and takes nothing from the others.
    @Test(arguments: [false, true]) func aPrivateHomeIsRoots(sudo: Bool) async throws {
        if sudo, !Tool.has("/usr/bin/sudo") { try Test.cancel("sudo is not installed") }
        let machine = try await Machine()
        try await machine.script("chmod 700 home other/.ssh; chmod 600 home/.ssh/*; chmod 755 other/.ssh")
        let (ed25519, rsa) = (try await machine.fingerprint("ed25519"), try await machine.fingerprint("rsa"))
        let ecdsa = try await machine.fingerprint("ecdsa")
        let wanted = [keys(only: [ed25519, rsa]), keys("other", only: [ecdsa]), keys("other", only: [])]
        let found = try await machine.findings(wanted, user: 4242, sudo: sudo)
        #expect(found[0] == (sudo ? .ok : .unreadable(.permissionDenied)))
        #expect(found[1] == .ok)
        #expect(mismatches(found[2]).map(\.type) == [.unexpectedKey])
        // The settings may be private, too.
        try await machine.script("chmod 600 ssh/sshd_config")
        let hidden = try await machine.findings(wanted, user: 4242, sudo: sudo)
        #expect(hidden[1] == (sudo ? .ok : .unreadable(.permissionDenied)))
    }

    /// A home that hangs is its account's trouble alone.
    @Test(arguments: AccountTopicTests.shells) func aHungHomeIsSlow(shell: [String]) async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else { try Test.cancel("there is no FUSE here") }
        let machine = try await Machine()
        let ecdsa = try await machine.fingerprint("ecdsa")
        let found = try await machine.findings(
            [keys(only: []), keys("other", only: [ecdsa]), keys("other", only: []), keys("root", contains: [ecdsa])],
            shell: shell, hanging: "home")
        #expect(Array(found.prefix(2)) == [.unreadable(.slow), .ok])
        #expect(mismatches(found[2]).map(\.type) == [.unexpectedKey])
    }

    /// What is at the place of a file is not opened if it is none, or if another led root there.
    @Test(arguments: [
        ("rm home/.ssh/authorized_keys; mkfifo home/.ssh/authorized_keys", UnreadableReason?.none),
        ("rm home/.ssh/authorized_keys; mkdir home/.ssh/authorized_keys", nil),
        ("rm -r home/.ssh; ln -s /dev home/.ssh", nil), ("rm -r home", nil),
        (
            "mv home/.ssh/authorized_keys x; chown root x; ln -s ../../x home/.ssh/authorized_keys; chown -h 1001 home/.ssh/*",
            .plantedLink
        ),
        ("head -c 1100000 /dev/zero >home/.ssh/authorized_keys", .tooLarge),
    ])
    func strangeFilesAreNotRead(script: String, reason: UnreadableReason?) async throws {
        let machine = try await Machine()
        try await machine.script(script)
        let ecdsa = try await machine.fingerprint("ecdsa")
        let found = try await machine.findings([keys(only: []), keys("other", only: [ecdsa])])
        #expect(found == [reason.map { .unreadable($0) } ?? .ok, .ok])
    }

    @Test func aLinkOfTheAccountsOwnIsFollowed() async throws {
        let machine = try await Machine()
        try await machine.script(
            "mv home/.ssh/authorized_keys home/keys && ln -s ../keys home/.ssh/authorized_keys && chown -h 1001 home/.ssh/*"
        )
        let (ed25519, rsa) = (try await machine.fingerprint("ed25519"), try await machine.fingerprint("rsa"))
        #expect(try await machine.findings([keys(only: [ed25519, rsa], contains: [rsa])]) == [.ok])
    }
}
