import DriftCore
import Testing

/// What waivers, and wants for later, do to memory and alerts.
@Suite struct TransitionExemptionTests {
    private static func drifted(_ names: String...) -> TransitionAssignment {
        var assignment = TransitionAssignment(names: Set(names))
        _ = assignment.check(Dictionary(uniqueKeysWithValues: names.map { ($0, .ok) }))
        _ = assignment.check(Dictionary(uniqueKeysWithValues: names.map { ($0, .wrongMode) }))
        return assignment
    }

    @Test func aWaivedItemLeavesTheAlertWithoutAMessage() {
        var assignment = Self.drifted("a", "b")
        #expect(assignment.check(["a": .waivedMode, "b": .wrongMode]) == .recount(mismatchCount: 1))
        #expect(assignment.check(["a": .waivedMode, "b": .ok]) == .resolve(.compliant))
        #expect(assignment.state.status == .compliant)
    }

    @Test(arguments: [
        (TransitionFinding.waivedMode, TransitionFinding.waivedMode, Transition.Ending.waived),
        (.waivedMode, .ok, .waived),
        (.waivedMode, .dueBoth, .waived), (.dueBoth, .ok, .due), (.waivedModeContentUnseen, .ok, .waived),
    ])
    func anAlertThatIsLeftEmptySaysWhy(a: TransitionFinding, b: TransitionFinding, ending: Transition.Ending) {
        var assignment = Self.drifted("a", "b")
        #expect(assignment.check(["a": a, "b": b]) == .resolve(ending))
        #expect(assignment.check(["a": a, "b": b]) == .none)
    }

    @Test func whatIsStillWrongAfterwardsOpens() {
        var assignment = Self.drifted("a")
        _ = assignment.check(["a": .waivedMode])
        let mode = MismatchID(key: "a", type: .wrongPermissions)
        #expect(assignment.check(["a": .wrongMode]) == .open(mismatchCount: 1, added: [mode]))
    }

    /// Somebody promised that it would be right by now.
    @Test(arguments: [TransitionFinding.waivedMode, .dueBoth])
    func soDoesWhatNeverComplied(finding: TransitionFinding) {
        var assignment = TransitionAssignment("a")
        #expect(assignment.check(["a": finding]) == .none)
        let mode = MismatchID(key: "a", type: .wrongPermissions)
        #expect(assignment.check(["a": .wrongMode]) == .open(mismatchCount: 1, added: [mode]))
        #expect(assignment.state.neverCompliant == [mode])
    }

    @Test func whatIsRightByThenStaysQuiet() {
        var assignment = TransitionAssignment("a")
        _ = assignment.check(["a": .dueBoth])
        #expect(assignment.check(["a": .ok]) == .none)
        #expect(assignment.state.neverCompliant == [])
    }

    @Test func anUnreadableItemStaysInTheAlertWhateverIsWaived() {
        var assignment = Self.drifted("a", "b")
        #expect(assignment.check(["a": .unreadable, "b": .waivedMode]) == .recount(mismatchCount: 1))
    }
}
