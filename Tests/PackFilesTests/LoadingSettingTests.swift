import DriftCore
import PackFiles
import Testing

@Suite("Settings in pack files")
struct LoadingSettingTests {
    private func pack(_ fields: String) -> String { "items: { settings: [{ \(fields) }] }" }

    private func setting(_ fields: String) throws -> SettingExpectation? {
        let (pack, warnings) = try loadPack(pack(fields))
        #expect(warnings.isEmpty, "\(warnings)")
        guard case .setting(let setting) = pack.expectations.first?.subject else { return nil }
        return setting
    }

    @Test(
        arguments: [
            ("max: 10", nil, nil, nil, "10", nil), ("min: \"64MB\", max: 1024MB", nil, nil, "64MB", "1024MB", nil),
            ("one_of: [\"no\", prohibit-password]", nil, ["no", "prohibit-password"], nil, nil, nil),
            ("matches: \"^(a|b)$\"", nil, nil, nil, nil, "^(a|b)$"), ("expected: \"\"", "", nil, nil, nil, nil),
            ("min: 0.5, matches: x", nil, nil, "0.5", nil, "x"), ("min: -1", nil, nil, "-1", nil, nil),
        ] as [(String, String?, [String]?, String?, String?, String?)])
    func saysWhatAValueMayBe(
        fields: String, expected: String?, choices: [String]?, min: String?, max: String?, pattern: String?
    ) throws {
        let wanted = try WantedValue(expected: expected, oneOf: choices, min: min, max: max, matches: pattern)
        #expect(try setting("key: K, type: env_var, \(fields)")?.wanted == wanted)
    }

    @Test func aFileHasItsStyleAndItsSecrecy() throws {
        let read = try #require(
            try setting("key: client.port, type: config, file: /etc/x, style: ini, show: text, expected: \"3306\""))
        #expect(read.style == .ini)
        #expect(read.showsPrivateText)
        #expect(read.file == "/etc/x")
        let plain = try #require(try setting("key: PermitRootLogin, type: sshd, expected: \"no\""))
        #expect(plain.kind == .sshd && plain.style == nil && !plain.showsPrivateText)
    }

    static let wrong: [(String, String)] = [
        ("key: K, type: env_var, expected: a, one_of: [a]", "needs no one_of"),
        ("key: K, type: env_var, expected: a, max: 1", "needs no max"),
        ("key: K, type: env_var, one_of: []", "is not said"),
        ("key: K, type: env_var, one_of: a", "must be a list"), ("key: K, type: env_var, max: ", "has no value"),
        ("key: K, type: env_var, one_of: [no]", "a boolean"),
        ("key: K, type: env_var, min: 2, max: 1", "max is less than min"),
        ("key: K, type: env_var, min: x", "not a number"),
        ("key: K, type: env_var, min: 0x10", "not a number"), ("key: K, type: env_var, min: yes", "a boolean"),
        ("key: K, type: env_var, min: 1MB, max: 2GB", "different units"),
        ("key: K, type: env_var, matches: \"(a\"", "character 1: the group is not closed"),
        ("key: K, type: env_var, matches: \"a(?=b)\"", "look-ahead"),
        ("key: K, type: env_var, expected: a, style: ini", "no effect"),
        ("key: K, type: sshd, expected: a, show: text", "no effect"),
        ("key: a.b, type: sysctl, expected: a, file: /a", "no effect"),
        ("key: K, type: config, file: /a, expected: a, style: xml", "unknown value `xml`"),
        ("key: K, type: config, file: /a, expected: a, show: hidden", "unknown value `hidden`"),
        ("key: Permit-Root, type: sshd, expected: a", "not a keyword of sshd"),
    ]

    @Test(arguments: wrong)
    func whatIsWrongIsNamed(fields: String, says: String) {
        let found = problems { try loadPack(pack(fields)) }
        #expect(found.contains { $0.message.contains(says) }, "\(found)")
    }

    @Test func aFileThatHoldsSecretsIsDoubted() throws {
        let fields = "key: client.user, type: config, file: /etc/mysql/debian.cnf, expected: a"
        #expect(try loadPack(pack(fields)).warnings.map(\.message).contains { $0.contains("its text is never read") })
    }

    private static let stored = """
        items:
          settings:
            - { key: vm.swappiness, min: 1, max: 10, type: sysctl }
            - { key: PermitRootLogin, one_of: ["no", prohibit-password], type: sshd }
            - { key: a.b, matches: "^x", type: config, file: /etc/a.conf, style: ini, show: text }
            - { key: EDITOR, expected: vim, type: env_var }
        """

    @Test func theStoredFormKeepsAll() throws {
        let pack = try loadPack(Self.stored).pack
        #expect(try Pack(resolvedJSON: pack.resolvedJSON()) == pack)
    }

    @Test(arguments: [
        ("min: 1,", "min: 2,"), ("min: 1, ", ""), ("max: 10", "max: 11"), ("\"no\", ", ""), ("\"^x\"", "\"^y\""),
        (", style: ini", ""), ("style: ini", "style: space"), (", show: text", ""), ("expected: vim", "matches: vim"),
    ])
    func theDigestChangesWithWhatChangesAJudgement(old: String, new: String) throws {
        let digest = try loadPack(Self.stored).pack.digest
        #expect(try loadPack(Self.stored.replacing(old, with: new)).pack.digest != digest)
    }

    /// A value that a later version says in other words is not judged by half of them.
    @Test(arguments: [
        ("\"max\":\"10\"", "\"max\":\"a lot\""), ("\"max\":\"10\"", "\"below\":\"10\""), ("\"^x\"", "\"(?=x)\""),
        ("\"style\":\"ini\"", "\"style\":\"xml\""), ("\"type\":\"sshd\"", "\"type\":\"dropbear\""),
        ("\"show\":\"text\"", "\"show\":\"hashed\""),
    ])
    func laterWordsMakeASettingUnsupported(old: String, new: String) throws {
        let pack = try loadPack(Self.stored).pack
        let json = try pack.resolvedJSON()
        #expect(json.contains(old))
        let later = try Pack(resolvedJSON: json.replacing(old, with: new))
        let unknown = later.expectations.count { if case .unknown = $0.subject { true } else { false } }
        #expect(unknown == 1)
        #expect(later.expectations.map(\.key) == pack.expectations.map(\.key))
    }
}
