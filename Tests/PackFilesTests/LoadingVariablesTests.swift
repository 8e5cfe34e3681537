import PackFiles
import Testing

@testable import DriftCore

@Suite("Variables of packs")
struct LoadingVariablesTests {
    private func load(
        _ packs: [String: String], templates: [String: String] = [:]
    ) throws -> LoadedConfiguration {
        let sources = packs.sorted { $0.key < $1.key }
            .map { SourceFile(path: "packs/\($0.key).yaml", text: $0.value) }
        return try ConfigurationLoader.load(packs: sources, templates: templates.mapValues { .bytes(Array($0.utf8)) })
    }

    /// What the items of a pack come to, stored, by key and field.
    private func stored(_ name: String, _ loaded: LoadedConfiguration) throws -> [String: [String: StoredValue]] {
        let pack = try #require(loaded.packs[PackName(rawValue: name)])
        return Dictionary(uniqueKeysWithValues: pack.expectations.map { ($0.key.rawValue, $0.stored) })
    }

    private static let vars = """
        vars: { port: 8443, mode: "0640", limit: 10, on: true, word: yes, half: 1.50, folder: srv/www, empty: "" }
        items:

        """

    /// Each item alone, with what one of its fields comes to.
    @Test(
        arguments: [
            ("settings: [{ key: a, type: sysctl, max: \"{{ limit }}\" }]", "max", .text("10")),
            ("settings: [{ key: a, type: sysctl, expected: \"{{ half }}x\" }]", "expected", .text("1.50x")),
            ("settings: [{ key: a, type: sysctl, expected: \"{{word}}!\" }]", "expected", .text("yes!")),
            (
                "settings: [{ key: a, type: sysctl, one_of: [\"{{ mode }}\", b] }]", "one_of",
                .list([.text("0640"), .text("b")])
            ),
            ("settings: [{ key: a, type: sysctl, expected: \"{{ empty }}\" }]", "expected", .text("")),
            ("files: [{ path: /a, mode: \"{{ mode }}\" }]", "mode", .text("0640")),
            ("files: [{ path: \"/{{ folder }}/a\" }]", "path", .text("/srv/www/a")),
            ("files:\n    - path: /{{ folder }}/b", "path", .text("/srv/www/b")),
            ("files: [{ path: /a, content: \"port {{ port }}\\n\" }]", "content", .text("port 8443\n")),
            (
                "files: [{ path: /a, contains: [{ regex: \"^{{ port }}$\" }] }]", "contains",
                .list([.object(["regex": .text("^8443$")])])
            ),
            ("files: [{ path: /a, content: \"{{ port }}\", literal: true }]", "content", .text("{{ port }}")),
            ("services: [{ name: ssh.service, running: \"{{ on }}\" }]", "running", .flag(true)),
            ("ports: [{ listen: \"tcp *:{{ port }}\" }]", "listen", .text("tcp *:8443")),
            ("users: [{ name: a, uid: \"{{ port }}\" }]", "uid", .whole(8443)),
        ] as [(String, String, StoredValue)])
    func arePutInBeforeAnItemIsRead(item: String, field: String, value: StoredValue) throws {
        let loaded = try load(["base": Self.vars + "  " + item])
        #expect(try stored("base", loaded).values.map { $0[field] } == [value])
    }

    @Test func areThoseOfTheChildInTheItemsOfItsParents() throws {
        let loaded = try load([
            "base": "vars: { port: 1, host: a }\nitems: { files: [{ path: /a, content: \"{{ host }}:{{ port }}\" }] }",
            "web": "extends: base\nvars: { port: 2 }\nitems: {}",
            "other": "extends: base\nvars: { port: 3, host: c }\nitems: {}",
            "both": "extends: [other, web]\nvars: { host: d }\nitems: {}",
            "late": "extends: [web, other]\nitems: {}",
        ])
        let contents = try ["base", "web", "other", "both", "late"].map { name in
            try stored(name, loaded)["file:/a"]?["content"]
        }
        #expect(contents == [.text("a:1"), .text("a:2"), .text("c:3"), .text("d:2"), .text("c:3")])
        #expect(loaded.warnings.isEmpty)
    }

    @Test func aTextAndANumberAreTwoValues() throws {
        let item = "items: { users: [{ name: a, uid: \"{{ id }}\" }] }"
        #expect(throws: ConfigurationProblems.self) {
            try load(["base": "vars: { id: 7 }\n\(item)", "web": "extends: base\nvars: { id: \"7\" }\nitems: {}"])
        }
    }

    @Test func standInTemplatesByteForByte() throws {
        let template = "a {{ x }}\r\n{{x}} end"
        let pack =
            "vars: { x: é }\nitems: { files: [{ path: /a, template: t }, { path: /b, template: t, literal: true }] }"
        let stored = try stored("base", try load(["base": pack], templates: ["t": template]))
        func text(_ key: String) -> [UInt8]? { stored[key]?["template"]?.templateBytes }
        #expect(text("file:/a") == Array("a é\r\né end".utf8))
        #expect(text("file:/b") == Array(template.utf8))
    }

    @Test func binaryTemplatesAreLeftAlone() throws {
        for bytes: [UInt8] in [Array("{{ a b }}\0".utf8), Array("{{ x".utf8) + [0xFF]] {
            let source = SourceFile(path: "packs/base.yaml", text: "items: { files: [{ path: /a, template: t }] }")
            let pack = try ConfigurationLoader.load(packs: [source], templates: ["t": .bytes(bytes)]).packs.values.first
            #expect(pack?.expectations.first?.stored["template"]?.templateBytes == bytes)
        }
    }

    @Test func valuesAreNotExpandedAgain() throws {
        let pack = "vars: { a: \"{{ b }}\", b: x }\nitems: { files: [{ path: /a, content: \"{{ a }}{{ b }}\" }] }"
        #expect(try stored("base", try load(["base": pack]))["file:/a"]?["content"] == .text("{{ b }}x"))
    }

    @Test func descriptionsAreProse() throws {
        let pack = "items: { files: [{ path: /a, description: \"for {{ jinja }}\" }] }"
        let loaded = try load(["base": pack])
        #expect(loaded.packs.values.first?.expectations.first?.description == "for {{ jinja }}")
    }

    private static func item(_ text: String) -> String {
        "vars: { port: 1 }\nitems:\n  files:\n    - { path: \"/{{ port }}\" }\n    - \(text)"
    }

    @Test(arguments: [
        BadInput(
            item("{ path: /a, content: \"{{ prot }}\" }"), line: 5, ":5:28: ", "no variable `prot`",
            "did you mean `port`?"),
        BadInput(item("{ path: /a, content: \"{{ x }}\" }"), line: 5, "no variable `x`", "declare it under vars"),
        BadInput(item("{ path: /a, content: \"{{ server.nam }}\" }"), line: 5, "did you mean `server.name`?"),
        BadInput(item("{ path: /a, content: \"{{ facts.kernel }}\" }"), line: 5, "no variable", "and labels.NAME"),
        BadInput(item("{ path: /a, content: \"{{ a b }}\" }"), line: 5, "is not a placeholder", "literal: true"),
        BadInput(item("{ path: /a, content: \"{{ a\" }"), line: 5, "`{{` without `}}`", "literal: true"),
        BadInput(
            item("{ path: /a, max_mode: {{ port }} }"), line: 5, "YAML takes `{{` without quotes for a mapping",
            "quotes"),
        BadInput(item("path: {{ port }}"), line: 5, "YAML takes `{{` without quotes", "between quotes"),
        BadInput(item("{ path: /a/{{ port }}/b }"), line: 5, "not YAML", "put a value with {{ }} in it between quotes"),
        BadInput(item("path: {{ port }}/b"), line: 5, "not YAML", "put a value with {{ }} in it between quotes"),
        BadInput(item("{ path: /a, mode: \"{{ port }}\" }"), line: 5, "YAML reads 1 as a number", "\"0001\""),
        BadInput(item("{ path: /a, template: \"t{{ port }}\" }"), line: 5, "the name of a template has a placeholder"),
        BadInput(item("{ path: \"/{{ port }}\" }"), line: 5, "`/1` appears twice"),
        BadInput("vars: [a]\nitems: {}", line: 1, "`vars` must be a mapping"),
        BadInput("vars: { Port: 1 }\nitems: {}", line: 1, "`Port` is not the name of a variable"),
        BadInput("vars: { a.b: 1 }\nitems: {}", line: 1, "is not the name of a variable"),
        BadInput("vars: { a: [1] }\nitems: {}", line: 1, "`a` must be a text, not a list"),
        BadInput("vars: { a: }\nitems: {}", line: 1, "`a` has no value"),
        BadInput("vars: { a: null }\nitems: {}", line: 1, "reads null as nothing"),
        BadInput("vars: { a: \"\\0\" }\nitems: {}", line: 1, "cannot be seen"),
        BadInput("vars: { a: \(String(repeating: "x", count: 5000)) }\nitems: {}", line: 1, "a text of 5000 bytes"),
        BadInput(
            "vars:\n" + (0...200).map { "  v\($0): 1\n" }.joined() + "items: {}", line: 2, "201 variables",
            "at most 200"),
    ])
    func whatIsWrongIsToldWithItsPlace(input: BadInput) {
        input.check(problems { try load(["base": input.text]) })
    }

    @Test func aFaultInATemplateIsToldWithItsLineAndOnce() {
        let pack = "items: { files: [{ path: /a, template: t }, { path: /b, template: t }] }"
        let found = problems {
            try load(["base": pack, "web": "extends: base\nitems: {}"], templates: ["t": "a\n\n{{ x }}"])
        }
        #expect(
            found.map(\.description) == [
                "packs/templates/t:3: error: there is no variable `x` "
                    + "(declare it under vars, in this pack or in one that it extends)"
            ])
    }

    @Test func aParentThatCannotBeReadMakesNoFurtherErrors() {
        let child = "extends: base\nitems: { files: [{ path: /a, content: \"{{ x }}\" }] }"
        #expect(problems { try load(["web": child]) }.count == 1)
        #expect(problems { try load(["web": child, "base": "vars: { x: [] }\nitems: {}"]) }.count == 1)
        #expect(problems { try load(["web": child, "base": "vars: {"]) }.map(\.file) == ["packs/base.yaml"])
    }

    @Test func aVariableThatNobodyUsesIsWarnedOf() throws {
        let loaded = try load([
            "base": "vars:\n  used: 1\n  by_child: 2\n  idle: 3\nitems: { files: [{ path: \"/{{ used }}\" }] }",
            "web": "extends: base\nvars: { used: 4, own: 5 }\nitems: { files: [{ path: \"/w{{ by_child }}\" }] }",
        ])
        #expect(
            loaded.warnings.map(\.description) == [
                "packs/base.yaml:4:3: warning: no item uses the variable `idle` "
                    + "(remove it, or write {{ idle }} where it belongs)",
                "packs/web.yaml:2:18: warning: no item uses the variable `own` "
                    + "(remove it, or write {{ own }} where it belongs)",
            ])
    }

    @Test func whatComesToTooMuchIsRefused() {
        let value = String(repeating: "x", count: 4000)
        let text = String(repeating: "{{ a }}", count: 1000)
        let pack = "vars: { a: \(value) }\nitems: { files: [{ path: /a, content: \"\(text)\" }] }"
        let found = problems { try load(["base": pack]) }
        #expect(found.map(\.message) == ["the placeholders of this item come to more than 1048576 bytes"])
        let template = problems {
            try load(
                ["base": "vars: { a: \(value) }\nitems: { files: [{ path: /a, template: t }] }"],
                templates: ["t": String(repeating: "{{ a }}", count: 100)])
        }
        #expect(template.map(\.message) == ["the template `t` has 400000 bytes with its values put in"])
    }
}
