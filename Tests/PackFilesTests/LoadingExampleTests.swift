import DriftCore
import Foundation
import PackFiles
import Testing

@Suite("The example packs and inventory")
struct LoadingExampleTests {
    /// The top of the clone.
    private static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: root.appending(path: path)))
    }

    private static let packNames = [
        "accounts", "base", "canary", "debian-server", "developer-lite", "developer-max", "kernel-hardening",
        "postgres",
        "ssh-hardening", "web",
    ]
    private static let templateNames = ["developer.sh", "issue.net", "nginx/site", "sysctl/60-developer.conf"]

    private static func load() throws -> LoadedConfiguration {
        let packs = try packNames.map {
            SourceFile(path: "packs/\($0).yaml", bytes: try bytes("packs/\($0).yaml"))
        }
        #expect(ConfigurationLoader.templateNames(in: packs) == Set(templateNames))
        var templates: [String: TemplateSource] = [:]
        for name in templateNames { templates[name] = .bytes(try bytes("packs/templates/\(name)")) }
        let inventory = SourceFile(path: "fleet.yaml", bytes: try bytes("fleet.yaml"))
        return try ConfigurationLoader.load(inventory: inventory, packs: packs, templates: templates)
    }

    @Test func loadWithoutAWarning() throws {
        let loaded = try Self.load()
        #expect(loaded.warnings.isEmpty, "\(loaded.warnings)")
        #expect(loaded.packs.keys.map(\.rawValue).sorted() == Self.packNames)
        #expect(loaded.inventory?.servers.isEmpty == false)
        #expect(loaded.inventory?.schedule == ScheduleSetting(cron: "0 6 * * *", timeZone: "UTC"))
    }

    @Test func areAllTheFilesThereAre() throws {
        func names(_ path: String) throws -> [String] {
            let folder = Self.root.appending(path: path).path
            return try FileManager.default.subpathsOfDirectory(atPath: folder)
                .filter { path in
                    try FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")[.type] as? FileAttributeType
                        == .typeRegular
                }.sorted()
        }
        #expect(try names("packs/templates") == Self.templateNames)
        #expect(try names("packs").filter { $0.hasSuffix(".yaml") } == Self.packNames.map { "\($0).yaml" })
    }

    @Test(arguments: [["base", "developer-lite", "developer-max"], ["base", "debian-server"]])
    func eachExtendsTheOneBefore(names: [String]) throws {
        let packs = try Self.load().packs
        let keys = names.map { Set(packs[PackName(rawValue: $0)]?.expectations.map(\.key) ?? []) }
        #expect(keys[0].count > 0)
        for (parent, child) in zip(keys, keys.dropFirst()) { #expect(parent.isStrictSubset(of: child)) }
    }

    @Test func aChildReplacesItsParentsItem() throws {
        let packs = try Self.load().packs
        let git = packs[PackName(rawValue: "developer-max")]?.expectations
            .filter { $0.key.rawValue == "package:git" }.map(\.subject)
        #expect(git == [.package(PackageExpectation(name: "git", minimumVersion: "1:2.39"))])
    }
}

@Suite("Packs in the form of other projects")
struct LoadingForeignFormTests {
    /// Written as people write packs for tools that know files, packages and settings, and nothing else.
    private static let packs = [
        "base": """
        # Workstation toolkit

        name: Toolkit Base
        description: Shell files and the tools they call
        extends: null

        items:
          files:
            # Loaded by every shell
            - path: ~/.shell_functions
              mode: "0664"
              description: Functions for every shell

            - path: ~/.local/bin/open-tunnel
              mode: "0755"
              content_hash: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
              description: Opens a tunnel

            - path: ~/.config/prompt.toml
              mode: "0600"
              template: prompt.toml
              content_hash: null

          packages:
            - name: bash-completion
              description: Completion

            - name: openssh-client
              min_version: "9.2"
              description: Client for tunnels

          # Defaults are fine
          settings: []

        """,
        "dev": """
        name: Development
        description: Python and friends
        extends: base

        items:
          files: []
          packages:
            - name: python3-venv
              min_version: null
              description: Virtual environments
          settings:
            - key: EDITOR
              expected: "nano"
              type: env_var
              description: Default editor
        """,
        "alone": """
        name: Alone
        description: Nothing but one package
        items:
          packages:
            - {name: jq, description: JSON processor}
        """,
    ]

    @Test func loadUnchanged() throws {
        let sources = Self.packs.sorted { $0.key < $1.key }
            .map { SourceFile(path: "packs/\($0.key).yaml", text: $0.value) }
        let loaded = try ConfigurationLoader.load(packs: sources, templates: ["prompt.toml": .bytes([10])])
        #expect(loaded.warnings.isEmpty)
        #expect(
            loaded.packs[PackName(rawValue: "dev")]?.expectations.map(\.key.rawValue) == [
                "file:~/.config/prompt.toml", "file:~/.local/bin/open-tunnel", "file:~/.shell_functions",
                "package:bash-completion", "package:openssh-client", "package:python3-venv", "setting:EDITOR",
            ])
        #expect(loaded.packs[PackName(rawValue: "alone")]?.extends == [])
    }
}
