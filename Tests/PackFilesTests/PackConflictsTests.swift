import DriftCore
import PackFiles
import Testing

/// What two packs of one server, or two items of one, can never both have.
struct PackConflictsTests {
    typealias File = FileExpectation

    private static func pack(_ name: String, _ subjects: DriftCore.Expectation.Subject...) -> Pack {
        Pack(name: PackName(rawValue: name), expectations: subjects.map { Expectation($0) })
    }

    private static func problems(_ one: DriftCore.Expectation.Subject, _ other: DriftCore.Expectation.Subject)
        -> [Problem]
    {
        let packs = [pack("a", one), pack("b", other)]
        let server = Server(id: ServerID(rawValue: "web-1"), packs: packs.map(\.name))
        return PackConflicts(
            packs: Dictionary(packs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }), places: [:]
        ).problems(of: [server])
    }

    private static func setting(in file: String) -> DriftCore.Expectation.Subject {
        .setting(SettingExpectation(name: "P", expected: "no", kind: .config, file: file))
    }

    static let contradictions: [(DriftCore.Expectation.Subject, DriftCore.Expectation.Subject)] = [
        (.file(File(path: "/a", mode: 0o644)), .file(File(path: "/a", mode: 0o600))),
        (.mount(MountExpectation(path: "/a")), .mount(MountExpectation(path: "/a", state: .absent))),
        (.mount(MountExpectation(path: "/a", type: "xfs")), .mount(MountExpectation(path: "/a", type: "ext4"))),
        (
            .mount(MountExpectation(path: "/a", options: ["exec"])),
            .mount(MountExpectation(path: "/a", options: ["noexec"]))
        ),
        (.mount(MountExpectation(path: "/a", options: ["ro"])), .mount(MountExpectation(path: "/a", options: ["rw"]))),
        (.file(File(path: "/a", owner: "root")), .file(File(path: "/a", owner: "alice"))),
        (.file(File(path: "/a", owner: "0")), .file(File(path: "/a", owner: "1000"))),
        (.file(File(path: "/a", owner: "root")), .file(File(path: "/a", owner: "1000"))),
        (.file(File(path: "/a", group: "adm")), .file(File(path: "/a", group: "root"))),
        (.file(File(path: "/a", state: .absent)), .file(File(path: "/a"))),
        (.file(File(path: "/a", state: .absent)), .file(File(path: "/a", state: .symlink, target: "/b"))),
        (.file(File(path: "/a", state: .directory)), .file(File(path: "/a", state: .file))),
        (
            .file(File(path: "/a", state: .symlink, target: "/b")),
            .file(File(path: "/a", state: .symlink, target: "/c"))
        ),
        (
            .file(File(path: "/a", content: .template(name: "x", bytes: [1]))),
            .file(File(path: "/a", content: .hash(SHA256Digest(of: [2]))))
        ),
        (.file(File(path: "/a", state: .absent)), .file(File(path: "/a/b/c"))),
        (.file(File(path: "/a/b", state: .directory)), .file(File(path: "/a"))),
        (.file(File(path: "/etc/x", state: .absent)), setting(in: "/etc/x")),
        (.file(File(path: "/etc/x", state: .directory)), setting(in: "/etc/x")),
        (.file(File(path: "/etc", state: .absent)), setting(in: "/etc/x")),
        (.file(File(path: "/etc", state: .file)), setting(in: "/etc/x")),
        (.package(PackageExpectation(name: "x:i386")), .package(PackageExpectation(name: "x", state: .absent))),
        (
            .package(PackageExpectation(name: "x:any", minimumVersion: "2")),
            .package(PackageExpectation(name: "x", state: .absent))
        ),
        (.file(File(path: "~/.ssh", state: .absent)), .file(File(path: "~/.ssh/config"))),
        (.package(PackageExpectation(name: "x")), .package(PackageExpectation(name: "x", state: .absent))),
        (.package(PackageExpectation(name: "x", isHeld: true)), .package(PackageExpectation(name: "x", isHeld: false))),
        (
            .package(PackageExpectation(name: "x", minimumVersion: "2")),
            .package(PackageExpectation(name: "x", maximumVersion: "1.9"))
        ),
        (
            .package(PackageExpectation(name: "x", maximumVersion: "1.0_rc1-r1")),
            .package(PackageExpectation(name: "x", minimumVersion: "1.0_rc1-r2"))
        ),
        (
            .setting(SettingExpectation(name: "E", expected: "vim", kind: .environmentVariable)),
            .setting(SettingExpectation(name: "E", expected: "vi", kind: .environmentVariable))
        ),
        (
            .setting(SettingExpectation(name: "P", expected: "no", kind: .config, file: "/etc/x")),
            .setting(SettingExpectation(name: "P", expected: "yes", kind: .config, file: "/etc/x"))
        ),
        (
            .service(ServiceExpectation(name: "s.service", enabled: true)),
            .service(ServiceExpectation(name: "s.service", enabled: false))
        ),
        (
            .service(ServiceExpectation(name: "s.service", running: true)),
            .service(ServiceExpectation(name: "s.service", enabled: true, running: false))
        ),
    ]

    @Test(arguments: contradictions)
    func whatCanNeverBothHoldIsAnErrorInEitherOrder(
        _ one: DriftCore.Expectation.Subject, _ other: DriftCore.Expectation.Subject
    ) throws {
        for (one, other) in [(one, other), (other, one)] {
            let problem = try #require(Self.problems(one, other).first)
            #expect(problem.severity == .error)
            #expect(problem.message.contains("web-1 has both packs"), "\(problem)")
        }
    }

    static let compatible: [(DriftCore.Expectation.Subject, DriftCore.Expectation.Subject)] = [
        (.file(File(path: "/a", mode: 0o644)), .file(File(path: "/a", mode: 0o644))),
        (.file(File(path: "/a", mode: 0o644)), .file(File(path: "/a", owner: "root"))),
        (.file(File(path: "/a", mode: 0o644)), .file(File(path: "/b", mode: 0o600))),
        (.file(File(path: "/a", owner: "root")), .file(File(path: "/a", owner: "0"))),
        (.file(File(path: "/a", owner: "alice")), .file(File(path: "/a", owner: "1000"))),
        (.file(File(path: "/a", owner: "1000")), .file(File(path: "/a", owner: "1000"))),
        (.file(File(path: "/a", state: .symlink, target: "/b")), .file(File(path: "/a", owner: "root"))),
        (
            .file(File(path: "/a", state: .symlink, owner: "root", target: "/b")),
            .file(File(path: "/a", owner: "alice"))
        ),
        (.file(File(path: "/etc/x", owner: "root")), setting(in: "/etc/x")),
        (.file(File(path: "/etc/x", state: .symlink, target: "y")), setting(in: "/etc/x")),
        (.file(File(path: "/etc", state: .directory)), setting(in: "/etc/x")),
        (.file(File(path: "/etc/x/y", state: .absent)), setting(in: "/etc/x")),
        (.package(PackageExpectation(name: "x")), .package(PackageExpectation(name: "x:i386", state: .absent))),
        (
            .package(PackageExpectation(name: "x:amd64")),
            .package(PackageExpectation(name: "x:i386", state: .absent))
        ),
        (
            .package(PackageExpectation(name: "x:i386", state: .absent)),
            .package(PackageExpectation(name: "x", state: .absent))
        ),
        (.file(File(path: "/a", state: .symlink, target: "/b")), .file(File(path: "/a/x"))),
        (
            .file(File(path: "/a", content: .template(name: "x", bytes: [1]))),
            .file(File(path: "/a", content: .hash(SHA256Digest(of: [1]))))
        ),
        (.file(File(path: "/a", content: .hash(SHA256Digest(of: [1])), show: .hidden)), .file(File(path: "/a"))),
        (.file(File(path: "/a", state: .absent)), .file(File(path: "/a/b", state: .absent))),
        (.file(File(path: "/a", state: .absent)), .file(File(path: "/ab"))),
        (.file(File(path: "/a", state: .directory)), .file(File(path: "/a/b"))),
        (
            .package(PackageExpectation(name: "x", minimumVersion: "2")),
            .package(PackageExpectation(name: "x", minimumVersion: "3"))
        ),
        (
            .setting(SettingExpectation(name: "E", expected: "a", kind: .environmentVariable)),
            .setting(SettingExpectation(name: "E", expected: "b", kind: .sysctl))
        ),
        (
            .service(ServiceExpectation(name: "s.service", enabled: true)),
            .service(ServiceExpectation(name: "s.service", running: false))
        ),
    ]

    @Test(arguments: compatible)
    func whatMayBothHoldIsFine(_ one: DriftCore.Expectation.Subject, _ other: DriftCore.Expectation.Subject) {
        #expect(Self.problems(one, other) == [])
        #expect(Self.problems(other, one) == [])
    }

    @Test
    func anErrorNamesBothPlacesAndTheServers() throws {
        let inventory = SourceFile(
            path: "fleet.yaml",
            text: """
                defaults: { packs: [base, web] }
                servers: [{ id: s1 }, { id: s2 }, { id: s3 }, { id: s4 }, { id: s5 }, { id: alone, packs: [web] }]
                """)
        let base = SourceFile(
            path: "packs/base.yaml", text: "items:\n  files:\n    - { path: /etc/motd, mode: \"0644\" }\n")
        let web = SourceFile(
            path: "packs/web.yaml", text: "items:\n  files:\n\n    - { path: /etc/motd, mode: \"0600\" }\n")
        let found = #expect(throws: ConfigurationProblems.self) {
            _ = try ConfigurationLoader.load(inventory: inventory, packs: [base, web])
        }
        #expect(
            found?.errors.map(\.description) == [
                "packs/web.yaml:4: error: `/etc/motd` cannot be both: mode 0600 in pack `web`,"
                    + " mode 0644 in pack `base` (packs/base.yaml:3); s1, s2, s3 and 2 more have both packs"
                    + " (change one of the two items, or assign one of the two packs only)"
            ])
        // Nobody has both.
        _ = try ConfigurationLoader.load(packs: [base, web])
    }

    @Test
    func whatAChildOverridesContradictsItsParentOnlyWhereAServerHasBoth() throws {
        let base = SourceFile(
            path: "packs/base.yaml", text: "items:\n  files:\n    - { path: /etc/motd, mode: \"0644\" }\n")
        let web = SourceFile(
            path: "packs/web.yaml",
            text: "extends: base\nitems:\n  files:\n    - { path: /etc/motd, mode: \"0600\" }\n")
        func load(_ packs: String) throws {
            let inventory = SourceFile(path: "fleet.yaml", text: "servers: [{ id: s1, packs: \(packs) }]")
            _ = try ConfigurationLoader.load(inventory: inventory, packs: [base, web])
        }
        try load("[web]")
        #expect(throws: ConfigurationProblems.self) { try load("[base, web]") }
    }

    @Test
    func onePackMayContradictItselfToo() {
        let pack = SourceFile(
            path: "packs/base.yaml",
            text: """
                items:
                  files:
                    - { path: /srv/www, state: absent }
                    - { path: /srv/www/index.html }
                """)
        let found = #expect(throws: ConfigurationProblems.self) { _ = try ConfigurationLoader.load(packs: [pack]) }
        #expect(found?.errors.first?.message.contains("`/srv/www/index.html` cannot be both") == true)
    }
}
