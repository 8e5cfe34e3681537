import DriftCore
import Redaction
import Testing

@Suite struct SettingTests {
    private func questions(_ wanted: SettingExpectation) -> ProbeQuestions {
        ProbeQuestions(packs: [Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.setting(wanted))])])
    }

    /// What a topic's lines say of a setting.
    private func told(_ wanted: SettingExpectation, _ lines: [String]) -> Told? {
        var facts = Facts()
        for question in questions(wanted).topics {
            facts.topics.read(question.topic, lines.map { Array($0.utf8)[...] })
        }
        return Told(judge(.setting(wanted), facts))
    }

    private func told(_ wanted: SettingExpectation, _ fact: FileFact) -> Told? {
        Told(judge(.setting(wanted), Facts(files: [ServerPath(wanted.file ?? ""): fact])))
    }

    private func config(
        _ key: String, _ wanted: WantedValue, in path: String = "/etc/ssh/sshd_config", showsPrivateText: Bool = false
    ) -> SettingExpectation {
        SettingExpectation(
            name: key, wanted: wanted, kind: .config, file: path, showsPrivateText: showsPrivateText)
    }

    // MARK: config

    static let texts: [(String, Told)] = [
        ("PermitRootLogin no\n", .ok), ("permitrootlogin no\nPermitRootLogin yes\n", .ok),
        ("PermitRootLogin yes\n", .wrong(.wrongSetting, ["value": "no"], ["value": "yes"])),
        ("#PermitRootLogin no\n", .wrong(.wrongSetting, ["value": "no"], ["state": "unset"])),
        ("Match User a\nPermitRootLogin no\n", .wrong(.wrongSetting, ["value": "no"], ["state": "unset"])),
        ("", .wrong(.wrongSetting, ["value": "no"], ["state": "unset"])), ("\u{0}", .unreadable(.malformedFile)),
    ]

    @Test(arguments: texts)
    func aFileIsReadByTheRulesOfItsProgram(text: String, told: Told) {
        let wanted = config("PermitRootLogin", WantedValue(expected: "no"))
        #expect(self.told(wanted, file(content: DriftCoreTests.text(text))) == told)
    }

    @Test func whatIsNotInTheFileForCertainProvesNothing() {
        let shell = config("A", WantedValue(expected: "1"), in: "/etc/default/a")
        #expect(told(shell, file(content: text("A=$B\n"))) == .unreadable(.computedValue))
        let other = config("s.a", WantedValue(expected: "1"), in: "/etc/a.ini")
        #expect(told(other, file(content: text("[s]\na = 1 # b\n"))) == .unreadable(.ambiguousValue))
        #expect(told(other, file(content: text("[s\n"))) == .unreadable(.malformedFile))
        #expect(
            told(other, file(content: text("[s]\na = 2 # b\n")))
                == .wrong(.wrongSetting, ["value": "1"], ["value": "2"]))
    }

    @Test func aFileThatIsNotThereSetsNothing() {
        let wanted = config("Port", WantedValue(expected: "22"))
        let nothing = ["state": "unset", "note": "the file does not exist"]
        #expect(told(wanted, .missing) == .wrong(.wrongSetting, ["value": "22"], nothing))
        #expect(told(wanted, link(to: "x", nil)) == .wrong(.wrongSetting, ["value": "22"], nothing))
        #expect(told(wanted, .unreadable(.slow)) == .unreadable(.slow))
        #expect(told(wanted, file(.of(.directory), content: .unreadable(.notRegular))) == .unreadable(.notRegular))
        #expect(Told(judge(.setting(wanted), Facts())) == .unreadable(.malformedAnswer))
    }

    @Test func aPrivateFileIsReadOnlyIfTheItemSaysSo() {
        let secret = file(.of(mode: 0o640), content: text("Port 23\n"))
        let wanted = WantedValue(expected: "22")
        #expect(told(config("Port", wanted), secret) == .unreadable(.privateText))
        #expect(
            told(config("Port", wanted, showsPrivateText: true), secret)
                == .wrong(.wrongSetting, ["value": "22"], ["value": "23"]))
        #expect(
            told(config("a", wanted, in: "/etc/mysql/debian.cnf", showsPrivateText: true), secret)
                == .unreadable(.secretPlace))
    }

    @Test func aTextThatDidNotComeHasAReason() {
        let wanted = config("Port", WantedValue(expected: "22"))
        var entry = FileEntry(status: .of(), content: .read(anyDigest, bytes: nil))
        #expect(told(wanted, .present(entry)) == .unreadable(.malformedAnswer))
        entry.textWithheld = .tooLarge
        #expect(told(wanted, .present(entry)) == .unreadable(.tooLarge))
        #expect(told(wanted, file(content: .unreadable(.sudoRefused))) == .unreadable(.sudoRefused))
    }

    @Test func secretsAreMaskedByTheirKeysAndTheirShapes() {
        let password = file(content: text("[db]\npassword = hunter3\nurl = postgres://u:c4n4ry@h/d\n"))
        let mask = Masking.mask
        #expect(
            told(config("db.password", WantedValue(expected: "hunter2"), in: "/etc/a.ini"), password)
                == .wrong(.wrongSetting, ["value": mask], ["value": mask, "note": "differs in what is not shown"]))
        #expect(
            told(config("db.url", WantedValue(expected: "x"), in: "/etc/a.ini"), password)
                == .wrong(.wrongSetting, ["value": "x"], ["value": "postgres://u:\(mask)@h/d"]))
        let either = try? WantedValue(oneOf: ["hunter2", "hunter4"])
        #expect(
            either.flatMap { told(config("db.password", $0, in: "/etc/a.ini"), password) }
                == .wrong(.wrongSetting, ["value": mask], ["value": mask, "note": "differs in what is not shown"]))
    }

    /// However many settings a file has, it is asked for once.
    @Test func aFileIsAskedForOnce() {
        let settings = ["a", "b"].map {
            config($0, WantedValue(expected: "1"), in: "/etc/x", showsPrivateText: $0 == "b")
        }
        let pack = Pack(
            name: PackName(rawValue: "base"),
            expectations: settings.map { Expectation(.setting($0)) }
                + [Expectation(.file(FileExpectation(path: "/etc/x", content: .hash(anyDigest))))])
        let file = ProbeQuestions.File(path: "/etc/x", expectedHashes: [anyDigest], needsText: true, show: .text)
        #expect(ProbeQuestions(packs: [pack]).files == [file])
    }

    // MARK: Words

    @Test(
        arguments: [
            (nil, "10", nil, nil, "60", "≤ 10"), ("100", nil, nil, nil, "60", "≥ 100"),
            ("1", "10", nil, nil, "60", "≥ 1, ≤ 10"),
            (nil, nil, ["a", "b"], nil, "60", "one of a, b"), (nil, nil, nil, "^a|b$", "60", "matches ^a|b$"),
            (nil, nil, ["token=Zx9Kq2Lm8Pw4Rt6Yv1Nb3Hc5Jd7"], nil, "60", nil),
        ] as [(String?, String?, [String]?, String?, String, String?)])
    func aDifferenceIsUnderstoodAtOnce(
        min: String?, max: String?, choices: [String]?, pattern: String?, actual: String, words: String?
    ) throws {
        let wanted = SettingExpectation(
            name: "vm.swappiness", wanted: try WantedValue(oneOf: choices, min: min, max: max, matches: pattern),
            kind: .sysctl)
        guard
            case .wrong(_, let expected, let found) = told(
                wanted, ["read vm/swappiness", "/proc/sys/vm/swappiness:\(actual)"])
        else {
            Issue.record("not wrong")
            return
        }
        #expect(found == ["value": actual])
        if let words {
            #expect(expected == ["value": words])
        } else {
            #expect(expected["value"]?.contains("Zx9K") == false)
        }
    }

    // MARK: sysctl

    static let parameters: [([String], Told)] = [
        (["read vm/swappiness", "/proc/sys/vm/swappiness:10"], .ok),
        (
            ["read vm/swappiness", "/proc/sys/vm/swappiness:60"],
            .wrong(.wrongSetting, ["value": "10"], ["value": "60"])
        ),
        (["unset vm/swappiness"], .wrong(.wrongSetting, ["value": "10"], ["state": "unset"])),
        (["denied vm/swappiness"], .unreadable(.permissionDenied)),
        (["denied vm/swappiness", "read vm/swappiness", "/proc/sys/vm/swappiness:10"], .unreadable(.malformedAnswer)),
        (["secret vm/swappiness"], .unreadable(.secretPlace)),
        (["read vm/swappiness", "grep: /proc/sys/vm/swappiness: Permission denied"], .unreadable(.readError)),
        (["read vm/swappiness"], .wrong(.wrongSetting, ["value": "10"], ["value": ""])),
        (["read vm/swappiness", "read vm/swappiness"], .unreadable(.malformedAnswer)),
        (["unset vm/swappiness", "read vm/swappiness", "/proc/sys/vm/swappiness:10"], .unreadable(.malformedAnswer)),
        (["/proc/sys/vm/swappiness:10"], .unreadable(.malformedAnswer)), ([], .unreadable(.malformedAnswer)),
        (["read vm/swap", "/proc/sys/vm/swap:10", "10"], .unreadable(.malformedAnswer)),
    ]

    @Test(arguments: parameters)
    func parametersAreJudged(lines: [String], told: Told) {
        #expect(self.told(SettingExpectation(name: "vm.swappiness", expected: "10", kind: .sysctl), lines) == told)
    }

    @Test func blanksBetweenNumbersAreOneBlank() {
        let wanted = SettingExpectation(name: "net.ipv4.tcp_rmem", expected: "4096 131072 6291456", kind: .sysctl)
        #expect(
            told(wanted, ["read net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_rmem:4096\t131072\t6291456"]) == .ok)
    }

    @Test(arguments: [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"), ("net/ipv4/ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"),
        ("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"),
    ])
    func dotsAndSlashesAreAsSysctlHasThem(name: String, path: String) {
        let wanted = SettingExpectation(name: name, expected: "0", kind: .sysctl)
        #expect(questions(wanted).topics.map(\.arguments) == [[path]])
        let twin = SettingExpectation(name: path, expected: "0", kind: .sysctl)
        #expect(Expectation(.setting(wanted)).key == Expectation(.setting(twin)).key)
    }

    // MARK: sshd

    static let keywords: [([String], Told)] = [
        (["permitrootlogin no", "= 0"], .ok),
        (["port 22", "= 0"], .wrong(.wrongSetting, ["value": "no"], ["state": "unset"])),
        (
            ["permitrootlogin without-password", "= 0"],
            .wrong(.wrongSetting, ["value": "no"], ["value": "prohibit-password"])
        ),
        (["permitrootlogin no", "= 255"], .unreadable(.readError)), (["permitrootlogin no"], .unreadable(.readError)),
        (["absent"], .notApplicable("the server has no sshd")),
        (["absent", "= 0"], .wrong(.wrongSetting, ["value": "no"], ["state": "unset"])),
        ([], .unreadable(.readError)), (["permitrootlogin no", "= 0", "x"], .unreadable(.readError)),
    ]

    @Test(arguments: keywords)
    func whatSSHDDoesIsJudged(lines: [String], told: Told) {
        #expect(self.told(SettingExpectation(name: "PermitRootLogin", expected: "no", kind: .sshd), lines) == told)
    }

    @Test func aListHasALineForEachItem() {
        let wanted = SettingExpectation(name: "AcceptEnv", expected: "LANG LC_*", kind: .sshd)
        #expect(told(wanted, ["acceptenv LANG", "port 22", "acceptenv LC_*", "= 0"]) == .ok)
    }

    @Test(arguments: ["prohibit-password", "without-password"])
    func oneValueHasTwoNames(name: String) {
        let wanted = SettingExpectation(name: "permitrootlogin", expected: name, kind: .sshd)
        #expect(told(wanted, ["permitrootlogin without-password", "= 0"]) == .ok)
    }

    // MARK: Conflicts

    @Test func whatNoValueCanBeIsAConflict() throws {
        func conflicts(_ one: WantedValue, _ other: WantedValue) -> Int {
            let packs = ["a": one, "b": other].map { name, wanted in
                let setting = SettingExpectation(name: "K", wanted: wanted, kind: .environmentVariable)
                return Pack(name: PackName(rawValue: name), expectations: [Expectation(.setting(setting))])
            }
            let conflicts = PackConflicts(
                packs: Dictionary(uniqueKeysWithValues: packs.map { ($0.name, $0) }), places: [:])
            return conflicts.problems(of: [(id: ServerID(rawValue: "s"), packs: packs.map(\.name))]).count
        }
        #expect(conflicts(WantedValue(expected: "1"), WantedValue(expected: "2")) == 1)
        #expect(conflicts(WantedValue(expected: "1"), try WantedValue(oneOf: ["1", "2"])) == 0)
        #expect(conflicts(try WantedValue(oneOf: ["1", "2"]), try WantedValue(min: "3")) == 1)
        #expect(conflicts(try WantedValue(min: "3"), try WantedValue(oneOf: ["2", "1"])) == 1)
        #expect(conflicts(try WantedValue(min: "3"), try WantedValue(max: "2")) == 1)
        #expect(conflicts(try WantedValue(min: "3"), try WantedValue(max: "3")) == 0)
        #expect(conflicts(WantedValue(expected: "none"), try WantedValue(max: "3")) == 0)
        #expect(conflicts(WantedValue(expected: "x"), try WantedValue(matches: "y")) == 1)
    }
}
