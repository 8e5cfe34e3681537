import DriftCore
import Foundation
import PackFiles
import Testing

/// One of everything.
private let whole = """
    name: Whole
    description: One of everything
    items:
      files:
        - { path: ~/.gitconfig, mode: "0644", owner: root, group: root, template: git/config, description: mine }
        - { path: /b, content_hash: "sha256:\(String(repeating: "b", count: 64))" }
        - { path: /c, state: directory, mode: "2775" }
        - { path: /d, state: symlink, target: ../e }
        - { path: /f, state: absent }
      packages:
        - { name: curl, min_version: "7.88" }
        - { name: telnetd, state: absent }
      settings:
        - { key: EDITOR, expected: vim, type: env_var }
        - { key: Port, expected: "22", type: config, file: /etc/ssh/sshd_config }
        - { key: net.ipv4.ip_forward, expected: "0", type: sysctl }
      services:
        - { name: ssh.service, enabled: true, running: false }
      kernel:
        - { module: usb-storage, state: absent }
      users:
        - { name: deploy, uid: 1001, groups: [www-data], locked: true }
        - { uid: 0, only: [root] }
        - { name: root, authorized_keys: { only: [] } }
      groups:
        - { name: sudo, members: [alice], only: [alice, bob] }
      certificates:
        - { path: /etc/ssl/site.pem, min_days: 21, names: [www.example.net], issuer: R10 }
      system:
        - { clock: synchronised }
        - { reboot_required: false }
      mounts:
        - { path: /tmp, type: tmpfs, options: [nodev] }
      ports:
        - { listen: "tcp *:443" }
        - { only: ["tcp *:443"], loopback: true }
    """

private func pack(_ text: String = whole, template: [UInt8] = Array("a\n".utf8)) throws -> Pack {
    try loadPack(text, templates: ["git/config": .bytes(template), "other": .bytes(template)]).pack
}

@Suite("The digest of a pack")
struct PackDigestTests {
    @Test func isTheSameInEveryReleaseAndProcess() throws {
        #expect(
            try pack().digest.description == "sha256:53e9684a37daf592948e571a9d0598eb5b56bb4e7dc3e5d2bcfc25025507b9f6")
    }

    @Test func isThatOfItsCanonicalBytes() throws {
        let pack = try pack("items: { files: [{ path: /a, mode: \"0600\", template: other }] }")
        let canonical =
            "driftwatch-pack 1:1\nitem 7:file:/a\nmode 4:0600\npath 2:/a\nstate 4:file\ntemplate 2:a\n\n"
        #expect(pack.digest == SHA256Digest(of: Array(canonical.utf8)))
    }

    @Test(arguments: [
        ("mode: \"0644\"", "mode: \"0640\""), ("owner: root", "owner: toor"), ("group: root", "group: wheel"),
        ("mode: \"0644\", ", ""), ("owner: root, ", ""),
        (String(repeating: "b", count: 64), String(repeating: "c", count: 64)),
        ("state: directory, mode: \"2775\"", "mode: \"2775\""), ("target: ../e", "target: ../f"),
        ("path: /f", "path: /g"), ("\"7.88\"", "\"7.89\""), (", min_version: \"7.88\"", ""),
        ("min_version: \"7.88\"", "max_version: \"7.88\""), ("min_version: \"7.88\"", "version: \"7.88\""),
        ("\"7.88\" }", "\"7.88\", held: true }"), ("\"7.88\" }", "\"7.88\", held: false }"),
        ("telnetd, state: absent", "telnetd"), ("expected: vim", "expected: vi"), ("expected: vim", "expected: \"\""),
        ("type: sysctl", "type: env_var"), ("file: /etc/ssh/sshd_config", "file: /etc/sshd_config"),
        ("enabled: true", "enabled: false"), ("enabled: true, ", ""), ("ssh.service", "sshd.service"),
        ("usb-storage, state: absent", "usb-storage"), ("usb-storage", "usbstorage"),
        ("    - { path: /f, state: absent }\n", ""), ("template: git", "show: text, template: git"),
        ("template: git", "show: hidden, template: git"),
        ("uid: 1001", "uid: 1002"), ("[www-data]", "[adm]"), ("locked: true", "locked: false"),
        ("uid: 0, only: [root]", "uid: 0, only: [toor]"),
        ("{ only: [] }", "{ only: [\"SHA256:BP0jK2z04aMq0dGF0zYtwg2+BOOH6d0CHzX8m7Bt180\"] }"),
        ("members: [alice]", "members: [bob]"), ("only: [alice, bob]", "only: [alice]"),
        ("min_days: 21", "min_days: 22"),
        ("www.example.net", "example.net"), ("R10", "R11"), ("    - { reboot_required: false }\n", ""),
        ("type: tmpfs", "type: ext4"), ("[nodev]", "[nosuid]"), ("listen: \"tcp *:443\"", "listen: \"tcp *:80\""),
        ("only: [\"tcp *:443\"]", "only: [\"tcp *:80\"]"), ("loopback: true", "loopback: false"),
    ])
    func changesWithWhatChangesAJudgement(old: String, new: String) throws {
        // A dot is no part of a variable's name.
        let text = new == "type: env_var" ? whole.replacing("net.ipv4.ip_forward", with: "FORWARD") : whole
        #expect(text.contains(old))
        #expect(try pack(text).digest != pack(text.replacing(old, with: new)).digest)
    }

    @Test func changesWithOneByteOfATemplate() throws {
        let digests = try [Array("a\n".utf8), Array("a\r\n".utf8), Array("b\n".utf8), [], [0]].map { bytes in
            try pack(template: bytes).digest
        }
        #expect(Set(digests).count == digests.count)
    }

    @Test func aTemplateIsNotItsHash() throws {
        let hash = SHA256Digest(of: Array("a\n".utf8))
        let hashed = whole.replacing("template: git/config", with: "content_hash: \"\(hash)\"")
        #expect(try pack().digest != pack(hashed).digest)
    }

    @Test(arguments: [
        ("name: Whole", "name: Other"), ("description: One of everything", "description: Other"),
        (", description: mine", ""), ("git/config", "other"),
        ("owner: root, group: root", "group: root, owner: root"),
        (
            "    - { name: curl, min_version: \"7.88\" }\n    - { name: telnetd, state: absent }\n",
            "    - { name: telnetd, state: absent }\n    - { min_version: \"7.88\", name: curl }\n"
        ),
        ("path: /b, ", "path: /b, state: file, "),
    ])
    func staysWithWhatDoesNot(old: String, new: String) throws {
        #expect(whole.contains(old))
        #expect(try pack().digest == pack(whole.replacing(old, with: new)).digest)
    }

    @Test func countsParentsItemsAndNotTheParent() throws {
        let whole = SourceFile(path: "whole.yaml", text: "items: { packages: [{ name: a }, { name: b }] }")
        let parent = SourceFile(path: "parent.yaml", text: "items: { packages: [{ name: a }] }")
        let child = SourceFile(path: "child.yaml", text: "extends: parent\nitems: { packages: [{ name: b }] }")
        let packs = try ConfigurationLoader.load(packs: [whole, parent, child]).packs
        let digests = ["whole", "parent", "child"].map { packs[PackName(rawValue: $0)]?.digest }
        #expect(digests[0] == digests[2])
        #expect(digests[0] != digests[1])
    }
}

@Suite("The stored form of a pack")
struct ResolvedPackTests {
    @Test func isReadableAndStable() throws {
        let json = try pack(
            """
            name: Base Pack
            items:
              files: [{ path: /a/b, mode: "0644", template: other, description: é }]
              packages: [{ name: curl, version: "7.*", min_version: "7", max_version: "8", held: true }]
              services: [{ name: ssh.service, running: true }]
            """
        ).resolvedJSON()
        let hash = SHA256Digest(of: Array("a\n".utf8))
        #expect(
            json == """
                {"display_name":"Base Pack","format":1,"items":{"files":[{"description":"é","item":"/a/b",\
                "item_key":"file:/a/b","mode":"0644","path":"/a/b","state":"file",\
                "template":{"name":"other","sha256":"\(hash)","text":"a\\n"}}],\
                "packages":[{"held":true,"item":"curl","item_key":"package:curl","max_version":"8",\
                "min_version":"7","name":"curl","state":"present","version":"7.*"}],"services":[{"item":"ssh.service","item_key":"service:ssh.service",\
                "name":"ssh.service","running":true}]},"name":"base"}
                """)
    }

    @Test(arguments: [[], [0], [0xFF, 0xFE], Array("é\r\n\u{1F600}\u{2028}\"\\".utf8), Array(0...255)])
    func keepsEverything(template: [UInt8]) throws {
        let pack = try pack(template: template)
        let again = try Pack(resolvedJSON: pack.resolvedJSON())
        #expect(again == pack)
        #expect(again.digest == pack.digest)
        #expect(try again.resolvedJSON() == pack.resolvedJSON())
    }

    @Test func keepsWhatMayBeShown() throws {
        let texts = ["", ", show: text", ", show: hidden"]
        let packs = try texts.map { try pack("items: { files: [{ path: /a, template: other\($0) }] }") }
        #expect(try packs.map { try Pack(resolvedJSON: $0.resolvedJSON()) } == packs)
        #expect(Set(packs.map(\.digest)).count == 3)
        #expect(try !packs[0].resolvedJSON().contains("show"))
    }

    @Test func keepsTheParent() throws {
        let pack = Pack(name: PackName(rawValue: "web"), description: "x", extends: [PackName(rawValue: "base")])
        #expect(try Pack(resolvedJSON: pack.resolvedJSON()) == pack)
    }

    /// `jsonb` refuses this escape.
    @Test func neverHoldsANul() throws {
        #expect(try !pack(template: [0x61, 0, 0x62]).resolvedJSON().contains("\\u0000"))
    }

    /// Each is understood by a later version, and its items of today are still judged by this one.
    @Test(arguments: [
        (#""state":"directory""#, #""state":"fifo""#, "file:/c"),
        (#""mode":"0644""#, #""mode":"u=rw""#, "file:~/.gitconfig"),
        (#""text":"a\n""#, #""text":"b\n""#, "file:~/.gitconfig"),
        (#""text":"a\n""#, #""base64":"?""#, "file:~/.gitconfig"),
        (#""item_key":"file:/f""#, #""item_key":"file:/g""#, "file:/g"),
        (#""running":false"#, #""running":"soon""#, "service:ssh.service"),
        (#""module":"usb-storage""#, #""blocked":true,"module":"usb-storage""#, "module:usb_storage"),
        (#""state":"symlink""#, #""later":["a"],"state":"symlink""#, "file:/d"),
        (#""template":{"#, #""show":"to_some","template":{"#, "file:~/.gitconfig"),
        (#""min_version":"#, #""branch":"stable","min_version":"#, "package:curl"),
        (#""min_version":"7.88""#, #""held":"sometimes","min_version":"7.88""#, "package:curl"),
        (#""type":"config""#, #""type":"later""#, "setting:Port@/etc/ssh/sshd_config"),
        (#""running":false"#, #""running":false,"restarts":{"max":3,"in":[1,2.5,null,"s"]}"#, "service:ssh.service"),
        (
            #""files":["#, #""disks":[{"item_key":"disk:sda","item":"sda","size":1001}],"files":["#,
            "disk:sda"
        ),
        (#""files":["#, #""disks":[{"size":0}],"files":["#, "disks:1"),
        (#""files":["#, #""files":[{"glob":"/etc/*","item_key":"file:/etc/*"},"#, "file:/etc/*"),
    ])
    func whatALaterVersionAddedIsUnsupportedAndNoMore(old: String, new: String, key: String) throws {
        let whole = try pack()
        let json = try whole.resolvedJSON()
        #expect(json.contains(old))
        let later = try Pack(resolvedJSON: json.replacing(old, with: new))
        let unknown = later.expectations.filter { if case .unknown = $0.subject { true } else { false } }
        #expect(unknown.map(\.key.rawValue) == [key])
        let rest = later.expectations.filter { !unknown.contains($0) }
        #expect(rest == whole.expectations.filter { expectation in rest.contains { $0.key == expectation.key } })
        #expect(rest.count >= whole.expectations.count - 1)
        let check = Comparison.judge(Facts(), against: later, digest: SHA256Digest(of: []))
        #expect(check.outcomes.first { $0.key.rawValue == key }?.finding == .unreadable(.unsupported))
        #expect(ProbeQuestions(packs: [Pack(name: later.name, expectations: unknown)]) == ProbeQuestions())
        #expect(later.digest != whole.digest)
        #expect(try Pack(resolvedJSON: later.resolvedJSON()) == later)
    }

    /// So a worker of today can check the digest of a pack that a later version stored.
    @Test(arguments: [Array("a\n".utf8), [0xFF]])
    func whatIsNotUnderstoodIsDigestedAsIfItWere(template: [UInt8]) throws {
        let whole = try pack(template: template)
        let json = try whole.resolvedJSON().replacing(#"[{""#, with: #"[{"later":1,""#)
            .replacing(#"},{""#, with: #"},{"later":1,""#)
        var later = try Pack(resolvedJSON: json)
        var unknowns = 0
        later.expectations = later.expectations.map { expectation in
            guard case .unknown(var unknown) = expectation.subject else { return expectation }
            unknowns += 1
            #expect(unknown.fields.removeValue(forKey: "later") == .whole(1))
            return DriftCore.Expectation(.unknown(unknown))
        }
        #expect(unknowns == whole.expectations.count)
        #expect(later.digest == whole.digest)
    }

    @Test func twoUnknownValuesHaveTwoDigests() throws {
        let json = try pack().resolvedJSON()
        let values = [
            "1", "\"1\"", "1.5", "true", "null", "[]", "[1]", "[\"1\"]", "[\"1,1\"]", "[\"1\",\"1\"]", "{}",
            "{\"a\":1}",
        ]
        let packs = try values.map { value in
            try Pack(
                resolvedJSON: json.replacing(
                    #""files":["#, with: #""disks":[{"item_key":"u","x":\#(value)}],"files":["#))
        }
        #expect(Set(packs.map(\.digest)).count == values.count - 1, "a text is digested as it is, as in all kinds")
    }

    @Test(arguments: [
        ("\"format\":1", "\"format\":2"), ("\"item_key\":\"file:/f\"", "\"item_key\":\"file:/b\""),
        ("\"name\":\"base\"", "\"nam\":\"base\""), ("{", "["),
    ])
    func whatIsNotOneIsRefused(old: String, new: String) throws {
        let json = try pack().resolvedJSON()
        #expect(json.contains(old))
        #expect(throws: DecodingError.self) { try Pack(resolvedJSON: json.replacing(old, with: new)) }
    }
}
