import DriftCore
import Testing

@Suite("Ports")
struct PortTests {
    /// A line of a table, with the name of its file.
    private static func line(_ file: String, _ address: String, state: String? = nil) -> String {
        let none = address.count > 13 ? String(repeating: "0", count: 32) : "00000000"
        let state = state ?? (file.hasPrefix("tcp") ? "0A" : "07")
        return
            "/proc/net/\(file):   0: \(address) \(none):0000 \(state) 00000000:00000000 00:00000000 00000000     0 0 7 1"
    }

    private static let any4 = line("tcp", "00000000:01BB")
    private static let any6 = line("tcp6", String(repeating: "0", count: 32) + ":01BB")
    private static let local4 = line("tcp", "0100007F:1538")
    private static let local6 = line("tcp6", "00000000000000000000000001000000:1538")
    private static let mapped = line("tcp6", "0000000000000000FFFF0000070200C0:01BB")
    private static let own6 = line("tcp6", "B80D0120000000000000000007000000:01BB")
    private static let dhcp = line("udp", "00000000:0044")
    private static let client = line("udp", "00000000:9C40")
    private static let head = ["order little", "clients 32768\t60999"]

    private func told(_ wanted: PortExpectation, _ lines: [String]) -> Told? {
        let pack = Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.port(wanted))])
        var facts = Facts()
        for question in ProbeQuestions(packs: [pack]).topics {
            facts.topics.read(question.topic, lines.map { Array($0.utf8)[...] })
        }
        return Told(judge(.port(wanted), facts))
    }

    private static func missing(_ wanted: String, _ seen: String = "nothing") -> Told {
        .wrong(.missingPort, ["listen": wanted], ["listen": seen])
    }

    @Test(
        arguments: [
            ("tcp 0.0.0.0:443", [any4], .ok), ("tcp *:443", [any4], .ok), ("tcp *:443", [any6], .ok),
            ("tcp [::]:443", [any6], .ok), ("tcp [::]:443", [any4], missing("tcp [::]:443", "tcp 0.0.0.0:443")),
            ("tcp 192.0.2.7:443", [mapped], .ok), ("tcp [2001:db8::7]:443", [own6], .ok),
            ("tcp 192.0.2.7:443", [any4], .ok), ("tcp [2001:db8::7]:443", [any6], .ok),
            ("tcp *:443", [mapped, own6], missing("tcp *:443", "tcp 192.0.2.7:443, tcp [2001:db8::7]:443")),
            // It may be for both families.
            ("tcp 0.0.0.0:443", [any6], .unreadable(.undecided)),
            ("tcp 192.0.2.7:443", [any6], .unreadable(.undecided)),
            ("tcp 0.0.0.0:443", [], missing("tcp 0.0.0.0:443")),
            ("udp *:443", [any4], missing("udp *:443")), ("tcp *:444", [any4], missing("tcp *:444")),
            ("tcp 127.0.0.1:5432", [local4], .ok), ("tcp [::1]:5432", [local6], .ok),
            ("tcp *:5432", [local4], missing("tcp *:5432", "tcp 127.0.0.1:5432")), ("udp *:68", [dhcp], .ok),
        ] as [(String, [String], Told)])
    func listenOrNot(wanted: String, lines: [String], expected: Told) throws {
        let address = try #require(ListenAddress(wanted))
        #expect(address.text == wanted)
        #expect(told(.listen(address), Self.head + lines) == expected)
    }

    private static func also(_ expected: String, _ seen: String) -> Told {
        .wrong(.unexpectedPort, ["only": expected], ["also": seen])
    }

    @Test(
        arguments: [
            (["tcp *:443"], [any4, any6, mapped, local4, local6, dhcp], .ok),
            (["tcp *:443"], [any4, line("tcp", "00000000:0016")], also("tcp *:443", "tcp 0.0.0.0:22")),
            (["tcp 0.0.0.0:443"], [any4, mapped], .ok), (["tcp [::]:443"], [any6, own6], .ok),
            (["tcp 0.0.0.0:443"], [any4, any6], also("tcp 0.0.0.0:443", "tcp [::]:443")),
            (["tcp 192.0.2.7:443"], [mapped], .ok),
            (["tcp 192.0.2.7:443"], [any4], also("tcp 192.0.2.7:443", "tcp 0.0.0.0:443")),
            (["tcp *:443", "udp *:68"], [any4, dhcp, client], .ok),
            (["tcp *:443", "udp *:53"], [any4, dhcp, client], also("tcp *:443, udp *:53", "udp 0.0.0.0:68")),
            (["tcp *:443"], [], .ok),
        ] as [([String], [String], Told)])
    func onlyThoseMayListen(allowed: [String], lines: [String], expected: Told) {
        let wanted = PortExpectation.only(AllowedPorts(allowed.compactMap(ListenAddress.init)))
        #expect(told(wanted, Self.head + lines) == expected)
    }

    @Test func whatOnlyTheMachineItselfReachesCountsOnRequest() {
        let allowed = AllowedPorts([], transports: [.tcp], loopback: true)
        #expect(
            told(.only(allowed), Self.head + [Self.local4, Self.local6, Self.dhcp])
                == Self.also("nothing", "tcp 127.0.0.1:5432, tcp [::1]:5432"))
        #expect(told(.only(AllowedPorts([], transports: [.tcp])), Self.head + [Self.local4, Self.local6]) == .ok)
    }

    /// The inode of every line here is 7.
    @Test(
        arguments: [
            (["owner 7 nginx"], "tcp 0.0.0.0:443 (nginx)"),
            (["owner 7 nginx", "owner 8 sshd"], "tcp 0.0.0.0:443 (nginx)"),
            (["owner 7 (a b)"], "tcp 0.0.0.0:443 ((a b))"), (["owner 8 sshd"], "tcp 0.0.0.0:443"),
            (["owner 7", "owner", "owner x nginx"], "tcp 0.0.0.0:443"),
        ] as [([String], String)])
    func aProgramIsNamedWhereItIsKnown(owners: [String], shown: String) {
        #expect(
            told(.only(AllowedPorts([], transports: [.tcp])), Self.head + [Self.any4] + owners)
                == Self.also("nothing", shown))
    }

    @Test func aMachineMayWriteItsNumbersTheOtherWay() {
        let lines = [
            "order big", Self.line("tcp", "7F000001:1538"),
            Self.line("tcp6", String(repeating: "0", count: 31) + "1:1538"),
        ]
        #expect(told(.only(AllowedPorts([], transports: [.tcp])), lines) == .ok)
        #expect(
            told(.only(AllowedPorts([], transports: [.tcp])), ["order big", Self.local4])
                == Self.also("nothing", "tcp 1.0.0.127:5432"))
    }

    @Test(
        arguments: [
            [], [any4], ["order middle", any4], head + ["nonsense"], head + [line("raw", "00000000:0016")],
            head + [line("tcp", "0000000:0016")], head + [line("tcp6", "00000000:0016")],
            head + [line("tcp", "00000000:0000")],
            head + [line("tcp", "0000000G:0016")],
            head + (1...2000).map { line("tcp", "00000000:" + String(0x1000 + $0, radix: 16).uppercased()) },
        ])
    func whatMakesNoSenseProvesNothing(lines: [String]) throws {
        #expect(told(.only(AllowedPorts([], transports: [.tcp, .udp])), lines) == .unreadable(.malformedAnswer))
        #expect(told(.listen(try #require(ListenAddress("tcp *:443"))), lines) == .unreadable(.malformedAnswer))
    }

    @Test(arguments: [
        "tcp", "tcp 443", "tcp :443", "tcp *:0", "tcp *:65536", "tcp *:0443", "tcp *:+1", "sctp *:443", "TCP *:443",
        "tcp  *:443",
        "tcp ::1:443", "tcp [::1:443", "tcp [1::2::3]:443", "tcp [1:2:3:4:5:6:7]:443", "tcp [::12345]:443",
        "tcp [:1]:443",
        "tcp 1.2.3:443", "tcp 1.2.3.256:443", "tcp 01.2.3.4:443", "tcp localhost:443", "tcp *:443 ", "tcp [::1.2.3]:4",
    ])
    func whatIsNotAnAddressIsRefused(text: String) { #expect(ListenAddress(text) == nil) }

    @Test(arguments: [
        ("tcp [0:0:0:0:0:0:0:1]:1", "tcp [::1]:1"), ("tcp [2001:DB8:0:0:1:0:0:1]:1", "tcp [2001:db8::1:0:0:1]:1"),
        ("tcp [1:0:3:4:5:6:7:8]:1", "tcp [1:0:3:4:5:6:7:8]:1"), ("tcp [::ffff:1.2.3.4]:1", "tcp 1.2.3.4:1"),
        ("tcp [1::]:1", "tcp [1::]:1"), ("udp [0:0::]:1", "udp [::]:1"),
        ("tcp [64:ff9b::1.2.3.4]:1", "tcp [64:ff9b::102:304]:1"),
    ])
    func anAddressHasOneForm(text: String, form: String) { #expect(ListenAddress(text)?.text == form) }
}
