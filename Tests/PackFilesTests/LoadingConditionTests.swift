import DriftCore
import PackFiles
import Testing

@Suite("Loading conditions and severities")
struct LoadingConditionTests {
    private func expectation(_ text: String) throws -> DriftCore.Expectation {
        try #require(try loadPack("items: { files: [{ path: /a, \(text) }] }").pack.expectations.first)
    }

    @Test func allOfThemAreRead() throws {
        let condition = try #require(
            try expectation(
                """
                when: { os: debian, version: [">= 12", "< 14"], architecture: [amd64, arm64], \
                label: { role: web, site: "a" } }
                """
            ).condition)
        #expect(condition.systems == ["debian"])
        #expect(condition.versions.map(\.text) == [">= 12", "< 14"])
        #expect(condition.architectures == ["amd64", "arm64"])
        #expect(condition.labels == ["role": "web", "site": "a"])
        #expect(try expectation("when: { family: [rhel, suse] }").condition?.families == ["rhel", "suse"])
        #expect(try expectation("when: { os: debian, version: \"12\" }").condition?.versions.map(\.text) == ["= 12"])
    }

    @Test func aDifferenceIsAWarningUnlessItIsForInformation() throws {
        #expect(try expectation("severity: info").severity == .info)
        #expect(try expectation("severity: warning").severity == .warning)
        #expect(try expectation("mode: \"0644\"").severity == .warning)
    }

    @Test func fromWhenItCountsIsRead() throws {
        #expect(try expectation("from: 2027-01-15").start == DayOrInstant("2027-01-15"))
        #expect(try expectation("from: \"2027-01-15T06:00:00Z\"").start == DayOrInstant("2027-01-15T06:00:00Z"))
        #expect(try expectation("from: null").start == nil)
        let beside = try loadPack("items: { files: [{ path: /a, severity: info, from: 2027-01-15 }] }")
        #expect(beside.warnings.map(\.message) == ["`from` has no effect beside `severity: info`"])
    }

    @Test(arguments: [
        ("severity: critical", "unknown value `critical`"), ("when: []", "`when` must be a mapping"),
        ("when: {}", "`when` has no condition"), ("when: { system: debian }", "unknown key `system`"),
        ("when: { os: Debian }", "`Debian` is not the ID of an os-release file"), ("when: { os: [] }", "empty list"),
        ("when: { os: debian, version: 12 }", "must be a text"),
        ("when: { os: debian, version: \"~> 12\" }", "`~> 12` is not a version"),
        ("when: { version: \"12\" }", "a `version` means something only for one `os`"),
        ("when: { architecture: \"a b\" }", "`a b` is not an architecture"),
        ("from: soon", "`soon` is neither a day nor an instant"), ("from: 2027-02-30", "neither a day nor an instant"),
        ("from: 2027", "must be a text"), ("from: 20270115", "write 2027-01-15"),
        ("from: \"{{ labels.start }}\"", "`from` has a placeholder of the server"),
        ("when: { label: role }", "label must be a mapping"), ("when: { label: { role: } }", "has no value"),
    ])
    func whatIsWrongIsSaid(text: String, message: String) {
        let found = problems { try expectation(text) }
        #expect(found.count == 1)
        #expect(found.first?.description.contains(message) == true, "\(found)")
        #expect(found.first?.line == 1)
    }

    @Test func bothAreStoredAndDigested() throws {
        let texts = [
            "mode: \"0644\"", "mode: \"0644\", severity: info", "mode: \"0644\", when: { os: debian }",
            "mode: \"0644\", when: { family: debian }", "mode: \"0644\", when: { os: debian, version: \">= 12\" }",
            "mode: \"0644\", when: { os: debian, version: \"> 12\" }", "mode: \"0644\", when: { architecture: arm64 }",
            "mode: \"0644\", when: { label: { os: debian } }", "mode: \"0644\", when: { label: { os: alpine } }",
            "mode: \"0644\", from: 2027-01-15", "mode: \"0644\", from: 2027-01-16",
        ]
        let packs = try texts.map { try loadPack("items: { files: [{ path: /a, \($0) }] }").pack }
        #expect(try packs.map { try Pack(resolvedJSON: $0.resolvedJSON()) } == packs)
        #expect(Set(packs.map(\.digest)).count == texts.count)
    }

    @Test(arguments: [
        (#""severity":"info""#, #""severity":"fatal""#), (#""os":["debian"]"#, #""os":"debian""#),
        (#""os":["debian"]"#, #""os":["debian"],"kernel":["6"]"#), (#"">= 12""#, #""~> 12""#),
        (#""2027-01-15""#, #""monday""#),
    ])
    func aConditionOfALaterVersionIsUnsupported(old: String, new: String) throws {
        let text =
            "items: { files: [{ path: /a, severity: info, when: { os: debian, version: \">= 12\" }, from: 2027-01-15 }] }"
        let json = try loadPack(text).pack.resolvedJSON()
        #expect(json.contains(old))
        let later = try Pack(resolvedJSON: json.replacing(old, with: new))
        guard case .unknown = later.expectations.first?.subject else {
            Issue.record("\(later)")
            return
        }
    }
}
