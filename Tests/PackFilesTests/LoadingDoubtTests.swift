import DriftCore
import PackFiles
import Testing

/// What is written as if something expanded, split or unquoted it, and what a person cannot see.
@Suite("What a pack can hardly mean") struct LoadingDoubtTests {
    struct Case: CustomTestStringConvertible, Sendable {
        /// Within double quotes.
        var path: String
        var says: [String]
        var testDescription: String { path }

        init(_ path: String, _ says: String...) {
            self.path = path
            self.says = says
        }
    }

    private static func pack(_ section: String, _ fields: String) -> String {
        "items:\n  \(section):\n    - { \(fields) }\n"
    }

    /// The only problem of a pack with one item on line 3.
    private func problem(_ section: String, _ fields: String) throws -> Problem? {
        let text = Self.pack(section, fields)
        let found: [Problem]
        do { found = try loadPack(text).warnings } catch let error as ConfigurationProblems { found = error.problems }
        #expect(found.count <= 1, "\(found)")
        #expect(found.allSatisfy { $0.line == 3 }, "\(found)")
        return found.first
    }

    @Test(arguments: [
        Case("/etc/cron.d/*", "has `*`, and patterns are not expanded", "name each file"),
        Case("/etc/cron.d/php?", "has `?`"), Case("/etc/rc[0-6].d", "has `[…]`"),
        Case("/etc/{a,b}.conf", "has `{a,b}`, and braces are not expanded"), Case("/srv/www{1..3}", "has `{1..3}`"),
        Case("/home/$USER/.netrc", "has `$`, and variables are not expanded", "write the value"),
        Case("/etc/cron.d/!(keep)", "has `!(`, and patterns are not expanded", "name each file"),
        Case("/etc/cron.d/+(a|b)", "has `+(`"), Case("/etc/cron.d/@(a|b).conf", "has `@(`"),
        Case("/srv/(a|b)", "has `(…|…)`, and patterns are not expanded"),
        Case("/home/@USER@/x", "has a placeholder between @ and @", "write what it stands for"),
        Case("/srv/$_x", "has `$`"), Case("/srv/$@", "has `$`"), Case("/srv/${A,,}", "has `$`"),
        Case("/etc/'motd", "has quotation marks within"), Case("/etc/motd'", "has quotation marks within"),
        Case("/home/${USER}/.netrc", "has `$`"), Case("/srv/$(hostname)", "has `$`"),
        Case("/etc/motd$", "has a `$` at the end"), Case("/etc/$/motd", "has a `$` at the end"),
        Case("/home/$$/x", "has `$$`, and nothing is expanded: the name would have both", "or one `$`"),
        Case("/run/x.$$", "has `$$`"),
        Case("/home/`whoami`/x", "a backtick, and commands are not run"),
        Case("/run/user/%i", "has `%i`, and such signs are not expanded"), Case("~/%h", "has `%h`"),
        Case("/srv/My%20Files", "has `%2`"), Case("/srv/100%%", "has `%%`"),
        Case("/srv/my\\\\ files", "has a backslash", "between quotes"), Case("/etc/cron\\\\.d", "has a backslash"),
        Case("/etc\\\\motd", "has a backslash"),
        Case("/etc/\\\"motd\\\"", "has quotation marks within the path"), Case("/etc/'motd'", "has quotation marks"),
        Case("/etc/motd ", "has a blank at the edge of a name"), Case("/etc/ motd", "has a blank at the edge"),
        Case("/etc/motd, /etc/issue", "has `,` at the end of a name", "write an item for each"),
        Case("/etc/motd:/etc/issue", "has `:` at the end"), Case("/etc/motd;", "has `;` at the end"),
        Case("/etc/motd /etc/issue", "has a blank at the edge"),
        Case("/etc/motd# the banner", "has a comment within the path"),
        Case("/home/<user>/.netrc", "has a placeholder"), Case("/etc/.../motd", "is abbreviated with `...`"),
        Case("/~/.netrc", "has `~` in the middle", "begin with ~/"), Case("/home/deploy/~/x", "has `~` in the middle"),
        Case("~/~", "has `~` in the middle"),
        Case("/ect/motd", "lies in /ect", "did you mean /etc?"), Case("/Etc/motd", "did you mean /etc?"),
        Case("/VAR/log", "did you mean /var?"), Case("/urs/bin/x", "did you mean /usr?"),
        Case("/etc/m\\u043Etd", "U+043E CYRILLIC SMALL LETTER O, which looks like `o`", "type a plain `o`"),
        Case("/etc/\\u0441\\u043E\\u0440", "U+0441 CYRILLIC SMALL LETTER ES, which looks like `c`"),
        Case("/etc/\\u039Cotd", "U+039C GREEK CAPITAL LETTER MU, which looks like `M`"),
        Case("/etc/\\uFF4Dotd", "U+FF4D FULLWIDTH LATIN SMALL LETTER M, which looks like `m`"),
        Case("/etc/foo\\u2013bar", "U+2013 EN DASH, which looks like `-`"), Case("/etc/con\\uFB01g", "`fi`"),
        Case("/etc/it\\u2019s", "U+2019 RIGHT SINGLE QUOTATION MARK"), Case("/etc\\u2215motd", "U+2215 DIVISION SLASH"),
        Case("/srv/e\\u0301te", "U+0301 COMBINING ACUTE ACCENT", "differs from the name"),
        Case("/srv/300\\u212A", "U+212A KELVIN SIGN, which looks like `K`"),
    ])
    func isAWarningAndWithAbsentAnError(example: Case) throws {
        for (state, severity) in [("file", Problem.Severity.warning), ("absent", .error)] {
            let found = try #require(try problem("files", "path: \"\(example.path)\", state: \(state)"))
            #expect(found.severity == severity)
            for part in example.says { #expect(found.description.contains(part), "\(found)") }
            #expect(found.hint?.hasSuffix("if you really mean this, add literal: true") == true)
            #expect(found.message.contains("never be wrong") == (state == "absent"))
        }
        for state in ["file", "absent"] {
            #expect(try problem("files", "path: \"\(example.path)\", state: \(state), literal: true") == nil)
        }
    }

    @Test(
        arguments: [
            "/usr/bin/[", "/etc/systemd/system/dev-disk-by\\\\x2duuid.mount", "/etc/a b c", "/srv/документы/сор",
            "/srv/été",
            "/etc/foo.d/50%", "/srv/webсервер", "/opt/C++/x", "/etc/#motd#", "/srv/o'brien", "/srv/日本語１",
            "/etc/passwd-",
            "/etc/a,b", "/srv/a:b", "/srv/Ελλάδα/αρχείο", "/data/x", "/usr/lib/libc.so.6", "/etc/$", "~/.config/x@y",
            "/lost+found", "/srv/{a}", "/src/x", "/srv/~backup", "/home/a~", "/var/lib/x=y",
            "/srv/a[]", "/srv/Photos (2024)", "/srv/a|b", "/srv/x!(", "/srv/me@home/@x", "/srv/@1@", "/srv/go/a@v1.0@x",
        ].filter { $0 != "/etc/$" })
    func oddButUsualPathsAreFine(path: String) throws {
        for state in ["file", "absent"] { #expect(try problem("files", "path: \"\(path)\", state: \(state)") == nil) }
    }

    @Test(arguments: [
        Case("/etc/motd\\u00A0", "a character that looks like a space, U+00A0 NO-BREAK SPACE"),
        Case("/etc/mo\\u200Btd", "a character that cannot be seen, U+200B ZERO WIDTH SPACE", "remove it"),
        Case("/etc/mo\\u00ADtd", "U+00AD SOFT HYPHEN"), Case("/etc/\\u202Edtom", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        Case("/etc/motd\\u200D", "U+200D ZERO WIDTH JOINER"), Case("/etc/a\\tb", "U+0009"),
    ])
    func whatCannotBeSeenIsAnErrorUnlessItIsLiteral(example: Case) throws {
        let found = try #require(try problem("files", "path: \"\(example.path)\""))
        #expect(found.severity == .error)
        for part in example.says { #expect(found.description.contains(part), "\(found)") }
        #expect(try problem("files", "path: \"\(example.path)\", literal: true") == nil)
    }

    @Test(arguments: ["/etc/a\\nb", "/etc/a\\0b", "/etc/a\\e[0m", "/etc/a\\u2028b", "relative", "/a/../b"])
    func literalAllowsNothingThatIsNoName(path: String) throws {
        #expect(try problem("files", "path: \"\(path)\", literal: true")?.severity == .error)
    }

    @Test func literalIsNotPartOfThePack() throws {
        let plain = try loadPack(Self.pack("files", "path: \"/etc/a b\"")).pack
        let literal = try loadPack(Self.pack("files", "path: \"/etc/a b\", literal: true")).pack
        #expect(plain == literal)
        #expect(try plain.resolvedJSON() == literal.resolvedJSON())
    }

    @Test(arguments: [
        ("files", "path: /etc/x, owner: UNKNOWN", "what stat prints for a number without a name"),
        ("files", "path: /etc/x, group: \"root \"", "begins or ends with a blank"),
        ("files", "path: /etc/x, owner: \"r\\u043Eot\"", "U+043E CYRILLIC SMALL LETTER O"),
        ("files", "path: /etc/x, state: symlink, target: \"../$RELEASE/x\"", "has `$`"),
        ("files", "path: /etc/x, state: symlink, target: \"~/x\"", "begins with `~`, which a link does not expand"),
        ("settings", "key: A, type: env_var, expected: \" vim\"", "begins or ends with a blank"),
        ("settings", "key: A, type: env_var, expected: \"\\\"vim\\\"\"", "quotation marks that are part of the value"),
        ("settings", "key: A, type: env_var, expected: \"$HOME/bin\"", "write what printenv prints"),
        ("settings", "key: A, type: env_var, expected: \"${X}\"", "variables are not expanded"),
        ("settings", "key: A, type: env_var, expected: ~/bin", "begins with `~`"),
        ("settings", "key: A, type: env_var, expected: \"v\\u0456m\"", "U+0456 CYRILLIC SMALL LETTER BYELORUSSIAN"),
        ("settings", "key: A, type: env_var, expected: \"a \u{2013} b\"", "U+2013 EN DASH"),
        ("settings", "key: A, type: env_var, expected: \"'vim'\"", "quotation marks that are part of the value"),
        ("files", "path: /etc/x, state: symlink, target: \"m\\u043Etd\"", "U+043E CYRILLIC SMALL LETTER O"),
        ("packages", "name: Curl", "is not the name of a Debian package"),
    ])
    func otherValuesAreWarnedAbout(section: String, fields: String, says: String) throws {
        let found = try #require(try problem(section, fields))
        #expect(found.severity == .warning)
        #expect(found.description.contains(says), "\(found)")
        #expect(try problem(section, fields + ", literal: true") == nil)
    }

    @Test(arguments: ["$5.00", "a b", "50%", "~", "it's", "*", "C:\\\\x", "$", "été", "дом", "сор", "日本 ＡBC", "１２"])
    func usualValuesAreFine(value: String) throws {
        #expect(try problem("settings", "key: A, type: env_var, expected: \"\(value)\"") == nil)
    }

    /// Each program has its own signs there; only what a person cannot see is a doubt.
    @Test(
        arguments: [
            ("key: P, expected: \"$HOME/x\"", nil), ("key: P, expected: ~/x", nil),
            ("key: \"P\u{43E}rt\", expected: x", "U+043E CYRILLIC SMALL LETTER O"),
        ] as [(String, String?)])
    func aSettingOfAFileIsInTheWordsOfItsProgram(fields: String, says: String?) throws {
        let doubts = try loadPack(Self.pack("settings", fields + ", type: config, file: /etc/x")).warnings
        #expect(doubts.count == (says == nil ? 0 : 1), "\(doubts)")
        if let says { #expect(doubts.first?.message.contains(says) == true, "\(doubts)") }
    }

    @Test(arguments: [
        ("Telnetd", "such as `telnetd`"), ("telnet_d", "such as `telnet-d`"), ("x", "such as `curl`"),
        ("telnetd.deb", "write `telnetd`"), ("telnetd_0.17_amd64.deb", "write `telnetd`"),
        ("\"telnetd:amd46\"", "write `telnetd:amd64`"), ("\"telnetd:aarch64\"", "write `telnetd:arm64`"),
        ("\"telnetd:native\"", "such as telnetd:i386"),
    ])
    func noDebianPackageHasSuchAName(name: String, hint: String) throws {
        let absent = try #require(try problem("packages", "name: \(name), state: absent"))
        #expect(absent.severity == .error)
        #expect(absent.hint?.contains(hint) == true, "\(absent)")
        #expect(try problem("packages", "name: \(name)")?.severity == .warning)
        #expect(try problem("packages", "name: \(name), state: absent, literal: true") == nil)
    }

    @Test(arguments: ["curl", "libstdc++6", "g++", "0ad", "libc6:i386", "python3.11", "adduser:all", "libc6:any"])
    func debianNamesAreFine(name: String) throws {
        #expect(try problem("packages", "name: \"\(name)\", state: absent") == nil)
    }

    @Test(arguments: [
        ("latest", "version number does not start with digit", "leave it out"),
        ("v1.20", "does not start with digit", "write \"1.20\""),
        ("5.2.15-2_amd64", "invalid character in revision number", "write \"5.2.15-2\""),
        ("1:", "nothing after colon", "such as"), ("1.0-", "revision number is empty", "such as"),
        ("x:1", "epoch in version is empty", "such as"),
        ("1^2", "invalid character in version number", "rpm, pacman can; if the pack is for these"),
        ("1.0_rc1-r2", "invalid character in version number", "apk can"),
    ])
    func whatDpkgCannotCompareIsWarnedAbout(version: String, says: String, hint: String) throws {
        for key in ["min_version", "max_version"] {
            let found = try #require(try problem("packages", "name: curl, \(key): \"\(version)\""))
            #expect(found.severity == .warning)
            #expect(found.message.hasPrefix("`\(key)`: "))
            #expect(found.message.contains("is not a Debian version: "), "\(found)")
            #expect(found.message.contains(says), "\(found)")
            #expect(found.hint?.contains(hint) == true, "\(found)")
        }
    }

    @Test(arguments: ["1^2", "1.0_rc1-r2", "v1.20", "svn15878.0"])
    func aVersionForOtherManagersMayBeMeant(version: String) throws {
        #expect(try problem("packages", "name: curl, min_version: \"\(version)\", literal: true") == nil)
    }

    @Test(arguments: ["1:", "1.0-", "x:1", "latest"])
    func aVersionForNoManagerIsAMistakeAllTheSame(version: String) throws {
        #expect(try problem("packages", "name: curl, max_version: \"\(version)\", literal: true")?.severity == .warning)
    }

    @Test(arguments: ["1.22.*", "1:2.*", "*", "1.22.1-9+deb12u1", "*deb12*"])
    func aPatternOfVersionsIsFine(pattern: String) throws {
        #expect(try problem("packages", "name: curl, version: \"\(pattern)\"") == nil)
    }

    @Test(
        arguments: [
            ("min_version: \"1.0_rc1-r2\"", "os: alpine", nil),
            ("min_version: \"1^2-1.fc40\"", "family: [rhel, fedora]", nil),
            ("version: \"1.0_rc*\"", "os: alpine", nil),
            ("min_version: \"1.0_rc1\"", "os: slackware", "is not a Debian version"),
            ("min_version: \"1:2.0\"", "os: alpine", "`1:2.0` is not a version to apk: "),
            (
                "max_version: \"1-2-3\"", "family: rhel",
                "is not a version to rpm: Invalid version (double separator '-')"
            ),
            ("min_version: \"1.0-r1\"", "os: [manjaro, arch]", "is not a version to pacman: pkgrel must be"),
            ("min_version: \"1^2\"", "os: [debian, rocky]", "is not a version to dpkg: "),
            ("version: \"1:2.*\"", "os: alpine", "`1:2.*` fits no version: "),
        ] as [(String, String, String?)])
    func versionsAreThoseOfTheSystemThatIsMeant(field: String, condition: String, says: String?) throws {
        let found = try problem("packages", "name: curl, \(field), when: { \(condition) }")
        #expect(found?.severity == (says == nil ? nil : .warning))
        if let says { #expect(found?.message.contains(says) == true, "\(String(describing: found))") }
        if condition.contains("debian") { #expect(found?.hint?.contains("rpm, pacman") == false) }
    }

    @Test func namesAreThoseOfTheSystemThatIsMeant() throws {
        #expect(try problem("packages", "name: NetworkManager, state: absent, when: { family: rhel }") == nil)
        #expect(try problem("packages", "name: NetworkManager, when: { os: [debian, rhel] }")?.severity == .warning)
    }

    @Test(arguments: [
        ("1.22.x", "fits only versions that end in x", "1.22.*"),
        ("v1.20", "fits no version: version number does not start with digit", "write \"1.20\""),
        ("latest", "fits no version", "leave it out"),
    ])
    func aPatternThatFitsNothingIsWarnedAbout(pattern: String, says: String, hint: String) throws {
        let found = try #require(try problem("packages", "name: curl, version: \"\(pattern)\""))
        #expect(found.severity == .warning)
        #expect(found.message.contains(says), "\(found)")
        #expect(found.hint?.contains(hint) == true, "\(found)")
    }

    @Test(arguments: [
        "domain users", "CORP\\\\nina", "nina@corp.example.net", "1000", "_apt", "Domänen-Benutzer", "www-data",
        "host$",
    ])
    func accountsAreWhatStatPrints(name: String) throws {
        #expect(try problem("files", "path: /etc/x, owner: \"\(name)\", group: \"\(name)\"") == nil)
    }

    @Test(
        arguments: [
            (["/etc/x, template: t", "/etc/x/y, state: absent"], "state: absent would never be wrong", 4),
            (["/etc/x/y/z, state: absent", "/etc/x"], "`/etc/x/y/z` lies below `/etc/x`", 3),
            (["~/x", "~/x/y/z, state: absent"], "wants to be a file", 4),
        ] as [([String], String, Int)])
    func nothingLiesBelowAFile(paths: [String], says: String, line: Int) throws {
        let text = "items:\n  files:\n" + paths.map { "    - { path: \($0) }\n" }.joined()
        let found = problems { try loadPack(text, templates: ["t": .bytes([])]) }
        #expect(found.map(\.line) == [line])
        #expect(found.first?.message.contains(says) == true, "\(found)")
    }

    @Test(arguments: [
        ["/etc/x, state: directory", "/etc/x/y"], ["/etc/x, state: symlink, target: z", "/etc/x/y"],
        ["/etc/x, state: absent", "/etc/x/y, state: absent"], ["/etc/x", "/etc/x-y/z"], ["/etc/x", "/etc/xy"],
        ["/etc/x.d/y", "/etc/x"],
    ])
    func othersLieWhereTheyCan(paths: [String]) throws {
        let text = "items:\n  files:\n" + paths.map { "    - { path: \($0) }\n" }.joined()
        #expect(try loadPack(text).warnings == [])
    }

    @Test func whatAChildPutsBelowAFileOfItsParentIsTold() {
        let parent = SourceFile(path: "packs/base.yaml", text: Self.pack("files", "path: /etc/x"))
        let child = SourceFile(
            path: "packs/web.yaml", text: "extends: base\n" + Self.pack("files", "path: /etc/x/y, state: absent"))
        let found = problems { try ConfigurationLoader.load(packs: [parent, child]) }
        #expect(found.map(\.file) == ["packs/web.yaml"])
        #expect(found.map(\.line) == [4])
    }

    @Test(arguments: [
        ("рath: /a", "unknown key `рath` in a file: U+0440 CYRILLIC SMALL LETTER ER, which looks like `p`"),
        ("path: /a, \u{A0}mode: \"0644\"", "U+00A0 NO-BREAK SPACE"),
    ])
    func aStrangeKeyIsNamed(fields: String, says: String) throws {
        #expect(problems { try loadPack(Self.pack("files", fields)) }.contains { $0.message.contains(says) })
    }

    @Test(arguments: [
        ("packages", "name: \"\u{441}url\"", "`\u{441}url` has U+0441 CYRILLIC SMALL LETTER ES, which looks like `c`"),
        ("services", "name: \"ssh\u{2013}x.service\", running: true", "U+2013 EN DASH"),
        ("settings", "key: \"\u{410}BC\", type: env_var, expected: x", "U+0410 CYRILLIC CAPITAL LETTER A"),
        ("packages", "name: curl, min_version: \"7\u{FF0E}88\"", "U+FF0E FULLWIDTH FULL STOP"),
    ])
    func aNameThatIsPlainByRuleNamesWhatIsNot(section: String, fields: String, says: String) {
        let first = problems { try loadPack(Self.pack(section, fields)) }.first { $0.severity == .error }
        #expect(first?.message.contains(says) == true, "\(String(describing: first))")
    }

    @Test(arguments: [
        ("name: getty@.service, running: true", true), ("name: getty@.service, enabled: true, running: true", true),
        ("name: getty@.service, enabled: true", false), ("name: getty@tty1.service, running: true", false),
        ("name: a@b.c.service, running: true", false), ("name: ssh.service, running: true", false),
    ])
    func aTemplateThatShouldRunIsWarnedAbout(fields: String, isDoubted: Bool) throws {
        let warnings = try loadPack(Self.pack("services", fields)).warnings.map(\.description)
        #expect(warnings.contains { $0.contains("`getty@.service` is a template, which never runs") } == isDoubted)
        #expect(warnings.count == (isDoubted ? 1 : 0))
    }

    @Test(
        arguments: [
            ("name: N\nitems: {}", 1, "\"N\""), ("name: R&D *D\nitems: {}", nil, ""),
            ("name: R&D and *D\nitems: {}", nil, ""),
            ("name: a &D and *D\nitems: {}", 1, "between quotes"),
            ("name: &D x\nitems: {}", 1, "begins with & between quotes"),
            ("name: [x]\nitems: {}", 1, "between quotes"), ("name: 12:30\nitems: {}", 1, "\"12:30\""),
            ("name: 1e3\nitems: {}", 1, "\"1e3\""), ("name: 0644\nitems: {}", 1, "\"0644\""),
            ("name: yes\nitems: {}", 1, "\"yes\""),
            ("items:\n\u{A0}\u{A0}files: []", 2, "U+00A0 NO-BREAK SPACE"),
            ("items:\n  files:\n  \u{A0} - path: /a\n", 3, "U+00A0 NO-BREAK SPACE"),
        ] as [(String, Int?, String)])
    func plainTextThatOnlyLooksLikeYAMLGetsAHint(text: String, line: Int?, hint: String) {
        let found = problems { try loadPack(text) }
        #expect(found.first?.line == line)
        if line != nil {
            #expect(found.first?.description.contains(hint) == true, "\(found)")
        } else {
            #expect(found.isEmpty, "\(found)")
        }
    }

    @Test(arguments: [
        ("id: \"w\u{435}b\"", "U+0435 CYRILLIC SMALL LETTER IE, which looks like `e`"),
        ("id: a, address: \"w\u{435}b.example.net\"", "U+0435"), ("id: a, user: \"d\u{435}ploy\"", "U+0435"),
        ("id: a, queue: \"dmz\u{200B}\"", "U+200B ZERO WIDTH SPACE"), ("id: a, packs: [\"b\u{430}se\"]", "U+0430"),
        ("id: a, name: \"Web\u{A0}1\"", "U+00A0 NO-BREAK SPACE"),
        ("id: a, labels: { x: \"a\u{AD}b\" }", "U+00AD SOFT HYPHEN"),
    ])
    func ofTheInventoryIsAnErrorWhereItCannotBe(fields: String, says: String) {
        let first = problems { try loadInventory("servers:\n  - { \(fields) }\n") }.first { $0.severity == .error }
        #expect(first?.line == 2 || says.contains("U+00AD") || says.contains("U+200B"))
        #expect(first?.message.contains(says) == true, "\(String(describing: first))")
    }

    @Test(arguments: ["W\u{435}b", " Web", "Web "])
    func theNameOfAServerIsWarnedAbout(name: String) throws {
        let warned = try loadInventory("servers:\n  - { id: a, packs: [base], name: \"\(name)\" }\n").warnings
        #expect(warned.map(\.line) == [2])
        let fine = "servers:\n  - { id: a, packs: [base], name: \"\(name)\", literal: true }\n"
        #expect(try loadInventory(fine).warnings == [])
        #expect(try loadInventory(fine.replacing(name, with: "Web \u{2013} Bob\u{2019}s")).warnings == [])
        let labelled = "servers:\n  - { id: a, packs: [base], labels: { x: \"\(name)\" } }\n"
        #expect(try loadInventory(labelled).warnings.count == 1)
    }
}
