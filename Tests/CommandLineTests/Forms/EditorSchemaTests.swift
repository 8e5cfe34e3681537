import DriftCore
import Foundation
import PackFiles
import TestSupport
import Testing

@testable import driftwatch

/// The schemas that editors get, beside what loading a file says.
@Suite
struct EditorSchemaTests {
    /// How many items and servers loading finds; nil if it says no.
    private static func loaded(_ text: String, isInventory: Bool = false) -> Int? {
        guard !isInventory else {
            let inventory = SourceFile(path: "fleet.yaml", text: text)
            let files = InventoryFiles(ansible: .init(path: "hosts", source: .bytes(Array("h".utf8))))
            let loaded = try? ConfigurationLoader.load(
                inventory: inventory, files: files, knownPacks: [PackName(rawValue: "base")])
            return loaded?.inventory?.servers.count
        }
        let packs = [("base", text), ("other", "items: {}")].map {
            SourceFile(path: "packs/\($0).yaml", text: $1)
        }
        let loaded = try? ConfigurationLoader.load(packs: packs, templates: ["motd": .bytes([10])])
        return loaded?.packs[PackName(rawValue: "base")]?.expectations.count
    }

    /// What the schemas say against each of the texts.
    private static func complaints(about texts: [(text: String, isInventory: Bool)]) async throws -> [[String]] {
        var answers: [[String]] = Array(repeating: [], count: texts.count)
        for (file, isInventory) in [(SchemaCommand.File.pack, false), (.fleet, true)] {
            let indices = texts.indices.filter { texts[$0].isInventory == isInventory }
            let found = try await SchemaValidator(file: file).complaints(about: indices.map { texts[$0].text })
            for (index, complaints) in zip(indices, found) { answers[index] = complaints }
        }
        return answers
    }

    /// Neither loading nor the schema takes any of them.
    private static func expectRefusal(_ texts: [(text: String, isInventory: Bool)]) async throws {
        for (text, complaints) in zip(texts, try await complaints(about: texts)) {
            #expect(loaded(text.text, isInventory: text.isInventory) == nil, "loads: \(text.text)")
            #expect(!complaints.isEmpty, "valid: \(text.text)")
        }
    }

    @Test
    func theSamplesLoadAndAreValid() async throws {
        for sample in Sample.all {
            let count = Self.loaded(sample.text, isInventory: sample.isInventory)
            #expect(sample.hasItem ? count == 1 : count != nil, "\(sample.text)")
        }
        let complaints = try await Self.complaints(about: Sample.all.map { ($0.text, $0.isInventory) })
        for (sample, complaints) in zip(Sample.all, complaints) { #expect(complaints == [], "\(sample.text)") }
    }

    /// Where a key is declared, some sample has it: the tests below then see it.
    @Test
    func theSamplesHaveEveryKey() {
        var seen: [String: Set<String>] = [:]
        func note(_ form: Form, _ names: [String]) { seen[form.noun, default: []].formUnion(names) }
        for sample in Sample.all {
            note(sample.form, sample.keys.map(\.0))
            for place in sample.places {
                guard let form = place.key.shape.form else { continue }
                let inner = sample.places.filter {
                    $0.path.count == place.path.count + 1 && $0.path.starts(with: place.path)
                }
                note(form, inner.map(\.key.name))
            }
        }
        func check(_ form: Form) {
            for key in form.keys {
                #expect(seen[form.noun]?.contains(key.name) == true, "\(form.noun): no sample has \(key.name)")
                if let inner = key.shape.form { check(inner) }
            }
        }
        check(.pack)
        check(.inventory)
    }

    /// A value with a tag is refused wherever a value is read.
    @Test(arguments: Sample.all)
    func everyKeyThatIsDeclaredIsRead(sample: Sample) {
        for place in sample.places {
            let text = sample.text(place.path, "!odd x")
            #expect(Self.loaded(text, isInventory: sample.isInventory) == nil, "nobody reads \(place.path): \(text)")
        }
    }

    @Test
    func whatIsWrongInOneValueIsRefusedByBoth() async throws {
        var texts: [(text: String, isInventory: Bool)] = []
        for sample in Sample.all {
            for (path, key) in sample.places {
                var wrong = WrongValues(key.shape).values.map { sample.text(path, $0) }
                wrong.append(sample.text(path.dropLast() + [key.name + "x"], "x"))
                if key.presence != .optional { wrong.append(sample.text(path, nil)) }
                texts += wrong.map { ($0, sample.isInventory) }
            }
        }
        #expect(texts.count > 500)
        try await Self.expectRefusal(texts)
    }

    @Test
    func whatIsWrongBetweenKeysIsRefusedByBoth() async throws {
        let items = [
            "files: [{ mode: \"0644\" }]", "files: [{ path: /a, glob: \"/a*\" }]", "files: [{ path: /a, at_least: 1 }]",
            "files: [{ path: /a, show: hidden }]", "files: [{ path: /a, target: /b }]",
            "files: [{ path: /a, only: [] }]",
            "files: [{ path: /a, state: absent, mode: \"0644\" }]", "files: [{ path: /a, content: a, template: motd }]",
            "files: [{ path: /a, state: directory, content: a }]",
            "files: [{ path: /a, mode: \"0644\", max_mode: \"0644\" }]",
            "files: [{ path: /a, state: symlink, target: b, mode: \"0777\" }]",
            "files: [{ glob: \"/a*\", content: a }]",
            "files: [{ path: /a, state: directory, tree: {} }]",
            "packages: [{ name: a1, state: absent, min_version: \"1\" }]",
            "settings: [{ key: A, type: env_var }]", "settings: [{ key: A, type: env_var, expected: a, max: 1 }]",
            "settings: [{ key: A, type: config, expected: a }]",
            "settings: [{ key: A, type: env_var, expected: a, file: /a }]", "services: [{ name: a.service }]",
            "users: [{ uid: 0 }]", "users: [{ uid: null, only: [root] }]", "users: [{ only: [root] }]",
            "users: [{ name: a, uid: 0, only: [root] }]",
            "users: [{ uid: 0, only: [root], locked: true }]", "users: [{ name: a, authorized_keys: {} }]",
            "users: [{ name: a, state: absent, uid: 7 }]",
            "users: [{ name: a, uid: 7, authorized_keys: { only: [] } }]",
            "groups: [{ name: a, state: absent, members: [b] }]", "system: [{}]",
            "system: [{ clock: synchronised, reboot_required: false }]",
            "mounts: [{ path: /a, state: absent, type: ext4 }]",
            "ports: [{ listen: \"tcp *:22\", only: [] }]", "ports: [{ listen: \"tcp *:22\", loopback: true }]",
            "ports: [{}]", "kernel: [{ module: a, when: {} }]", "kernel: [{ module: a, when: { version: \"1\" } }]",
        ]
        try await Self.expectRefusal(items.map { ("items: { \($0) }", false) })
    }

    @Test
    func aVariableMayStandForAnyValueOfAnItem() async throws {
        let text = """
            vars: { folder: /etc, mode: "0644", days: 21, must: true, state: present, unit: ssh, any: "0" }
            items:
              files: [{ path: "{{ folder }}/motd", mode: "{{ mode }}", optional: "{{ must }}", content: "{{ labels.role }}" }]
              packages: [{ name: nginx, state: "{{ state }}" }]
              settings: [{ key: A, type: sysctl, max: "{{ days }}" }, { key: B, type: sysctl, expected: "{{ any }}" }]
              services: [{ name: "{{ unit }}.service", running: "{{ must }}" }]
              certificates: [{ path: "{{ folder }}/a.pem", min_days: "{{ days }}" }]
            """
        #expect(Self.loaded(text) == 6)
        #expect(try await Self.complaints(about: [(text, false)]) == [[]])
        let misplaced = ["vars: { a: [1] }\nitems: {}", "vars: { A: b }\nitems: {}", "vars: { a: b }\nname: x"]
        try await Self.expectRefusal(misplaced.map { ($0, false) })
    }

    /// An editor must not underline what is right, and no item is lost without a word.
    @Test
    func whatLoadsIsValid() async throws {
        var random = SeededGenerator(seed: 8)
        var accepted: [(text: String, isInventory: Bool)] = []
        for _ in 0..<1500 {
            guard let sample = Sample.all.randomElement(using: &random) else { continue }
            let text = MixedValues.text(sample, using: &random)
            guard let count = Self.loaded(text, isInventory: sample.isInventory) else { continue }
            if sample.hasItem { #expect(count == 1, "\(text)") }
            accepted.append((text, sample.isInventory))
        }
        #expect(accepted.count > 400)
        for (text, complaints) in zip(accepted, try await Self.complaints(about: accepted)) {
            #expect(complaints == [], "\(text.text)")
        }
    }

    @Test
    func theExamplesAndThePagesAreValid() async throws {
        let root = DocumentPage.root.path(percentEncoded: false)
        let names = try FileManager.default.contentsOfDirectory(atPath: root + "packs").filter { $0.hasSuffix(".yaml") }
        var texts = try names.map { ("packs/" + $0, try String(contentsOfFile: root + "packs/" + $0, encoding: .utf8)) }
        texts.append(("fleet.yaml", try String(contentsOfFile: root + "fleet.yaml", encoding: .utf8)))
        for page in DocumentPage.all {
            for block in page.blocks where block.kind == "yaml" {
                guard let name = block.text.firstMatch(of: /^# (\S+\.yaml)\n/)?.1 else { continue }
                texts.append((String(name), block.text))
            }
            for block in page.blocks where block.kind == "sh" {
                let files = block.text.matches(of: /(\S+\.yaml) <<'YAML'\n((?:.*\n)*?)YAML\n/)
                texts += files.map { (String($0.1), String($0.2)) }
            }
        }
        #expect(texts.count > 10)
        #expect(texts.count { $0.0.hasSuffix("fleet.yaml") } == 3)
        let complaints = try await Self.complaints(about: texts.map { ($0.1, $0.0.hasSuffix("fleet.yaml")) })
        for (text, complaints) in zip(texts, complaints) { #expect(complaints == [], "\(text.0)") }
    }

    @Test(arguments: [("pack", "packs"), ("fleet", "fleet")])
    func theReferenceIsWhatTheProgramPrints(file: String, page: String) async throws {
        let printed = try await Program.run(["schema", file, "--markdown"])
        #expect(printed.status == 0, "\(printed)")
        #expect(
            printed.output == (try DocumentPage.named("docs/\(page).md").text),
            "driftwatch schema \(file) --markdown >docs/\(page).md")
    }

    @Test(arguments: ["pack", "fleet", "notification"])
    func theSchemaIsPrinted(file: String) async throws {
        let printed = try await Program.run(["schema", file])
        #expect(printed.status == 0, "\(printed)")
        let schema = try JSONSerialization.jsonObject(with: Data(printed.output.utf8)) as? [String: Any]
        #expect(schema?["$schema"] as? String == "http://json-schema.org/draft-07/schema#")
    }
}
