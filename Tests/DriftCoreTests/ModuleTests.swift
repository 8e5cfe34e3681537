import DriftCore
import Testing

@Suite("Kernel modules")
struct ModuleTests {
    private func told(_ wanted: ModuleExpectation, _ lines: [String]) -> Told? {
        let topic = ProbeQuestions(packs: [Pack(name: base, expectations: [Expectation(.module(wanted))])]).topics
        var facts = Facts()
        for question in topic { facts.topics.read(question.topic, lines.map { Array($0.utf8)[...] }) }
        return Told(judge(.module(wanted), facts))
    }

    private let base = PackName(rawValue: "base")

    @Test(
        arguments: [
            (.present, "loaded", .ok), (.present, "builtin", .ok), (.absent, "absent", .ok),
            (.present, "absent", .wrong(.missingModule, ["state": "present"], ["state": "absent"])),
            (.absent, "loaded", .wrong(.unexpectedModule, ["state": "absent"], ["state": "loaded"])),
            (.absent, "builtin", .wrong(.unexpectedModule, ["state": "absent"], ["state": "built into the kernel"])),
        ] as [(Presence, String, Told)])
    func areLoadedOrNot(state: Presence, seen: String, expected: Told) {
        #expect(told(ModuleExpectation(module: "usb-storage", state: state), ["\(seen) usb_storage"]) == expected)
    }

    @Test(arguments: [
        [], ["loaded"], ["loaded usb-storage"], ["gone usb_storage"], ["loaded  usb_storage"], ["loaded usb_storage x"],
        ["loaded usb_storage", "absent usb_storage"], ["absent usb_storage", "absent usb_storage"],
    ])
    func whatMakesNoSenseProvesNothing(lines: [String]) {
        for state in Presence.allCases {
            #expect(
                told(ModuleExpectation(module: "usb_storage", state: state), lines) == .unreadable(.malformedAnswer))
        }
    }

    @Test func oneModuleHasOneKeyAndOneQuestion() {
        let dash = ModuleExpectation(module: "usb-storage")
        let line = ModuleExpectation(module: "usb_storage")
        #expect(Expectation(.module(dash)).key == Expectation(.module(line)).key)
        let packs = [dash, line].map { Pack(name: base, expectations: [Expectation(.module($0))]) }
        #expect(ProbeQuestions(packs: packs).topics.map(\.arguments) == [["usb_storage"]])
    }

    @Test func whyNothingWasSeenIsKept() {
        var facts = Facts()
        let wanted = ModuleExpectation(module: "dccp", state: .absent)
        let pack = Pack(name: base, expectations: [Expectation(.module(wanted))])
        for question in ProbeQuestions(packs: [pack]).topics { facts.topics.miss(question.topic, because: .slow) }
        #expect(judge(.module(wanted), facts) == .unreadable(.slow))
        #expect(judge(.module(wanted), Facts()) == .unreadable(.malformedAnswer))
    }
}
