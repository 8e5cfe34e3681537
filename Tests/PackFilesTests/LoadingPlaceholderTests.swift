import PackFiles
import Testing

@testable import DriftCore

@Suite("Placeholders of the server")
struct LoadingPlaceholderTests {
    private static let whole = """
        vars: { port: 443 }
        items:
          files:
            - { path: "/srv/{{ labels.role }}", state: directory, owner: "{{labels.role}}" }
            - { path: /etc/motd, template: motd }
            - { path: /etc/issue, content: "{{ server.name }} runs {{ facts.os.id }}\\n", description: "{{ shown }}" }
            - { path: /etc/hosts, contains: [{ regex: "^{{ server.address }} {{ server.id }}$" }] }
          settings:
            - { key: HOST, type: env_var, expected: "{{ server.name }}:{{ port }}" }
            - { key: vm.swappiness, type: sysctl, max: "{{ labels.swappiness }}", severity: info }
          ports:
            - { listen: "tcp {{ server.address }}:443", when: { label: { role: web } } }
            - { listen: "udp *:{{ labels.udp }}" }
            - { listen: "udp {{ server.address }}:{{ labels.udp }}" }
        """

    private func pack(_ text: String = whole, motd: String = "Welcome to {{ server.id }}, a {{ labels.role }}\n") throws
        -> Pack
    {
        let loaded = try loadPack(text, templates: ["motd": .bytes(Array(motd.utf8))])
        #expect(loaded.warnings.isEmpty)
        return loaded.pack
    }

    private static let web = ServerVariables(
        id: ServerID(rawValue: "web-1"), name: "Web 1", address: "192.0.2.7",
        labels: ["role": "web", "swappiness": "10", "udp": "53"])

    @Test func areStoredAndDigestedAsTheyAreWritten() throws {
        let pack = try pack()
        #expect(
            pack.expectations.map(\.key.rawValue) == [
                "file:/etc/hosts", "file:/etc/issue", "file:/etc/motd", "file:/srv/{{ labels.role }}",
                "port:tcp {{ server.address }}:443", "port:udp *:{{ labels.udp }}",
                "port:udp {{ server.address }}:{{ labels.udp }}", "setting:HOST",
                "setting:vm.swappiness",
            ])
        let json = try pack.resolvedJSON()
        for part in [
            #""expand":true"#, #""owner":"{{ labels.role }}""#, #""regex":"^{{ server.address }} {{ server.id }}$""#,
            #""template":{"name":"motd","text":"Welcome to {{ server.id }}, a {{ labels.role }}\n"}"#,
            #""expected":"{{ server.name }}:443""#, #""max":"{{ labels.swappiness }}""#,
            #""listen":"tcp {{ server.address }}:443""#, #""description":"{{ shown }}""#,
        ] { #expect(json.contains(part), "\(part)") }
        let again = try Pack(resolvedJSON: json)
        #expect(again == pack)
        #expect(try again.resolvedJSON() == json)
        #expect(again.digest == pack.digest)
        #expect(
            pack.digest.description == "sha256:e3748b94f2249cb4d10f8d1b8d323af41f64f76dd21b073ae9f08db907bd65ce")
    }

    @Test(arguments: [
        ("{{ server.id }}, a", "{{ server.name }}, a"), ("{{ labels.role }}\n", "{{ labels.role }}"),
    ])
    func theDigestChangesWithATemplate(old: String, new: String) throws {
        let motd = "Welcome to {{ server.id }}, a {{ labels.role }}\n"
        #expect(try pack().digest != pack(motd: motd.replacing(old, with: new)).digest)
    }

    /// An earlier version has no use for the field `expand`, and takes the item for one of a later version.
    @Test func anEarlierVersionDoesNotJudgeThem() throws {
        for expectation in try pack().expectations {
            guard case .templated(let templated) = expectation.subject else {
                Issue.record("\(expectation.key)")
                continue
            }
            var fields = StoredFields(templated.stored)
            _ = templated.known.kind.init(&fields)
            #expect(!fields.isUnderstood)
        }
    }

    @Test(arguments: [
        (#""text":"Welcome"#, #""text":"{{ labels.x }} {{ facts.later }}"#, "file:/etc/motd"),
        (#""expand":true,"expected""#, #""expand":2,"expected""#, "setting:HOST"),
        (#""max":"{{ labels.swappiness }}""#, #""max":"{{ labels.swappiness }}","more":1"#, "setting:vm.swappiness"),
        (#""owner":"{{ labels.role }}""#, #""owner":"{{ labels.role""#, "file:/srv/{{ labels.role }}"),
    ])
    func whatALaterVersionPutInIsUnsupported(old: String, new: String, key: String) throws {
        let json = try pack().resolvedJSON()
        #expect(json.contains(old))
        let later = try Pack(resolvedJSON: json.replacing(old, with: new))
        let unknown = later.expectations.filter { if case .unknown = $0.subject { true } else { false } }
        #expect(unknown.map(\.key.rawValue) == [key])
    }

    // MARK: Errors

    private static func item(_ section: String, _ text: String) -> String { "items:\n  \(section):\n    - \(text)" }

    @Test(arguments: [
        BadInput(
            item("files", "{ path: /a, mode: \"{{ labels.mode }}\" }"), line: 3, ":3:25:",
            "`{{ labels.mode }}` is not a mode",
            "can stand in texts, paths and names"),
        BadInput(item("users", "{ name: a, uid: \"{{ labels.uid }}\" }"), line: 3, "`uid`", "can stand in texts"),
        BadInput(
            item("services", "{ name: a.service, running: \"{{ labels.x }}\" }"), line: 3, "`running`", "can stand in"),
        BadInput(item("files", "{ path: /a, state: \"{{ labels.x }}\" }"), line: 3, "unknown value `{{ labels.x }}`"),
        BadInput(
            item("files", "{ path: /a, when: { os: \"{{ labels.x }}\" } }"), line: 3,
            "`when` has a placeholder of the server"),
        BadInput(
            item("files", "{ path: /a, severity: \"{{ labels.x }}\" }"), line: 3,
            "`severity` has a placeholder of the server"),
        BadInput(
            item("files", "{ path: \"/etc/{{ facts.os.id }}\" }"), line: 3, "depends on `facts`", "when: { os: … }"),
        BadInput(item("packages", "{ name: \"linux-{{ facts.architecture }}\" }"), line: 3, "depends on `facts`"),
        BadInput(item("files", "{ path: /a, content: \"{{ labels.a b }}\" }"), line: 3, "is not a placeholder"),
        BadInput(item("files", "{ path: /a, content: \"{{ labels.-a }}\" }"), line: 3, "`-a` is not a label name"),
        BadInput(
            item("files", "{ path: /a, content: \"\(String(repeating: "{{ server.id }}", count: 1001))\" }"), line: 3,
            "more than 1000 placeholders of the server in one item"),
        BadInput(
            "vars: { x: \"{{ server.id }}\" }\n" + item("files", "{ path: /a, content: \"{{ x }}{{ server.name }}\" }"),
            line: 4, "would be taken for a placeholder", "keep braces out"),
        BadInput(
            item("files", "{ path: \"a/{{ labels.x }}\" }"), line: 3, "`a/{{ labels.x }}` is a relative path",
            "can stand in"),
    ])
    func areToldWithTheirPlace(input: BadInput) {
        input.check(problems { try loadPack(input.text) })
    }

    @Test func aServerWithoutTheLabelIsWarnedOf() throws {
        let inventory = """
            servers:
              - { id: a, packs: [base], labels: { role: web } }
              - { id: b, packs: [base] }
              - { id: c, packs: [other] }
              - { id: d, packs: [base], labels: { role: db } }
            """
        let pack = """
            items:
              files:
                - { path: /a, content: "{{ labels.role }} {{ server.id }}" }
                - { path: /b, content: "{{ labels.role }} {{ labels.site }}", when: { label: { role: web } } }
            """
        let loaded = try ConfigurationLoader.load(
            inventory: SourceFile(path: "fleet.yaml", text: inventory),
            packs: [
                SourceFile(path: "packs/base.yaml", text: pack),
                SourceFile(path: "packs/other.yaml", text: "items: {}"),
            ])
        let hint = "(give the servers that label, or the item a when: { label: … })"
        #expect(
            loaded.warnings.map(\.description) == [
                "packs/base.yaml:3: warning: `{{ labels.role }}` has no value on b, so the item cannot be judged there "
                    + hint,
                "packs/base.yaml:4: warning: `{{ labels.site }}` has no value on a, so the item cannot be judged there "
                    + hint,
            ])
    }

    // MARK: One server

    /// What is judged on a server, as its kind.
    private func wanted(
        _ item: String, _ server: ServerVariables = web, facts: Facts = Facts()
    ) throws -> Result<any KnownKind, UnreadableReason> {
        let pack = try loadPack("items:\n  \(item)", templates: ["motd": .bytes(Array("{{ labels.x }}\n".utf8))]).pack
        let expectation = try #require(pack.expectations.first)
        guard case .templated(let templated) = expectation.subject else {
            Issue.record("not templated")
            return .failure(.unsupported)
        }
        do throws(TemplatedExpectation.Fault) {
            return .success(try templated.expanded(on: server, in: facts))
        } catch {
            let check = Comparison.judge(facts, against: pack, digest: pack.digest, on: server)
            guard case .unreadable(let reason) = check.outcomes.first?.finding else { return .failure(.unsupported) }
            return .failure(reason)
        }
    }

    private static func labels(_ value: String?) -> ServerVariables {
        ServerVariables(id: ServerID(rawValue: "a"), labels: value.map { ["x": $0] } ?? [:])
    }

    @Test(
        arguments: [
            ("files: [{ path: \"/srv/{{ labels.x }}\" }]", "web", "path", .text("/srv/web")),
            ("files: [{ path: \"/srv/{{ labels.x }}\" }]", "a/b", "path", .text("/srv/a/b")),
            ("files: [{ path: \"{{ labels.x }}/a\" }]", "/srv/www", "path", .text("/srv/www/a")),
            ("mounts: [{ path: \"{{ labels.x }}\" }]", "/", "path", .text("/")),
            ("files: [{ path: /a, content: \"<{{ labels.x }}>\" }]", "$(id) \"é\"", "content", .text("<$(id) \"é\">")),
            (
                "files: [{ path: /a, content: \"{{ labels.x }}\" }]", "{{ server.id }}", "content",
                .text("{{ server.id }}")
            ),
            ("files: [{ path: /a, contains: [\"{{ labels.x }}\"] }]", "a.b", "contains", .list([.text("a.b")])),
            (
                "files: [{ path: /a, lacks: [{ regex: \"^{{ labels.x }}$\" }] }]", "a.b(", "lacks",
                .list([.object(["regex": .text("^a\\.b\\($")])])
            ),
            ("settings: [{ key: a, type: sysctl, min: \"{{ labels.x }}\" }]", "12", "min", .text("12")),
            ("settings: [{ key: a, type: sysctl, matches: \"{{ labels.x }}\" }]", "1+1", "matches", .text("1\\+1")),
            ("packages: [{ name: a, version: \"{{ labels.x }}.*\" }]", "1.2", "version", .text("1.2.*")),
            ("ports: [{ listen: \"tcp *:{{ labels.x }}\" }]", "80", "listen", .text("tcp *:80")),
        ] as [(String, String, String, StoredValue)])
    func valuesArePutIn(item: String, value: String, field: String, expected: StoredValue) throws {
        let kind = try wanted(item, Self.labels(value)).get()
        #expect(kind.stored[field] == expected)
    }

    @Test(arguments: [
        (
            "files: [{ path: \"/srv/{{ labels.x }}\" }]",
            ["..", "a/../b", "a b", "*", "", "/a", "a/", "-a", "é", "~", "a\nb"]
        ),
        ("files: [{ path: \"{{ labels.x }}/a\" }]", ["srv", "/srv/", "/srv/..", "//srv", "~"]),
        ("kernel: [{ module: \"{{ labels.x }}\" }]", ["../a", "a/..", "a b"]),
        ("files: [{ glob: \"/srv/{{ labels.x }}/*\" }]", ["*", "[a]", "..", "$(id)"]),
        ("settings: [{ key: a, type: sysctl, max: \"{{ labels.x }}\" }]", ["many", "1 2"]),
        ("ports: [{ listen: \"tcp *:{{ labels.x }}\" }]", ["0", "70000", "http"]),
    ])
    func aValueThatCannotStandThereIsNotJudged(item: String, values: [String]) throws {
        for value in values {
            #expect(throws: UnreadableReason.unusableVariable, "\(value)") {
                try wanted(item, Self.labels(value)).get()
            }
        }
    }

    @Test func aMissingLabelIsTheItemsOwnTrouble() throws {
        let pack = try pack()
        var server = Self.web
        server.labels = ["udp": "53", "swappiness": "10"]
        let check = Comparison.judge(Facts(), against: pack, digest: pack.digest, on: server)
        let missing = check.outcomes.filter { $0.finding == .unreadable(.missingVariable) }
        #expect(missing.map(\.key.rawValue) == ["file:/etc/motd", "file:/srv/{{ labels.role }}"])
        #expect(missing.map(\.remark) == Array(repeating: "the server has no {{ labels.role }}", count: 2))
        #expect(missing.map(\.item) == ["/etc/motd", "/srv/{{ labels.role }}"])
        #expect(try StoredItems(json: check.detailsJSON()).outcomes == StoredItems(check.outcomes).outcomes)
        let other = missing.map { outcome in
            var outcome = outcome
            outcome.remark = "the server has no {{ labels.other }}"
            return outcome
        }
        #expect(
            Check(packName: pack.name, packDigest: pack.digest, outcomes: other).fingerprint
                != Check(packName: pack.name, packDigest: pack.digest, outcomes: missing).fingerprint)
        #expect(!ProbeQuestions(packs: [pack], on: server).files.map(\.path).contains("/etc/motd"))
    }

    @Test func ofSeveralMissingValuesTheFirstByNameIsNamed() throws {
        let item = "files: [{ path: /a, content: \"{{ facts.os.id }} {{ labels.x }} {{ labels.b }}\" }]"
        let pack = try loadPack("items:\n  \(item)").pack
        let check = Comparison.judge(Facts(), against: pack, digest: pack.digest, on: ServerVariables())
        #expect(check.outcomes.map(\.finding) == [.unreadable(.missingVariable)])
        #expect(check.outcomes.map(\.remark) == ["the server has no {{ labels.b }}"])
    }

    @Test func eachServerIsAskedForItsOwn() throws {
        let pack = try pack()
        var other = Self.web
        other.labels["role"] = "db"
        other.labels["udp"] = nil
        let questions = [Self.web, other].map { ProbeQuestions(packs: [pack], on: $0) }
        #expect(
            questions.map { $0.files.map(\.path) } == [
                ["/etc/hosts", "/etc/issue", "/etc/motd", "/srv/web"],
                ["/etc/hosts", "/etc/issue", "/etc/motd", "/srv/db"],
            ])
        let hashes = questions.map { $0.files[2].expectedHashes }
        #expect(hashes[0] == [SHA256Digest(of: Array("Welcome to web-1, a web\n".utf8))])
        #expect(hashes[0] != hashes[1])
        #expect(questions.allSatisfy { $0.topics.contains { $0.topic.name == OSFacts.name } })
    }

    @Test(
        arguments: [
            ("ID=debian", .ok), ("ID=alpine", nil), ("NAME=x", .unreadable(.missingVariable)),
            (nil, .unreadable(.slow)),
        ] as [(String?, ItemOutcome.Finding?)])
    func factsAreThoseOfTheLook(release: String?, finding: ItemOutcome.Finding?) throws {
        let item = "items: { files: [{ path: /a, content: \"{{ server.name }} runs {{ facts.os.id }}\\n\" }] }"
        let pack = try loadPack(item).pack
        let bytes = Array("Web 1 runs debian\n".utf8)
        let root = Account(name: "root", number: 0)
        let entry = FileEntry(
            status: FileStatus(type: .file, mode: 0o644, owner: root, group: root, size: bytes.count),
            content: .read(SHA256Digest(of: bytes), bytes: bytes))
        var facts = Facts(files: ["/a": .present(entry)])
        if let release {
            facts.topics.read(OSFacts.self, [Array(release.utf8)[...]])
        } else {
            facts.topics.miss(OSFacts.self, because: .slow)
        }
        let outcome = try #require(
            Comparison.judge(facts, against: pack, digest: pack.digest, on: Self.web).outcomes.first)
        if let finding {
            #expect(outcome.finding == finding)
        } else {
            guard case .wrong(let mismatches) = outcome.finding else {
                Issue.record("\(outcome)")
                return
            }
            #expect(mismatches.map(\.type) == [.wrongContent])
            #expect(mismatches[0].diff?.contains("-Web 1 runs alpine\n+Web 1 runs debian\n") == true)
        }
    }

    // MARK: Beside other packs

    @Test(arguments: [
        ("content: \"{{ labels.a }}\"", "content: \"{{ labels.b }}\"", false),
        ("content: \"{{ labels.a }}\"", "content: x", false),
        ("content: \"{{ labels.a }}\", mode: \"0600\"", "mode: \"0644\"", true),
        ("mode: \"0600\"", "content: \"{{ labels.a }}\", mode: \"0644\"", true),
        ("content: \"{{ labels.a }}\", owner: \"{{ labels.o }}\"", "content: \"{{ labels.a }}\", owner: a", false),
        ("content: \"{{ labels.a }}\"", "state: absent", true),
    ])
    func conflictsAreThoseThatHoldForAllValues(one: String, other: String, isConflict: Bool) throws {
        let sources = [one, other].enumerated().map { number, item in
            SourceFile(path: "packs/p\(number).yaml", text: "items: { files: [{ path: /a, \(item) }] }")
        }
        let inventory = SourceFile(
            path: "fleet.yaml",
            text: "servers: [{ id: s, packs: [p0, p1], labels: { a: \"1\", b: \"2\", o: x } }]")
        let found = problems { try ConfigurationLoader.load(inventory: inventory, packs: sources) }
        #expect(found.count == (isConflict ? 1 : 0), "\(found)")
    }

    @Test func aChangeShowsTheTextsAsTheyAreWritten() throws {
        let packs = try ["{{ labels.a }}", "{{ labels.b }}"].map {
            try loadPack("items: { files: [{ path: /a, owner: \"\($0)\" }] }").pack
        }
        let changes = ItemChange.between(packs[0], packs[1])
        #expect(changes.map(\.noun) == ["file"])
        #expect(changes.first?.fields.map(\.text) == ["owner {{ labels.a }} → {{ labels.b }}"])
        let secret = try ["a", "b"].map {
            try loadPack("items: { settings: [{ key: K, type: env_var, expected: \"\($0){{ server.id }}\" }] }").pack
        }
        #expect(ItemChange.between(secret[0], secret[1]).first?.fields.map(\.text) == ["expected changed"])
    }
}
