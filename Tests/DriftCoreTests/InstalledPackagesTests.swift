import Testing

@testable import DriftCore

/// The lists of rpm, apk and pacman, as the probe sends them.
@Suite struct InstalledPackagesTests {
    private func list(_ text: String) -> InstalledPackages {
        InstalledPackages(text.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.utf8)[...] })
    }

    @Test func rpmsListIsRead() throws {
        let list = list(
            """
            manager rpm
            warning: Found bdb_ro Packages database while attempting sqlite backend
            + kernel 5.14.0-427.el9 x86_64
            + kernel 5.14.0-362.el9 x86_64
            + gpg-pubkey fd431d51-4ae0493b (none)
            + tzdata 1:2024a-1.el9 noarch
            complete rpm -
            """)
        #expect(!list.isBroken)
        #expect(
            list.database
                == PackageDatabase(
                    .rpm,
                    [
                        "kernel": [
                            .init(version: "5.14.0-427.el9", architecture: "x86_64"),
                            .init(version: "5.14.0-362.el9", architecture: "x86_64"),
                        ], "tzdata": [.init(version: "1:2024a-1.el9", architecture: "noarch")],
                    ]))
    }

    @Test func apksListIsRead() throws {
        let list = list(
            """
            manager apk
            world-read
            world alpine-base
            world busybox=1.36.1-r29
            world curl@edge musl>1.2
            world nginx~1.26 openssl<3.4
            world !telnetd
            world zlib>=1.3
            world local><Q1abc=
            P:busybox
            V:1.36.1-r29
            A:x86_64
            p:cmd:busybox=1.36.1-r29 /bin/sh so:x.so=1 ash=1.36.1-r29

            P:musl
            V:1.2.5-r0
            A:x86_64

            P:.build-deps
            V:20240101.120000

            P:nginx
            V:1.26.0_rc1-r2
            A:x86_64

            P:curl
            V:8.5.0-r0
            A:x86_64

            P:local
            V:1
            A:noarch
            complete apk -
            """)
        #expect(!list.isBroken)
        let database = try #require(list.database)
        #expect(database.manager == .apk)
        #expect(database.packages["busybox"] == [.init(isHeld: true, version: "1.36.1-r29", architecture: "x86_64")])
        #expect(
            database.packages[".build-deps"] == [.init(isHeld: false, version: "20240101.120000", architecture: "")])
        let held = database.packages.filter { $0.value[0].isHeld == true }.keys.sorted()
        #expect(held == ["busybox", "local", "nginx"])
        #expect(database.providers == ["/bin/sh": ["busybox"], "ash": ["busybox"]])
    }

    @Test func pacmansListIsRead() throws {
        let list = list(
            """
            manager pacman
            conf-read
            conf DBPath = /var/lib/pacman/
            conf IgnorePkg = linux*
            conf IgnoreGroup = gnome
            %NAME%
            linux-lts

            %VERSION%
            6.6.1-1

            %ARCH%
            x86_64

            %PROVIDES%
            KSMBD-MODULE
            VIRTUALBOX-GUEST-MODULES=1

            %NAME%
            gdm

            %VERSION%
            1:45.0-1

            %ARCH%
            x86_64

            %GROUPS%
            base
            gnome

            %NAME%
            vim

            %VERSION%
            9.1-1

            %ARCH%
            any

            complete pacman 3
            """)
        #expect(!list.isBroken)
        #expect(
            list.database
                == PackageDatabase(
                    .pacman,
                    [
                        "linux-lts": [.init(isHeld: true, version: "6.6.1-1", architecture: "x86_64")],
                        "gdm": [.init(isHeld: true, version: "1:45.0-1", architecture: "x86_64")],
                        "vim": [.init(isHeld: false, version: "9.1-1", architecture: "any")],
                    ],
                    providers: ["KSMBD-MODULE": ["linux-lts"], "VIRTUALBOX-GUEST-MODULES": ["linux-lts"]]))
    }

    @Test(arguments: [
        "manager apk\nP:a\nV:1\nA:x\ncomplete apk -",
        "manager pacman\n%NAME%\na\n\n%VERSION%\n1\n\ncomplete pacman 1",
        "manager pacman\nconf-read\nconf IgnorePkg = [ab]*\n%NAME%\na\n\n%VERSION%\n1\n\ncomplete pacman 1",
    ])
    func withoutTheSettingsNoHoldIsKnown(text: String) {
        #expect(list(text).database?.packages["a"]?.map(\.isHeld) == [nil])
        #expect(!list(text).isBroken)
    }

    @Test func theFirstListThatIsNotEmptyCounts() {
        let empty = "manager rpm\n+ gpg-pubkey fd431d51-4ae0493b (none)\ncomplete rpm -\n"
        let apk = "manager apk\nP:a\nV:1\nA:x\n\ncomplete apk -\n"
        let pacman = "manager pacman\n%NAME%\na\n\n%VERSION%\n2\n\ncomplete pacman 1\n"
        #expect(list(empty + apk + pacman).database?.manager == .apk)
        #expect(list(empty + "manager pacman\ncomplete pacman 0").database == nil)
        #expect(!list(empty + "manager pacman\ncomplete pacman 0").isBroken)
        #expect(list("").database == nil)
        #expect(!list("").isBroken)
    }

    @Test(arguments: [
        // The end is missing, or another list's.
        "manager rpm\n+ a 1-1 x", "manager rpm\n+ a 1-1 x\ncomplete apk -", "manager rpm\nmanager apk\ncomplete apk -",
        "+ a 1-1 x", "complete rpm -", "manager dpkg\ncomplete dpkg -", "manager yum\ncomplete yum -",
        "manager rpm\n+ a 1-1 x\ncomplete rpm",
        // rpm skipped an entry, or says something else.
        "manager rpm\n+ a 1-1 x\nerror: rpmdbNextIterator: skipping h#       2\ncomplete rpm -",
        "manager rpm\n+ a 1-1\ncomplete rpm -", "manager rpm\n+ a  x\ncomplete rpm -",
        "manager rpm\n+  1-1 x\ncomplete rpm -",
        "manager rpm\n+ a\u{1} 1-1 x\ncomplete rpm -", "manager rpm\n+ é 1-1 x\ncomplete rpm -",
        "manager rpm\n+ a 1-1 x\nP:b\ncomplete rpm -",
        // A field is missing, or there twice.
        "manager apk\nV:1\nA:x\n\ncomplete apk -", "manager apk\nP:a\nA:x\n\ncomplete apk -",
        "manager apk\nP:a\nV:1\nV:2\n\ncomplete apk -", "manager apk\nP:a\nP:b\nV:1\n\ncomplete apk -",
        "manager apk\nP:a b\nV:1\n\ncomplete apk -", "manager apk\nnonsense\ncomplete apk -",
        "manager apk\nP:a\nV:\n\ncomplete apk -",
        // A folder without its file, or a file without its sections.
        "manager pacman\n%NAME%\na\n\n%VERSION%\n1\n\ncomplete pacman 2",
        "manager pacman\n%NAME%\na\n\ncomplete pacman 1",
        "manager pacman\n%VERSION%\n1\n\ncomplete pacman 1",
        "manager pacman\n%NAME%\na\nb\n\n%VERSION%\n1\n\ncomplete pacman 1",
        "manager pacman\n%NAME%\na\n\n%VERSION%\n1\n\n%VERSION%\n2\n\ncomplete pacman 1",
        "manager pacman\n%NAME%\n\n%VERSION%\n1\n\ncomplete pacman 1", "manager pacman\nnonsense\ncomplete pacman 0",
        "manager pacman\n%NAME%\na\n\n%VERSION%\n1\n\n%FILES%\nx\n\ncomplete pacman 1",
        "manager pacman\n%NAME%\na\n\n%VERSION%\n1\n\ncomplete pacman -1",
    ])
    func nonsenseBreaksTheList(text: String) { #expect(list(text).isBroken, "\(text)") }

    /// The whole list is unreadable then: not even what is absent is known.
    @Test func aBrokenListProvesNothing() {
        var facts = Facts(packages: .unreadable(.unsupported))
        let lines = "manager rpm\n+ a 1-1 x\nerror: damaged\ncomplete rpm -".split(separator: "\n").map {
            Array($0.utf8)[...]
        }
        facts.topics.read(InstalledPackages.self, lines)
        for state in Presence.allCases {
            #expect(judge(.package(.init(name: "a", state: state)), facts) == .unreadable(.malformedAnswer))
            #expect(judge(.package(.init(name: "b", state: state)), facts) == .unreadable(.malformedAnswer))
        }
    }

    @Test(arguments: [
        (PackageFacts.unreadable(.unsupported), UnreadableReason?.some(.slow), UnreadableReason.slow),
        (.unreadable(.unsupported), .unsupported, .unsupported), (.unreadable(.unsupported), nil, .unsupported),
        (.unreadable(.readError), .malformedAnswer, .readError), (.unreadable(.readError), nil, .readError),
        (.unreadable(.malformedAnswer), .malformedAnswer, .malformedAnswer), (.notAsked, nil, .malformedAnswer),
    ])
    func theReasonIsThatOfTheManagerThatIsThere(
        dpkg: PackageFacts, others: UnreadableReason?, reason: UnreadableReason
    ) {
        var facts = Facts(packages: dpkg)
        if let others {
            facts.topics.miss(InstalledPackages.self, because: others)
        } else {
            facts.topics.read(InstalledPackages.self, [])
        }
        #expect(judge(.package(.init(name: "a")), facts) == .unreadable(reason))
    }
}
