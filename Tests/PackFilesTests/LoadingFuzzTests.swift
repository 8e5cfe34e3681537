import DriftCore
import PackFiles
import TestSupport
import Testing

@Suite("Loading what is broken")
struct LoadingFuzzTests {
    private static let pack = """
        name: Base Pack
        description: >
          What every server has
        extends: null
        vars: { who: root, from: 22 }
        items:
          files:
            - path: ~/.gitconfig
              mode: "0644"
              owner: "{{ who }}"
              template: gitconfig
              description: 'shown to people'
            - { path: /srv, state: directory, mode: "2775" }
            - { path: /etc/localtime, state: symlink, target: ../usr/share/zoneinfo/UTC }
          packages:
            - { name: curl, min_version: "7.88" }
          settings:
            - { key: Port, expected: "{{ from }}{{ labels.port }}", type: config, file: /etc/ssh/sshd_config }
          services:
            - { name: ssh.service, enabled: true, running: false }
        """

    private static let inventory = """
        schedule: { cron: "0 6 * * *", time_zone: UTC }
        include: fleet.d/*.yaml
        ansible: hosts
        defaults: { user: driftwatch, packs: [base] }
        groups:
          web: { match: { role: [web, proxy] }, packs: [base], port: 22 }
        servers:
          - id: web-1
            name: Web 1
            address: web-1.example.net
            port: 22
            connection: ssh
            packs: [base]
            labels: { role: web }
            drift_detection: true
          - id: web-2
            also: [base]
        """

    private static let included = """
        defaults: { labels: { site: ham } }
        groups: { ham: { match: { site: ham }, queue: ham } }
        servers: [{ id: ham-1 }]
        """

    private static let ansible = [
        (
            "hosts",
            """
            db-[1:3].example.net:2200 ansible_user="deploy" # a comment
            [east:children]
            west
            [west]
            w-[a:c] ansible_host='192.0.2.1'
            [west:vars]
            ansible_port = 22
            """
        ),
        (
            "hosts.yml",
            """
            all:
              hosts: { "db-[01:03]": { ansible_port: 22 } }
              children:
                west: { hosts: { w: }, vars: { ansible_user: deploy } }
            """
        ),
    ]

    @Test(arguments: 0..<4 as Range<UInt64>)
    func neverEndsOtherwiseThanLoadedOrWithALine(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var loadedCount = 0
        for _ in 0..<150 {
            let packFile = SourceFile(path: "packs/base.yaml", bytes: Self.mutated(Self.pack, &random))
            let inventoryFile = SourceFile(path: "fleet.yaml", bytes: Self.mutated(Self.inventory, &random))
            let (path, hosts) = Self.ansible[Int.random(in: 0...1, using: &random)]
            let found = { (path: String, text: String, random: inout SeededGenerator) in
                InventoryFiles.Found(path: path, source: .bytes(Self.mutated(text, &random)))
            }
            let files = InventoryFiles(
                included: ["fleet.d/*.yaml": [found("fleet.d/a.yaml", Self.included, &random)]],
                ansible: found(path, hosts, &random))
            do {
                _ = ConfigurationLoader.filesNamed(by: inventoryFile)
                let templates = ["gitconfig": TemplateSource.bytes(packFile.bytes)]
                _ = ConfigurationLoader.templateNames(in: [packFile])
                let loaded = try ConfigurationLoader.load(
                    inventory: inventoryFile, files: files, packs: [packFile], templates: templates)
                loadedCount += 1
                for pack in loaded.packs.values {
                    let again = try Pack(resolvedJSON: pack.resolvedJSON())
                    #expect(again == pack && again.digest == pack.digest)
                }
            } catch let error as ConfigurationProblems {
                #expect(!error.errors.isEmpty)
                for problem in error.problems {
                    #expect(problem.line != nil, "\(problem)")
                    let isOneLine = problem.description.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
                    #expect(isOneLine, "\(problem)")
                }
            }
        }
        // The mutations are gentle enough to reach past the parser.
        #expect((1..<150).contains(loadedCount))
    }

    /// Changes that keep most of a text, at a few places.
    private static func mutated(_ text: String, _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
            let index = bytes.indices.randomElement(using: &random) ?? 0
            let end = min(bytes.count, index + Int.random(in: 1...12, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.removeSubrange(index..<end)
            case 1: bytes.insert(contentsOf: bytes[index..<end], at: index)
            case 2: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 3: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: index)
            case 4: bytes.swapAt(index, end - 1)
            default: bytes.removeSubrange(index..<bytes.count)
            }
        }
        return bytes
    }

    private static let pieces = [
        "\n", "\t", " ", "- ", "? ", ": ", "[", "]", "{", "}", ",", "\"", "'", "#", "&a ", "*a", "!x ", "!!int ", "|",
        ">", "%", "@", "`", "~", "<<: ", "---\n", "...\n", "\0", "\u{FEFF}", "\u{2028}", "\r", "\\x00", "../", "é", "0",
        "{{", "}}", "{{ who }}", "{{ server.id }}",
    ]
}
