import DriftCore
import PackFiles
import Testing

@Suite("Loading a pack")
struct LoadingPackTests {
    private static let whole = """
        name: Base Pack
        description: >
          What every
          server has
        extends: null
        items:
          files:
            - path: ~/.gitconfig
              mode: "0644"
              owner: root
              group: "0"
              template: gitconfig
              state: file
              description: shown to people
            - { path: /etc/hash, content_hash: "sha256:\(String(repeating: "Ab", count: 32))" }
            - { path: /srv, state: directory, mode: "2775" }
            - { path: /etc/localtime, state: symlink, target: ../usr/share/zoneinfo/UTC, owner: root }
            - { path: /etc/nologin, state: absent }
            - path: "/with space/ünïcode"
          packages:
            - { name: curl, min_version: "7.88" }
            - { name: telnetd, state: absent }
            - { name: g++, min_version: 4:12.2.0-3 }
            - { name: libc6:i386 }
            - { name: nginx, version: "1.22.*", max_version: "1.22.9", held: true }
          settings:
            - { key: EDITOR, expected: vim, type: env_var }
            - { key: EMPTY, expected: "", type: env_var }
            - { key: PasswordAuthentication, expected: "no", type: config, file: /etc/ssh/sshd_config }
            - { key: net.ipv4.ip_forward, expected: "0", type: sysctl }
          services:
            - { name: ssh.service, enabled: true, running: false }
        """

    @Test func readsEveryKindOfItem() throws {
        let (pack, _) = try loadPack(Self.whole, templates: ["gitconfig": .bytes([1, 2, 3])])
        let hash = try #require(SHA256Digest(String(repeating: "ab", count: 32)))
        let expected = Pack(
            name: PackName(rawValue: "base"), displayName: "Base Pack", description: "What every server has",
            expectations: [
                Expectation(
                    .file(
                        FileExpectation(
                            path: "~/.gitconfig", mode: 0o644, owner: "root", group: "0",
                            content: .template(name: "gitconfig", bytes: [1, 2, 3]))),
                    description: "shown to people"),
                Expectation(.file(FileExpectation(path: "/etc/hash", content: .hash(hash)))),
                Expectation(.file(FileExpectation(path: "/srv", state: .directory, mode: 0o2775))),
                Expectation(
                    .file(
                        FileExpectation(
                            path: "/etc/localtime", state: .symlink, owner: "root",
                            target: "../usr/share/zoneinfo/UTC"))),
                Expectation(.file(FileExpectation(path: "/etc/nologin", state: .absent))),
                Expectation(.file(FileExpectation(path: "/with space/ünïcode"))),
                Expectation(.package(PackageExpectation(name: "curl", minimumVersion: "7.88"))),
                Expectation(.package(PackageExpectation(name: "telnetd", state: .absent))),
                Expectation(.package(PackageExpectation(name: "g++", minimumVersion: "4:12.2.0-3"))),
                Expectation(.package(PackageExpectation(name: "libc6:i386"))),
                Expectation(
                    .package(
                        PackageExpectation(name: "nginx", version: "1.22.*", maximumVersion: "1.22.9", isHeld: true))),
                Expectation(
                    .setting(SettingExpectation(name: "EDITOR", expected: "vim", kind: .environmentVariable))),
                Expectation(.setting(SettingExpectation(name: "EMPTY", expected: "", kind: .environmentVariable))),
                Expectation(
                    .setting(
                        SettingExpectation(
                            name: "PasswordAuthentication", expected: "no", kind: .config,
                            file: "/etc/ssh/sshd_config"))),
                Expectation(.setting(SettingExpectation(name: "net.ipv4.ip_forward", expected: "0", kind: .sysctl))),
                Expectation(.service(ServiceExpectation(name: "ssh.service", enabled: true, running: false))),
            ])
        #expect(pack == expected)
        #expect(pack.expectations.map(\.key) == pack.expectations.map(\.key).sorted())
    }

    @Test func warnsOfNoItemThatIsAsItShouldBe() throws {
        #expect(try loadPack(Self.whole, templates: ["gitconfig": .bytes([])]).warnings.isEmpty)
    }

    @Test func warnsOfATemplateThatHoldsASecret() throws {
        let text = "items: { files: [{ path: /etc/a, template: a/b }, { path: /etc/c, template: a/b }] }"
        let template = Array("[db]\nuser = u\npassword = hunter2\ntoken = hunter3\n".utf8)
        let (_, warnings) = try loadPack(text, templates: ["a/b": .bytes(template)])
        #expect(
            warnings.map(\.description) == [
                "packs/templates/a/b:3: warning: this line looks as if it held a secret, and 1 more of its lines "
                    + "(keep secrets out of packs: use content_hash for this file)"
            ])
    }

    @Test(arguments: [
        "items: {}", "items:", "items: null", "items: { files: [], packages: [] }", "items:\n  files:\n  settings:\n",
        "\u{FEFF}items: {}", "---\nitems: {}\n", "extends: null\nitems: {}", "extends:\nitems: {}",
        "description:\nname: null\nitems: {}", "# only that\r\nitems: {}\r\n",
    ])
    func mayBeEmpty(text: String) throws {
        let (pack, warnings) = try loadPack(text)
        #expect(pack == Pack(name: PackName(rawValue: "base")))
        #expect(pack.displayName == "base")
        #expect(warnings.isEmpty)
    }

    @Test(arguments: ["vim", "7.88.1", "10.0.0.1", "nope", "nullify", "~x", "1 2", "2024-01-01", "0x", "a_b", "_1"])
    func takesPlainWordsForText(word: String) throws {
        let (pack, _) = try loadPack("items: { settings: [{ key: A, type: env_var, expected: \(word) }] }")
        guard case .setting(let setting) = pack.expectations.first?.subject else { throw NotASetting() }
        #expect(setting.wanted == WantedValue(expected: word))
    }

    struct NotASetting: Error {}
}
