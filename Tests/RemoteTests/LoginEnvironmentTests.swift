import DriftCore
import Foundation
import TestSupport
import Testing

@testable import Remote

/// What PAM would have given a login, where nobody logs in.
@Suite struct LoginEnvironmentTests {
    /// A root folder with these files.
    private func withRoot<Value>(_ files: [String: String], _ body: (String) async throws -> Value) async throws
        -> Value
    {
        let root = FileManager.default.temporaryDirectory.appending(path: "driftwatch-pam-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in files {
            let file = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return try await body(root.path(percentEncoded: false))
    }

    private static let module = "session required pam_env.so # what Debian has\n"
    private static let variables = """
        # a comment
        A1=plain
        A2="double quoted"
        A3='single'
        A4=with#comment
        A6="x"y
        A7=a"b"c
        A8=
        A9=""
        export B1=exported
          B2=indented
        B3 =blank before
        B4= blank after
        B6=$HOME/x
        B7=back\\slash
        1B=digit first
        B-8=dash
        =noname
        B9
        C1="mixed'
        C2="
        C3=a=b
        C4='it''s'
        export  C6=two
        \tC8=tab
        C9=first
        C9=second

        """

    @Test func variablesAreThoseThatPAMGives() async throws {
        guard geteuid() == 0, Tool.has("/usr/bin/su"), Tool.has("/usr/bin/unshare"),
            FileManager.default.fileExists(atPath: "/etc/pam.d/su")
        else {
            try Test.cancel("this takes root and su")
        }
        try await withRoot(["etc/environment": Self.variables, "etc/pam.d/sshd": Self.module]) { root in
            let script = "mount --bind \"$0/etc/environment\" /etc/environment && exec su root -c 'exec env -0'"
            let said = try await Tool.run(
                ["/usr/bin/unshare", "-m", "/bin/sh", "-c", script, root],
                environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
            guard said.status == 0 else { try Test.cancel("no mount name space: \(said.errorText)") }
            let pairs = said.text.split(separator: "\0").map {
                $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            }
            let given = Dictionary(pairs.map { (String($0[0]), String($0[1])) }) { $1 }
            let read = LoginEnvironment(below: root, home: nil)
            let mine = Set(["A", "B", "C", "1"])
            #expect(read.variables == given.filter { mine.contains(String($0.key.prefix(1))) && $0.key != "COLORTERM" })
            #expect(read.variables.count > 15)
            #expect(read.undecided.isEmpty)
        }
    }

    @Test(
        arguments: [
            (["etc/pam.d/sshd": module], ["FROM": "environment"]),
            (["etc/pam.d/login": module], ["FROM": "environment"]),
            (["etc/pam.d/sshd": "session required pam_permit.so\n", "etc/pam.d/login": module], [:]),
            ([:], [:]),
            (["etc/pam.d/sshd": "#" + module], [:]),
            (["etc/pam.d/sshd": "session required pam_env.so readenv=0\n"], [:]),
            (["etc/pam.d/sshd": "session required pam_env.so envfile=/etc/other\n"], ["FROM": "other"]),
            (["etc/pam.d/sshd": module + "session required pam_env.so envfile=/etc/other\n"], ["FROM": "other"]),
            (["etc/pam.d/sshd": "@include common\n", "etc/pam.d/common": module], ["FROM": "environment"]),
            (
                ["etc/pam.d/sshd": "auth substack common\n", "etc/pam.d/common": "auth required pam_env.so\n"],
                ["FROM": "environment"]
            ),
            (
                ["etc/pam.d/sshd": "-session [success=ok default=die] /lib/security/pam_env.so\n"],
                ["FROM": "environment"]
            ),
            (["etc/pam.d/sshd": "@include sshd\n" + module], ["FROM": "environment"]),
            (["etc/pam.d/sshd": "session include common\n", "etc/pam.d/common": module], ["FROM": "environment"]),
            (["etc/pam.d/sshd": "account required pam_env.so\npassword required pam_env.so\n"], [:]),
        ] as [([String: String], [String: String])])
    func filesAreThoseThatPAMReads(files: [String: String], variables: [String: String]) async throws {
        let all = files.merging(["etc/environment": "FROM=environment\n", "etc/other": "FROM=other\n"]) { $1 }
        try await withRoot(all) { root in
            #expect(LoginEnvironment(below: root, home: nil).variables == variables)
        }
    }

    @Test(arguments: [
        "A=x ", "A=x # comment", "A=x\\", "A=\(String(repeating: "x", count: 1000))", "A=\u{FFFD}", "A=x\r",
        "A=x\t", "A=x\0y",
    ])
    func whatPAMsVersionsDifferOnIsNotGuessed(line: String) async throws {
        try await withRoot(["etc/pam.d/sshd": Self.module, "etc/environment": line + "\n"]) { root in
            let read = LoginEnvironment(below: root, home: nil)
            #expect(read.variables.isEmpty)
            #expect(read.undecided == ["A"])
        }
    }

    @Test func whatOnlyPAMKnowsIsUnreadableWhereTheShellDoesNotSetIt() async throws {
        let module = "session required pam_env.so user_readenv=1\n"
        let files = [
            "etc/pam.d/sshd": module, "etc/security/pam_env.conf": "# X DEFAULT=y\nDISPLAY DEFAULT=@{PAM_RHOST}:0\n",
            "home/.pam_environment": "MINE DEFAULT=1\n",
        ]
        try await withRoot(files) { root in
            var seen: [String: SettingFact] = [
                "DISPLAY": .unset, "MINE": .unset, "X": .unset, "EDITOR": .value("vim"), "OTHER": .unset,
            ]
            LoginEnvironment(below: root, home: root + "/home").correct(&seen)
            #expect(
                seen == [
                    "DISPLAY": .unreadable(.unsupported), "MINE": .unreadable(.unsupported), "X": .unset,
                    "EDITOR": .value("vim"), "OTHER": .unset,
                ])
            var set: [String: SettingFact] = ["DISPLAY": .value(":1")]
            LoginEnvironment(below: root, home: nil).correct(&set)
            #expect(set == ["DISPLAY": .value(":1")])
        }
    }

    @Test(arguments: [
        ("", ["DEFAULT"]), (" conffile=/etc/own.conf", ["OWN"]), (" user_readenv=0", ["DEFAULT"]),
        (" user_readenv=1", ["DEFAULT", "MINE"]),
    ])
    func itsSettingsAreThoseThatTheModuleNames(options: String, undecided: [String]) async throws {
        let files = [
            "etc/pam.d/sshd": "session required pam_env.so\(options)\n",
            "etc/security/pam_env.conf": "DEFAULT DEFAULT=1\n", "etc/own.conf": "OWN DEFAULT=1\n",
            "home/.pam_environment": "MINE DEFAULT=1\n",
        ]
        try await withRoot(files) { root in
            #expect(LoginEnvironment(below: root, home: root + "/home").undecided == Set(undecided))
        }
    }

    @Test func aLaterLineThatIsPlainDecides() async throws {
        let files = ["etc/pam.d/sshd": Self.module, "etc/environment": "A=x \nA=y\nB=y\nB=x \n"]
        try await withRoot(files) { root in
            let read = LoginEnvironment(below: root, home: nil)
            #expect(read.variables == ["A": "y"], "what B has is not known")
            #expect(read.undecided == ["B"])
            var seen: [String: SettingFact] = ["B": .unset]
            read.correct(&seen)
            #expect(seen == ["B": .unreadable(.unsupported)])
        }
    }

    @Test func whatALaterFileMayChangeIsNotKnown() async throws {
        let files = [
            "etc/pam.d/sshd": "session required pam_env.so user_readenv=1\n", "etc/environment": "MINE=1\nOTHER=1\n",
        ]
        let settings = files.merging(["home/.pam_environment": "MINE DEFAULT=2\n"]) { $1 }
        try await withRoot(settings) { root in
            let read = LoginEnvironment(below: root, home: root + "/home")
            #expect(read.variables == ["OTHER": "1"])
            #expect(read.undecided == ["MINE"])
        }
        try await withRoot(files.merging(["home/.pam_environment/x": ""]) { $1 }) { root in
            let read = LoginEnvironment(below: root, home: root + "/home")
            #expect(read.variables.isEmpty)
            #expect(read.isPartlyHidden)
        }
    }

    @Test func aFileWithoutEndLeavesNothingUnset() async throws {
        let files = [
            "etc/pam.d/sshd": Self.module, "etc/environment": "A=1\n" + String(repeating: "# x\n", count: 300_000),
        ]
        try await withRoot(files) { root in
            var seen: [String: SettingFact] = ["A": .unset]
            LoginEnvironment(below: root, home: nil).correct(&seen)
            #expect(seen == ["A": .unreadable(.permissionDenied)])
        }
    }

    @Test func aFileThatWeMayNotReadLeavesNothingUnset() async throws {
        // A folder stands for a file that cannot be read, whoever we are.
        try await withRoot(["etc/pam.d/sshd": Self.module, "etc/environment/x": ""]) { root in
            var seen: [String: SettingFact] = ["A": .unset, "B": .value("")]
            LoginEnvironment(below: root, home: nil).correct(&seen)
            #expect(seen == ["A": .unreadable(.permissionDenied), "B": .value("")])
        }
    }

    @Test func aLookAtThisMachineHasWhatALoginWouldHave() async throws {
        #expect(Tool.ignoresBrokenPipes)
        let id = ServerID(rawValue: "here")
        let names = ["DRIFTWATCH_PAM_HOME", "DRIFTWATCH_PAM_ODD", "DRIFTWATCH_PAM_NOT"]
        let files = [
            "etc/pam.d/login": Self.module,
            "etc/environment": "DRIFTWATCH_PAM_HOME=\"/usr/lib/jvm/default\"\nDRIFTWATCH_PAM_ODD=x \n",
        ]
        try await withRoot(files) { root in
            let prober = RemoteProber(localServers: [id], localRoot: root)
            let target = ProbeTarget(serverID: id, connection: .local, address: "here")
            let facts = try await prober.probe(target, asking: ProbeQuestions(environment: names))
            #expect(
                facts.environment == [
                    names[0]: .value("/usr/lib/jvm/default"), names[1]: .unreadable(.unsupported), names[2]: .unset,
                ])
        }
    }
}
