import DriftCore
import Testing

@Suite("The system")
struct SystemTests {
    private func told(_ wanted: SystemExpectation, _ lines: [String]) -> Told? {
        let pack = Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.system(wanted))])
        var facts = Facts()
        for question in ProbeQuestions(packs: [pack]).topics {
            facts.topics.read(question.topic, lines.map { Array($0.utf8)[...] })
        }
        return Told(judge(.system(wanted), facts))
    }

    private static let adrift = Told.wrong(.wrongSystem, ["clock": "synchronised"], ["clock": "not synchronised"])
    private static let chrony = "Reference ID    : C0000207 (192.0.2.7)"

    @Test(
        arguments: [
            ("timedatectl", ["NTPSynchronized=yes"], .ok), ("timedatectl", ["NTPSynchronized=no"], adrift),
            ("timedatectl", [], .unreadable(.readError)),
            ("timedatectl", ["NTPSynchronized="], .unreadable(.readError)),
            ("adjtimex", ["    mode:         0", "    maxerror:     15999999"], .ok),
            ("busybox", ["    maxerror:     16000000", "    status:       64 (UNSYNC)"], adrift),
            ("busybox", ["    maxerror:     x"], .unreadable(.readError)), ("adjtimex", [], .unreadable(.readError)),
            ("chronyc", [chrony, "Stratum         : 3", "Leap status     : Normal"], .ok),
            ("chronyc", [chrony, "Leap status     : Insert second"], .ok),
            ("chronyc", ["Reference ID    : 00000000 ()", "Leap status     : Not synchronised"], adrift),
            ("chronyc", ["Reference ID    : 7F7F0101 ()", "Leap status     : Normal"], adrift),
            ("chronyc", ["506 Cannot talk to daemon"], .unreadable(.readError)),
            ("chronyc", [chrony], .unreadable(.readError)),
            ("ntpq", ["leap=00, stratum=3"], .ok), ("ntpq", ["leap=3, stratum=16"], adrift),
            ("ntpq", ["leap=11, stratum=16"], adrift), ("ntpq", ["leap=00, stratum=16"], adrift),
            ("ntpq", ["ntpq: read: Connection refused"], .unreadable(.readError)),
            ("none", [], .unreadable(.unsupported)), ("sundial", ["yes"], .unreadable(.readError)),
        ] as [(String, [String], Told)])
    func aClockIsSynchronisedOrNot(source: String, output: [String], expected: Told) {
        #expect(told(.clock(.synchronised), ["clock \(source)"] + output + ["clock-end ok"]) == expected)
    }

    @Test func aProgramThatHangsIsSlow() {
        let lines = ["clock chronyc", Self.chrony, "clock-end slow", "running 6.1.0", "kernel 6.1.0"]
        #expect(told(.clock(.synchronised), lines) == .unreadable(.slow))
        #expect(told(.noRebootRequired, lines) == .ok)
    }

    @Test(arguments: [
        [], ["clock"], ["clock-end"], ["clock timedatectl"], ["clock timedatectl", "NTPSynchronized=yes"],
        ["NTPSynchronized=yes", "clock-end"],
    ])
    func aClockOfWhichNothingIsSaidProvesNothing(lines: [String]) {
        #expect(told(.clock(.synchronised), lines) == .unreadable(.malformedAnswer))
    }

    private static func required(_ why: String) -> Told {
        .wrong(.wrongSystem, ["reboot_required": "false"], ["reboot_required": "true", "note": why])
    }

    @Test(
        arguments: [
            (["running 6.1.0-31-amd64", "kernel 6.1.0-31-amd64"], .ok),
            (["running 6.1.0-31-amd64", "kernel 6.1.0-9-amd64", "kernel 6.1.0-31-amd64"], .ok),
            (
                ["running 6.1.0-9-amd64", "kernel 6.1.0-9-amd64", "kernel 6.1.0-31-amd64"],
                required("6.1.0-9-amd64 runs, and 6.1.0-31-amd64 is installed")
            ),
            // Another flavour does not matter; it is not what a reboot would start.
            (["running 6.1.0-9-amd64", "kernel 6.1.0-9-amd64", "kernel 6.1.0-31-cloud-amd64"], .ok),
            (["running 6.10.0", "kernel 6.10.0-rc7", "kernel 6.10.0"], .ok),
            (
                ["running 6.10.0-rc7", "kernel 6.10.0-rc7", "kernel 6.10.0"],
                required("6.10.0-rc7 runs, and 6.10.0 is installed")
            ),
            (
                [
                    "running 5.14.0-362.24.1.el9_3.x86_64", "kernel 5.14.0-427.13.1.el9_4.x86_64",
                    "kernel 5.14.0-362.24.1.el9_3.x86_64",
                ],
                required("5.14.0-362.24.1.el9_3.x86_64 runs, and 5.14.0-427.13.1.el9_4.x86_64 is installed")
            ),
            // Arch and Alpine keep one kernel.
            (
                ["running 6.9.1-arch1-1", "kernel 6.9.2-arch1-1"],
                required("6.9.1-arch1-1 runs, and 6.9.2-arch1-1 is installed")
            ),
            (
                ["running 6.6.30-1-lts", "kernel 6.6.29-1-lts"],
                required("6.6.30-1-lts runs, and is not installed any more")
            ),
            // The kernel comes from outside, or it is another machine's.
            (["running 6.2.9-x86_64-linode160", "kernel 6.1.0-31-amd64"], .unreadable(.undecided)),
            (["running 6.2.9"], .notApplicable("it has no kernel of its own")),
            (["running 6.2.9", "flag /run/reboot-required"], required("/run/reboot-required is there")),
            (["flag /run/reboot-required"], required("/run/reboot-required is there")),
            (["running 6.1.0", "kernel 6.1.0", "needs-restarting 0"], .ok),
            (["running 6.1.0", "kernel 6.1.0", "needs-restarting 1"], required("needs-restarting says so")),
            (["running 6.1.0", "kernel 6.1.0", "needs-restarting 2"], .unreadable(.readError)),
            (["running 6.1.0", "kernel 6.1.0", "needs-restarting slow"], .unreadable(.slow)),
            ([], .unreadable(.malformedAnswer)), (["kernel 6.1.0"], .unreadable(.malformedAnswer)),
        ] as [([String], Told)])
    func aRebootIsRequiredOrNot(lines: [String], expected: Told) {
        #expect(told(.noRebootRequired, lines) == expected)
    }

    @Test func itsKeysAndQuestionsAreApart() {
        let expectations = [Expectation(.system(.clock(.synchronised))), Expectation(.system(.noRebootRequired))]
        #expect(expectations.map(\.key.rawValue) == ["system:clock", "system:reboot_required"])
        let pack = Pack(name: PackName(rawValue: "base"), expectations: expectations)
        #expect(ProbeQuestions(packs: [pack]).topics.map(\.arguments) == [["clock", "reboot"]])
    }
}
