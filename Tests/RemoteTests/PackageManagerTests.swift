import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Looks at servers of other package managers than dpkg, whose databases the managers' own programs made.
@Suite struct PackageManagerTests {
    private func root() async throws -> PackageRoot {
        guard geteuid() == 0, await SSHServer.canMakeNamespaces() else {
            try Test.cancel("only root can put another package manager in place here")
        }
        return try PackageRoot()
    }

    private func needs(_ tools: String...) throws {
        for tool in tools where !Tool.has("/usr/bin/\(tool)") { try Test.cancel("there is no \(tool) here") }
    }

    /// The findings for packages, in the order of their names; as `user` where there is one.
    private func findings(
        _ root: PackageRoot, _ packages: [PackageExpectation], as user: Int? = nil, after setUp: String = ""
    ) async throws -> [String: ItemOutcome.Finding] {
        let pack = Pack(name: PackName(rawValue: "base"), expectations: packages.map { Expectation(.package($0)) })
        let facts = try await facts(root, ProbeQuestions(packs: [pack]), as: user, after: setUp)
        let outcomes = Comparison.judge(facts, against: pack, digest: pack.digest).outcomes
        return Dictionary(uniqueKeysWithValues: outcomes.map { ($0.item, $0.finding) })
    }

    private func facts(
        _ root: PackageRoot, _ questions: ProbeQuestions, as user: Int? = nil, after setUp: String = ""
    ) async throws -> Facts {
        let drop = user.map { "setpriv --reuid \($0) --regid \($0) --clear-groups" } ?? ""
        let shell = [
            "/usr/bin/unshare", "-m", "/bin/sh", "-c", "\(root.enter)\n\(setUp)\nexec \(drop) /bin/sh \"$@\"", "sh",
        ]
        return try await TopicLook.facts(questions, shell: shell)
    }

    private func types(_ finding: ItemOutcome.Finding?) -> [MismatchType] {
        if case .wrong(let mismatches) = finding { mismatches.map(\.type) } else { [] }
    }

    private static let rpms = [
        PackageRoot.RPM(name: "kernel", version: "5.14.0", release: "362.el9"),
        .init(name: "kernel", version: "5.14.0", release: "427.el9"),
        .init(name: "bash", version: "5.1.8", release: "9.el9"),
        .init(name: "glibc", version: "2.34", release: "100.el9", architecture: "i686"),
        .init(name: "tzdata", version: "2024a", release: "1.el9", architecture: "noarch", epoch: 1),
        .init(name: "git", version: "2.43.0~rc1^20240101", release: "1"),
    ]

    /// As root and as an account that may only read; in bash, dash and BusyBox.
    @Test(arguments: [
        (Int?.none, ""), (65534, ""), (65534, PackageRoot.withoutBash(in: "/bin/dash")),
        (65534, PackageRoot.withoutBash(in: "busybox sh")),
    ])
    func rpmsDatabaseIsJudged(user: Int?, setUp: String) async throws {
        let root = try await root()
        defer { root.remove() }
        try needs("rpm", "rpmbuild")
        try await root.installRPMs(Self.rpms)
        let found = try await findings(
            root,
            [
                .init(name: "kernel", version: "5.14.0-362.*", minimumVersion: "5.14.0-400"),
                .init(name: "bash", maximumVersion: "5.1.8"), .init(name: "glibc.i686"), .init(name: "glibc.x86_64"),
                .init(name: "tzdata", minimumVersion: "1:2023"), .init(name: "git", minimumVersion: "2.43.0"),
                .init(name: "nginx"), .init(name: "telnet", state: .absent), .init(name: "kernel-core", isHeld: true),
                .init(name: "tzdata.noarch", isHeld: true),
            ], as: user, after: setUp)
        for name in ["kernel", "bash", "glibc.i686", "tzdata", "telnet"] { #expect(found[name] == .ok, "\(name)") }
        for name in ["nginx", "glibc.x86_64", "kernel-core"] {
            #expect(types(found[name]) == [.missingPackage], "\(name)")
        }
        #expect(types(found["git"]) == [.wrongVersion])
        #expect(found["tzdata.noarch"] == .unreadable(.unsupported))
    }

    @Test func aKernelThatIsTooNewIsWrongBesideOneThatIsNot() async throws {
        let root = try await root()
        defer { root.remove() }
        try needs("rpm", "rpmbuild")
        try await root.installRPMs(Self.rpms)
        let found = try await findings(root, [.init(name: "kernel", maximumVersion: "5.14.0-400")])
        guard case .wrong(let mismatches) = found["kernel"] else {
            Issue.record("\(found)")
            return
        }
        #expect(mismatches.map(\.actual) == [["version": "5.14.0-427.el9"]])
    }

    /// An answer of rpm that is not whole shows no package as missing.
    @Test(arguments: [
        "printf 'SQLite format 2' >rpmdb.sqlite", "truncate -s 40000 rpmdb.sqlite", "rm rpmdb.sqlite-*; chmod 0 .",
    ])
    func aDamagedRPMDatabaseIsUnreadable(damage: String) async throws {
        let root = try await root()
        defer { root.remove() }
        try needs("rpm", "rpmbuild")
        try await root.installRPMs(Self.rpms)
        let folder = "\(root.path)/var-lib/rpm"
        try #require(try await Tool.run(script: "\(damage) && echo done", in: folder).contains("done"))
        let found = try await findings(root, [.init(name: "bash"), .init(name: "x", state: .absent)], as: 65534)
        for (name, finding) in found {
            guard case .unreadable = finding else {
                Issue.record("\(name): \(finding)")
                continue
            }
        }
        #expect(found.count == 2)
    }

    /// rpm skips an entry whose digest is wrong, with an error, and exits with 0.
    @Test func anRPMThatIsSkippedMakesTheDatabaseUnreadable() async throws {
        let root = try await root()
        defer { root.remove() }
        try needs("rpm", "rpmbuild", "python3")
        try await root.installRPMs(Self.rpms)
        let file = "\(root.path)/var-lib/rpm/rpmdb.sqlite"
        let script = """
            import sqlite3, sys
            database = sqlite3.connect(sys.argv[1])
            number, blob = database.execute('select hnum, blob from Packages order by hnum limit 1').fetchone()
            place = blob.rindex(b'5.14.0') if b'5.14.0' in blob else len(blob) // 2
            blob = blob[:place] + b'9' + blob[place + 1:]
            database.execute('update Packages set blob = ? where hnum = ?', (blob, number))
            database.commit()
            """
        let changed = try await Tool.run(["/usr/bin/python3", "-c", script, file])
        try #require(changed.status == 0, "\(changed.errorText)")
        let rpm = try await Tool.run(["/usr/bin/rpm", "--dbpath", "\(root.path)/var-lib/rpm", "-qa"])
        try #require(rpm.status == 0 && rpm.errorText.contains("error: "), "\(rpm.text)\(rpm.errorText)")
        let found = try await findings(root, [.init(name: "bash"), .init(name: "x", state: .absent)])
        #expect(found == ["bash": .unreadable(.malformedAnswer), "x": .unreadable(.malformedAnswer)])
    }

    @Test func rpmIsNotAskedWhereItWouldCreateADatabase() async throws {
        let root = try await root()
        defer { root.remove() }
        try needs("rpm")
        try root.write("", to: "var-lib/rpm/x")
        let found = try await findings(root, [.init(name: "bash")], after: "HOME=/var/lib; export HOME")
        #expect(found == ["bash": .unreadable(.unsupported)])
        let left = try FileManager.default.subpathsOfDirectory(atPath: "\(root.path)/var-lib").sorted()
        #expect(left == ["rpm", "rpm/x"])
    }

    private static let pacmanPackages = [
        PackageRoot.PacmanPackage(name: "linux-lts", version: "6.6.30-1"),
        .init(name: "vim", version: "1:9.1.0-2", provides: ["vi", "xxd=9"]),
        .init(name: "gdm", version: "46.0-1.1", groups: ["base", "gnome"]),
        .init(name: "ca-certificates", version: "20240203-1", architecture: "any"),
    ]

    @Test(arguments: ["", PackageRoot.withoutBash(in: "/bin/dash")]) func pacmansDatabaseIsJudged(setUp: String)
        async throws
    {
        let root = try await root()
        defer { root.remove() }
        try needs("pacman")
        try await root.installPacmanPackages(
            Self.pacmanPackages, settings: "IgnorePkg = nothing linux*\nIgnoreGroup = gnome")
        let found = try await findings(
            root,
            [
                .init(name: "linux-lts", version: "6.6.*", isHeld: true),
                .init(name: "vim", minimumVersion: "9.2", isHeld: false),
                .init(name: "gdm", maximumVersion: "46.0", isHeld: true),
                .init(name: "ca-certificates:x86_64", isHeld: true),
                .init(name: "vim:i686"), .init(name: "xxd"), .init(name: "nano", state: .absent),
            ], as: 65534, after: setUp)
        // 1:9.1 is newer than 9.2.
        for name in ["linux-lts", "gdm", "nano", "vim"] { #expect(found[name] == .ok, "\(name)") }
        #expect(types(found["ca-certificates:x86_64"]) == [.wrongHold])
        #expect(types(found["vim:i686"]) == [.missingPackage])
        guard case .wrong(let mismatches) = found["xxd"] else {
            Issue.record("\(found)")
            return
        }
        #expect(mismatches.first?.actual["note"] == "provided by vim: name the package itself")
    }

    @Test(arguments: [
        "rm vim-1:9.1.0-2/desc", "sed -i /NAME/d vim-1:9.1.0-2/desc", "truncate -s 0 vim-1:9.1.0-2/desc",
        "chmod 0 vim-1:9.1.0-2",
    ])
    func aDamagedPacmanDatabaseIsUnreadable(damage: String) async throws {
        let root = try await root()
        defer { root.remove() }
        try needs("pacman")
        try await root.installPacmanPackages(Self.pacmanPackages)
        try #require(
            try await Tool.run(script: "\(damage) && echo done", in: "\(root.path)/var-lib/pacman/local").contains(
                "done"))
        for name in ["vim", "nano", "gdm"] {
            let found = try await findings(root, [.init(name: name)], as: 65534)
            #expect(found == [name: .unreadable(.malformedAnswer)])
        }
    }

    private static let apkPackages = [
        (name: "busybox", version: "1.36.1-r29", provides: "cmd:busybox=1.36.1-r29 /bin/sh ash=1.36.1-r29"),
        (name: "musl", version: "1.2.5_git20240512-r0", provides: "so:libc.musl-x86_64.so.1=1"),
        (name: "nginx", version: "1.26.0_rc1-r2", provides: ""),
    ]

    @Test(arguments: ["", PackageRoot.withoutBash(in: "busybox sh"), "mount --bind /bin/busybox /bin/grep"])
    func apksDatabaseIsJudged(setUp: String) async throws {
        let root = try await root()
        defer { root.remove() }
        try root.writeAPKDatabase(Self.apkPackages, world: "alpine-base\nbusybox=1.36.1-r29\nmusl>1.2\n")
        let found = try await findings(
            root,
            [
                .init(name: "busybox", version: "1.36.1", isHeld: true),
                .init(name: "musl", minimumVersion: "1.2.5", isHeld: true),
                .init(name: "nginx", minimumVersion: "1.26.0"), .init(name: "ash"), .init(name: "not", state: .absent),
            ], as: 65534, after: setUp)
        #expect(found["busybox"] == .ok)
        #expect(types(found["musl"]) == [.wrongHold])
        #expect(types(found["nginx"]) == [.wrongVersion])
        #expect(types(found["ash"]) == [.missingPackage])
        #expect(found["not"] == .ok)
    }

    @Test func apksDatabaseThatMayNotBeReadIsUnreadable() async throws {
        let root = try await root()
        defer { root.remove() }
        try root.writeAPKDatabase(Self.apkPackages, world: "")
        let file = "\(root.path)/usr-lib/apk/db/installed"
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let wanted = [PackageExpectation(name: "busybox"), .init(name: "x", state: .absent)]
        let denied = try await findings(root, wanted, as: 65534)
        #expect(denied == ["busybox": .unreadable(.sudoRefused), "x": .unreadable(.sudoRefused)])
        #expect(try await findings(root, wanted) == ["busybox": .ok, "x": .ok])
    }

    @Test func dpkgComesFirstAndThenTheManagerThatHasPackages() async throws {
        let root = try await root()
        defer { root.remove() }
        try needs("rpm", "dpkg-query")
        try root.writeAPKDatabase(Self.apkPackages, world: "")
        // A database of rpm without a package, as a tool that was once tried leaves it.
        try FileManager.default.createDirectory(
            atPath: "\(root.path)/var-lib/rpm", withIntermediateDirectories: false)
        try #require(await Tool.succeeds(["/usr/bin/rpm", "--dbpath", "\(root.path)/var-lib/rpm", "--initdb"]))
        let wanted = [PackageExpectation(name: "busybox", version: "1.36.1-r29")]
        #expect(try await findings(root, wanted) == ["busybox": .ok])
        try root.write(
            "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21\n\n",
            to: "var-lib/dpkg/status")
        #expect(types(try await findings(root, wanted)["busybox"]) == [.missingPackage])
        #expect(try await findings(root, [.init(name: "dpkg")]) == ["dpkg": .ok])
        // Fedora's dpkg manages nothing.
        try root.write("", to: "var-lib/dpkg/status")
        #expect(try await findings(root, wanted) == ["busybox": .ok])
    }
}
