import DriftCore
import PackFiles
import Testing

@Suite("Packs that extend packs")
struct LoadingExtendsTests {
    private static let base = """
        items:
          files:
            - { path: /a, mode: "0644", template: motd }
            - { path: /b, mode: "0600" }
          packages:
            - { name: curl, min_version: "7" }
        """

    private func load(_ packs: [String: String]) throws -> [PackName: Pack] {
        let sources = packs.sorted { $0.key < $1.key }
            .map { SourceFile(path: "packs/\($0.key).yaml", text: $0.value) }
        let loaded = try ConfigurationLoader.load(
            packs: sources, templates: ["motd": .bytes([1])], knownPacks: [PackName(rawValue: "stored")])
        return loaded.packs
    }

    @Test func aChildHasItsParentsItemsAndReplacesThoseOfTheSameKey() throws {
        let packs = try load([
            "base": Self.base,
            "web": "extends: base\nitems: { files: [{ path: /a, owner: www }, { path: /c }] }",
            "max": "name: Max\nextends: web\nitems: { packages: [{ name: curl, state: absent }] }",
        ])
        let a = Expectation(.file(FileExpectation(path: "/a", owner: "www")))
        let b = Expectation(.file(FileExpectation(path: "/b", mode: 0o600)))
        let c = Expectation(.file(FileExpectation(path: "/c")))
        let curl = Expectation(.package(PackageExpectation(name: "curl", minimumVersion: "7")))
        let noCurl = Expectation(.package(PackageExpectation(name: "curl", state: .absent)))
        let base = PackName(rawValue: "base")
        let web = PackName(rawValue: "web")
        let max = PackName(rawValue: "max")
        #expect(packs[base]?.expectations.count == 3)
        #expect(packs[web] == Pack(name: web, extends: [base], expectations: [a, b, c, curl]))
        #expect(packs[max] == Pack(name: max, displayName: "Max", extends: [web], expectations: [a, b, c, noCurl]))
    }

    @Test func aChildSaysForItselfWhatMayBeShown() throws {
        let item = "path: /a, template: motd"
        let packs = try load([
            "base": "items: { files: [{ \(item), show: text }] }",
            "hides": "extends: base\nitems: { files: [{ \(item), show: hidden }] }",
            "says-nothing": "extends: base\nitems: { files: [{ \(item) }] }",
            "inherits": "extends: base\nitems: {}",
        ])
        let shows = ["base", "hides", "says-nothing", "inherits"].map { name -> FileExpectation.Show? in
            let subject = packs[PackName(rawValue: name)]?.expectations.first?.subject
            return if case .file(let file) = subject { file.show } else { nil }
        }
        #expect(shows == [.text, .hidden, .worldReadable, .text])
    }

    @Test(arguments: [("/root/.pgpass", 1), ("/etc/motd", 0)])
    func showingASecretsTextIsWarnedOf(path: String, count: Int) throws {
        let source = SourceFile(
            path: "base.yaml", text: "items: { files: [{ path: \(path), template: motd, show: text }] }")
        let loaded = try ConfigurationLoader.load(packs: [source], templates: ["motd": .bytes([1])])
        #expect(loaded.warnings.count == count, "\(loaded.warnings)")
    }

    @Test func settingsOfTheSameKeyInOtherFilesAreOtherItems() throws {
        let setting = "key: Port, type: config, expected: \"22\""
        let packs = try load([
            "base": "items: { settings: [{ \(setting), file: /a }] }",
            "web": "extends: base\nitems: { settings: [{ \(setting), file: /b }] }",
        ])
        let keys = packs[PackName(rawValue: "web")]?.expectations.map(\.key.rawValue)
        #expect(keys == ["setting:Port@/a", "setting:Port@/b"])
    }

    /// The owner of `/a` and of `/b` in the pack `child`.
    private func owners(_ packs: [String: String]) throws -> [String?] {
        let child = try #require(try load(packs)[PackName(rawValue: "child")])
        return child.expectations.map { if case .file(let file) = $0.subject { file.owner } else { nil } }
    }

    private static func owns(_ owner: String, _ paths: String..., extends parents: String = "[]") -> String {
        "extends: \(parents)\nitems: { files: [\(paths.map { "{ path: \($0), owner: \(owner) }" }.joined(separator: ","))] }"
    }

    @Test(arguments: [
        ("one", ["p": owns("p", "/a", "/b"), "child": "extends: [p]\nitems: {}"], ["p", "p"]),
        (
            "later ones win",
            ["p": owns("p", "/a", "/b"), "q": owns("q", "/b"), "child": "extends: [p, q]\nitems: {}"], ["p", "q"]
        ),
        (
            "and earlier ones where they are written later",
            ["p": owns("p", "/a", "/b"), "q": owns("q", "/b"), "child": "extends: [q, p]\nitems: {}"], ["p", "p"]
        ),
        (
            "the child wins over all",
            ["p": owns("p", "/a"), "q": owns("q", "/b"), "child": owns("c", "/b", extends: "[p, q]")], ["p", "c"]
        ),
        (
            "what one side of a diamond changes stays changed",
            [
                "base": owns("base", "/a", "/b"), "p": owns("p", "/a", extends: "base"),
                "q": owns("q", "/b", extends: "[base]"), "child": "extends: [p, q]\nitems: {}",
            ], ["p", "q"]
        ),
        (
            "a parent and its own parent before it",
            [
                "base": owns("base", "/a", "/b"), "p": owns("p", "/a", extends: "base"),
                "child": "extends: [base, p]\nitems: {}",
            ], ["p", "base"]
        ),
    ])
    func severalParentsAreMergedInTheirOrder(rule: String, packs: [String: String], owners expected: [String]) throws {
        #expect(try owners(packs) == expected)
    }

    @Test func aPackNamesAllItsParents() throws {
        let packs = try load(["a": Self.empty, "b": Self.empty, "child": "extends:\n  - b\n  - a\nitems: {}"])
        let child = try #require(packs[PackName(rawValue: "child")])
        #expect(child.parents == "b, a")
        #expect(try Pack(resolvedJSON: child.resolvedJSON()) == child)
        #expect(try child.resolvedJSON().contains(#""extends":"b, a""#))
    }

    private static let empty = "items: {}"

    @Test(arguments: [
        (
            ["base": "extends: base\nitems: {}"],
            "packs/base.yaml:1:10: error: packs extend each other in a circle: base → base "
                + "(remove extends from one of them)"
        ),
        (
            ["c": "extends: a\nitems: {}", "a": "\nextends: b\nitems: {}", "b": "extends: c\nitems: {}", "d": empty],
            "packs/a.yaml:2:10: error: packs extend each other in a circle: a → b → c → a "
                + "(remove extends from one of them)"
        ),
        (
            ["a": "extends: c\nitems: {}", "b": "extends: c\nitems: {}", "c": "extends: b\nitems: {}"],
            "packs/b.yaml:1:10: error: packs extend each other in a circle: b → c → b "
                + "(remove extends from one of them)"
        ),
        (
            ["web": "extends: bsae\nitems: {}", "base": empty],
            "packs/web.yaml:1:10: error: the parent pack `bsae` does not exist (did you mean `base`?)"
        ),
        (
            ["web": "extends: elsewhere\nitems: {}"],
            "packs/web.yaml:1:10: error: the parent pack `elsewhere` does not exist (packs/elsewhere.yaml)"
        ),
        (
            ["web": "extends: [base, bsae]\nitems: {}", "base": empty],
            "packs/web.yaml:1:17: error: the parent pack `bsae` does not exist (did you mean `base`?)"
        ),
        (
            ["web": "extends: [base, base]\nitems: {}", "base": empty],
            "packs/web.yaml:1:17: error: the parent pack `base` appears twice (keep one)"
        ),
        (
            ["web": "extends: [x, base]\nitems: {}", "base": empty, "x": "extends: base\nitems: {}"],
            "packs/web.yaml:1:14: error: later parents win, and `base` comes after `x`, which extends it "
                + "(remove it, or write it first)"
        ),
        (
            ["a": "extends: [d, b]\nitems: {}", "b": "extends: [d, a]\nitems: {}", "d": empty],
            "packs/a.yaml:1:14: error: packs extend each other in a circle: a → b → a "
                + "(remove extends from one of them)"
        ),
        (
            ["web": "extends: { base: x }\nitems: {}", "base": empty],
            "packs/web.yaml:1:10: error: `extends` must be a text, not a mapping "
                + "(put a text that begins with [, { or ! between quotes)"
        ),
        (
            ["web": "extends: stored\nitems: {}"],
            "packs/web.yaml:1:10: error: the parent pack `stored` does not exist (the database has it, but "
                + "a pack is loaded together with its parents: give its file too)"
        ),
    ])
    func thatCannotBeResolvedAreTold(packs: [String: String], message: String) {
        #expect(problems { try load(packs) }.map(\.description) == [message])
    }

    @Test func aParentThatIsWrongIsNotMissing() {
        let found = problems { try load(["base": "items: 7", "web": "extends: base\nitems: {}"]) }
        #expect(found.map(\.file) == ["packs/base.yaml"])
    }

    @Test func aLongChainLoads() throws {
        var packs = ["p0": Self.base]
        for number in 1...900 { packs["p\(number)"] = "extends: p\(number - 1)\nitems: {}" }
        #expect(try load(packs)[PackName(rawValue: "p900")]?.expectations.count == 3)
    }
}

@Suite("Naming packs by their files")
struct LoadingPackNameTests {
    @Test(arguments: ["base.yaml", "packs/base.yml", "/a/b.c/base.yaml", "./base.yaml"])
    func takesTheStem(path: String) throws {
        let loaded = try ConfigurationLoader.load(packs: [SourceFile(path: path, text: "items: {}")])
        #expect(loaded.packs.keys.map(\.rawValue) == ["base"])
    }

    @Test(arguments: [
        (["packs/Base.yaml"], "packs/Base.yaml: error: `Base` is not a pack name"),
        (["packs/.yaml"], "packs/.yaml: error: `` is not a pack name"),
        (["packs/base.txt"], "packs/base.txt: error: a pack's file ends in .yaml"),
        (["a/base.yaml", "b/base.yml"], "b/base.yml: error: a second file for the pack `base` (the other is a/base"),
    ])
    func refusesOthers(paths: [String], message: String) {
        let sources = paths.map { SourceFile(path: $0, text: "items: {}") }
        let found = problems { try ConfigurationLoader.load(packs: sources) }
        #expect(found.count == 1)
        #expect(found.first?.description.hasPrefix(message) == true, "\(found)")
    }

    @Test func templateNamesAreThoseThatStayInTheirFolder() {
        let good = SourceFile(
            path: "packs/a.yaml",
            text: """
                items:
                  files:
                    - { path: /a, template: motd }
                    - { path: bad, template: ssh/config, mode: 7 }
                    - { path: /c, template: ../../etc/passwd }
                    - { path: /d, template: /etc/passwd }
                    - { path: /e, template: 7 }
                    - { path: /f, template: motd }
                """)
        let bad = SourceFile(path: "packs/b.yaml", text: "items: [")
        #expect(ConfigurationLoader.templateNames(in: [good, bad]) == ["motd", "ssh/config"])
    }

    @Test func problemsComeFileByFileFromTheTop() {
        let sources = ["z", "a"].map { SourceFile(path: "\($0).yaml", text: "x: 1\nitems: {}\ny: 1") }
        let found = problems {
            try ConfigurationLoader.load(inventory: SourceFile(path: "m.yaml", text: "servers: 1"), packs: sources)
        }
        #expect(found.map(\.file) == ["m.yaml", "z.yaml", "z.yaml", "a.yaml", "a.yaml"])
        #expect(found.map(\.line) == [1, 1, 3, 1, 3])
    }
}
