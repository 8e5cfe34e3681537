import DriftCore
import PackFiles
import Testing

private let whole = """
    items:
      system:
        - { clock: synchronised }
        - { reboot_required: false }
      mounts:
        - { path: /tmp, options: [nosuid, nodev], type: tmpfs }
        - { path: /, options: ["size=1g"] }
        - { path: "/srv/a b", state: absent }
      ports:
        - { listen: "tcp 0.0.0.0:443" }
        - { listen: "udp [0:0::1]:53" }
        - { only: ["tcp *:443", "tcp *:22"], loopback: true }
    """

@Suite("Loading the system, mounts and ports")
struct LoadingMachineItemTests {
    private func addresses(_ texts: String...) throws -> [ListenAddress] {
        try texts.map { try #require(ListenAddress($0)) }
    }

    @Test func readsWhatTheySay() throws {
        let (pack, warnings) = try loadPack(whole)
        #expect(warnings.isEmpty)
        let expected: [DriftCore.Expectation.Subject] = [
            .system(.clock(.synchronised)), .system(.noRebootRequired),
            .mount(MountExpectation(path: "/tmp", type: "tmpfs", options: ["nodev", "nosuid"])),
            .mount(MountExpectation(path: "/", options: ["size=1g"])),
            .mount(MountExpectation(path: "/srv/a b", state: .absent)),
            .port(.listen(try addresses("tcp 0.0.0.0:443")[0])), .port(.listen(try addresses("udp [::1]:53")[0])),
            .port(.only(AllowedPorts(try addresses("tcp *:22", "tcp *:443"), loopback: true))),
        ]
        #expect(Set(pack.expectations.map(\.subject)) == Set(expected))
        #expect(
            pack.expectations.map(\.key.rawValue) == [
                "mount:/", "mount:/srv/a b", "mount:/tmp", "port:tcp 0.0.0.0:443", "port:udp [::1]:53", "ports:only",
                "system:clock", "system:reboot_required",
            ])
    }

    @Test func theStoredFormIsReadableAndWhole() throws {
        let (pack, _) = try loadPack(whole)
        let json = try pack.resolvedJSON()
        for part in [
            #"{"clock":"synchronised","item":"clock","item_key":"system:clock"}"#,
            #"{"item":"reboot_required","item_key":"system:reboot_required","reboot_required":false}"#,
            #"{"item":"/tmp","item_key":"mount:/tmp","options":["nodev","nosuid"],"path":"/tmp","state":"present","type":"tmpfs"}"#,
            #"{"item":"tcp 0.0.0.0:443","item_key":"port:tcp 0.0.0.0:443","listen":"tcp 0.0.0.0:443"}"#,
            #"{"item":"only these ports","item_key":"ports:only","loopback":true,"only":["tcp *:22","tcp *:443"],"protocols":["tcp"]}"#,
        ] { #expect(json.contains(part), "\(part)") }
        #expect(try Pack(resolvedJSON: json) == pack)
        #expect(try Pack(resolvedJSON: json).digest == pack.digest)
    }

    @Test(arguments: [
        ("clock: synchronised", "reboot_required: false"), ("[nosuid, nodev]", "[nosuid]"), (", type: tmpfs", ""),
        (", state: absent", ""), ("0.0.0.0:443", "0.0.0.0:444"), (", loopback: true", ""),
        ("\"tcp *:22\"]", "\"tcp *:25\"]"),
        ("loopback: true", "loopback: true, protocols: [tcp, udp]"),
    ])
    func theDigestChangesWithWhatChangesAJudgement(old: String, new: String) throws {
        #expect(whole.contains(old))
        let text = whole.replacing("    - { \(new) }\n", with: "")
        #expect(try loadPack(whole).pack.digest != loadPack(text.replacing(old, with: new)).pack.digest)
    }

    @Test func theOrderOfAListIsNotAChange() throws {
        let turned = whole.replacing("[nosuid, nodev]", with: "[nodev, nosuid]")
            .replacing("[\"tcp *:443\", \"tcp *:22\"]", with: "[\"tcp *:22\", \"tcp *:443\"]")
        #expect(turned != whole)
        #expect(try loadPack(whole).pack.digest == loadPack(turned).pack.digest)
    }

    @Test(arguments: [
        ("services", #""enabled":true"#, #""enabled":"late""#),
        ("mounts", #""path":"/tmp","state":"present""#, #""path":"/tmp","state":"bound""#),
        ("mounts", #""options":["nodev","nosuid"]"#, #""options":["nodev",1]"#),
        ("ports", #""only":["tcp *:22""#, #""only":["sctp *:22""#),
        ("ports", #""protocols":["tcp"]"#, #""protocols":["sctp"]"#),
        ("system", #""clock":"synchronised""#, #""clock":"exact""#),
        ("system", #""reboot_required":false"#, #""reboot_required":true"#),
    ])
    func whatALaterVersionSaysIsUnsupported(section: String, old: String, new: String) throws {
        let text = whole + "\n  services: [{ name: a.service, enabled: true }]\n"
        let pack = try loadPack(text).pack
        let json = try pack.resolvedJSON()
        #expect(json.contains(old))
        let later = try Pack(resolvedJSON: json.replacing(old, with: new))
        let unknown = later.expectations.filter { if case .unknown = $0.subject { true } else { false } }
        #expect(unknown.count == 1)
        #expect(later.expectations.map(\.key) == pack.expectations.map(\.key))
    }

    private static func items(_ section: String, _ fields: String) -> String {
        "items:\n  \(section):\n    - \(fields)\n"
    }

    @Test(arguments: [
        BadInput(items("system", "{}"), line: 3, "needs either `clock` or `reboot_required`"),
        BadInput(items("system", "{ clock: synchronised, reboot_required: false }"), line: 3, "needs either"),
        BadInput(items("system", "{ clock: synchronized }"), line: 3, "did you mean `synchronised`?"),
        BadInput(items("system", "{ reboot_required: true }"), line: 3, "can only be false", "write false"),
        BadInput(items("mounts", "{ type: tmpfs }"), line: 3, "a mount needs `path`"),
        BadInput(items("mounts", "{ path: tmp }"), line: 3, "is not the path of a mount point", "absolute"),
        BadInput(items("mounts", "{ path: /tmp/ }"), line: 3, "is not the path of a mount point"),
        BadInput(items("mounts", "{ path: /a/../tmp }"), line: 3, "is not the path of a mount point"),
        BadInput(items("mounts", "{ path: /tmp, options: nodev }"), line: 3, "`options` must be a list"),
        BadInput(
            items("mounts", "{ path: /tmp, options: [\"nodev,nosuid\"] }"), line: 3, "is not a mount option",
            "[nodev, nosuid]"),
        BadInput(items("mounts", "{ path: /tmp, options: [noauto] }"), line: 3, "is for /etc/fstab", "findmnt"),
        BadInput(items("mounts", "{ path: /tmp, options: [x-systemd.automount] }"), line: 3, "is for /etc/fstab"),
        BadInput(items("mounts", "{ path: /tmp, options: [nodev, nodev] }"), line: 3, "has `nodev` twice"),
        BadInput(items("mounts", "{ path: /tmp, options: [ro, rw] }"), line: 3, "no mount has both `rw` and `ro`"),
        BadInput(
            items("mounts", "{ path: /tmp, options: [noexec, exec] }"), line: 3, "no mount has both `exec` and `noexec`"
        ),
        BadInput(items("mounts", "{ path: /tmp, type: \"a b\" }"), line: 3, "is not a type of file system"),
        BadInput(items("mounts", "{ path: /tmp, state: absent, type: tmpfs }"), line: 3, "`type` has no effect"),
        BadInput(items("mounts", "{ path: /, state: absent }"), line: 3, "something is always mounted at /"),
        BadInput(items("ports", "{ loopback: true }"), line: 3, "needs either `listen` or `only`"),
        BadInput(items("ports", "{ listen: \"tcp *:1\", only: [] }"), line: 3, "needs either `listen` or `only`"),
        BadInput(items("ports", "{ listen: 443 }"), line: 3, "must be a text"),
        BadInput(
            items("ports", "{ listen: \"tcp 443\" }"), line: 3, "is not a protocol with an address and a port",
            "tcp *:443"),
        BadInput(items("ports", "{ listen: \"tcp :::443\" }"), line: 3, "is not a protocol", "brackets"),
        BadInput(
            items("ports", "{ listen: \"tcp *:1\", loopback: true }"), line: 3,
            "`loopback` has no effect without `only`"),
        BadInput(items("ports", "{ only: [\"tcp *:1\", \"tcp *:1\"] }"), line: 3, "has `tcp *:1` twice"),
        BadInput(items("ports", "{ only: [] }"), line: 3, "`only` without an address needs `protocols`"),
        BadInput(items("ports", "{ only: [], protocols: [icmp] }"), line: 3, "unknown value `icmp`", "one of tcp, udp"),
        BadInput(items("ports", "{ only: [\"udp *:1\"], protocols: [tcp] }"), line: 3, "lacks that of `udp *:1`"),
    ])
    func whatIsWrongIsTold(input: BadInput) { input.check(problems { try loadPack(input.text) }) }
}
