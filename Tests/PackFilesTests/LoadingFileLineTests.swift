import DriftCore
import PackFiles
import Testing

@Suite("Loading lines, sizes and ages of files")
struct LoadingFileLineTests {
    private func file(_ text: String) throws -> FileExpectation? {
        let pack = try loadPack("items: { files: [{ path: /a, \(text) }] }", templates: ["t": .bytes([1])]).pack
        guard case .file(let file) = pack.expectations.first?.subject else { return nil }
        return file
    }

    @Test func allOfThemAreRead() throws {
        var wanted = FileExpectation(path: "/a", content: nil, show: .text)
        wanted.contains = [.line("PORT=443"), .pattern(try LinearPattern("^LOG=(info|warn)$"))]
        wanted.lacks = [.pattern(try LinearPattern("(?i)debug"))]
        wanted.maximumMode = 0o640
        wanted.minimumSize = 1 << 20
        wanted.maximumAge = 93600
        wanted.isOptional = true
        #expect(
            try file(
                """
                contains: ["PORT=443", { regex: "^LOG=(info|warn)$" }], lacks: [{ regex: "(?i)debug" }], \
                max_mode: "0640", min_size: 1MiB, max_age: 26h, optional: true, show: text
                """) == wanted)
        #expect(
            try file("content: \"Authorised use only\\n\"")
                == FileExpectation(path: "/a", content: .text("Authorised use only\n")))
    }

    @Test(arguments: [
        ("contains: PORT", "must be a list"), ("contains: []", "`contains` is an empty list"),
        ("contains: [443]", "must be a text"),
        ("contains: [\"a\\nb\"]", "`a\\nb` has a character that cannot be seen, U+000A"),
        ("contains: [{ regex: a, flags: i }]", "unknown key `flags`"),
        ("lacks: [{ regex: \"(\" }]", "not a regular expression"),
        ("lacks: [{ regex: \"(a)\\\\1\" }]", "not a regular expression"), ("lacks: [{}]", "a line needs `regex`"),
        ("max_mode: 0640", "`max_mode` must be quoted"), ("max_mode: \"640\"", "`640` is not a mode"),
        ("max_mode: \"0640\", mode: \"0640\"", "`max_mode` has no effect beside `mode`"),
        ("min_size: 30", "`min_size` must be a text with a unit, not 30 (such as 1MiB)"),
        ("min_size: 1MB5", "`1MB5` is not a size"), ("min_size: 0B", "`0B` would never be wrong"),
        ("max_age: 1 month", "`1 month` is not a time span"), ("max_age: 26", "must be a text"),
        ("optional: yes", "must be true or false"),
        ("content: a, template: t", "a file has one of `content_hash`, `template`, `content`"),
        ("state: absent, optional: true", "`optional` has no effect with state: absent"),
        ("state: absent, max_mode: \"0640\"", "`max_mode` has no effect with state: absent"),
        ("state: directory, contains: [a]", "`contains` has no effect with state: directory"),
        ("state: symlink, target: b, max_age: 1h", "`max_age` has no effect with state: symlink"),
        ("contains: [a], show: hidden", "keeps the text on the server"),
        ("min_size: 1B, show: text", "`show` has no effect without a content"),
    ])
    func whatIsWrongIsSaid(text: String, message: String) {
        let found = problems { try file(text) }
        #expect(found.count == 1)
        #expect(found.first?.description.contains(message) == true, "\(found)")
    }

    @Test func allOfThemAreStoredAndDigested() throws {
        let texts = [
            "owner: root", "contains: [a]", "contains: [{ regex: a }]", "lacks: [a]", "lacks: [a, b]", "lacks: [b, a]",
            "max_mode: \"0640\"", "mode: \"0640\"", "min_size: 1B", "max_age: 1s", "optional: true", "content: a",
        ]
        let packs = try texts.map { try loadPack("items: { files: [{ path: /a, \($0) }] }").pack }
        #expect(try packs.map { try Pack(resolvedJSON: $0.resolvedJSON()) } == packs)
        #expect(Set(packs.map(\.digest)).count == texts.count)
    }

    @Test(arguments: [
        (#""contains":["a"]"#, #""contains":[1]"#), (#""contains":["a"]"#, #""contains":[{"regex":"("}]"#),
        (#""contains":["a"]"#, #""contains":[{"glob":"a"}]"#), (#""max_age":60"#, #""max_age":"60""#),
    ])
    func whatALaterVersionSaysOfLinesIsUnsupported(old: String, new: String) throws {
        let json = try loadPack("items: { files: [{ path: /a, contains: [a], max_age: 1min }] }").pack.resolvedJSON()
        #expect(json.contains(old))
        let later = try Pack(resolvedJSON: json.replacing(old, with: new))
        guard case .unknown = later.expectations.first?.subject else {
            Issue.record("\(later)")
            return
        }
    }
}
