import DriftCore
import Testing

/// The table of transitions row by row, and the stories that it was made for.
@Suite struct TransitionTests {
    // MARK: The table

    @Test func somethingAddedOpensAnAlert() {
        var assignment = verified("a", "b")
        #expect(
            assignment.check(["a": .wrongMode, "b": .ok])
                == .open(mismatchCount: 1, added: Set(["a": [.wrongPermissions]])))
        #expect(assignment.state.status == .drifted)
    }

    @Test func somethingStillWrongStaysQuiet() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        #expect(assignment.check(["a": .wrongMode, "b": .ok]) == .none)
        #expect(assignment.state.status == .drifted)
    }

    @Test func nothingWrongWithoutAnAlertStaysQuiet() {
        var assignment = verified("a", "b")
        #expect(assignment.check(["a": .ok, "b": .ok]) == .none)
        #expect(assignment.state.status == .compliant)
    }

    @Test func somethingAddedUpdatesALiveAlert() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        #expect(
            assignment.check(["a": .wrongMode, "b": .wrongBoth])
                == .update(
                    mismatchCount: 2, previousCount: 1, added: Set(["b": [.wrongPermissions, .wrongContent]])))
    }

    @Test func healingSomeOfItRecountsQuietly() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .wrongMode])
        #expect(assignment.check(["a": .ok, "b": .wrongMode]) == .recount(mismatchCount: 1))
        #expect(assignment.alert == LiveAlert(mismatchCount: 1))
    }

    @Test func healingAllOfItResolves() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .wrongMode])
        #expect(assignment.check(["a": .ok, "b": .ok]) == .resolve(.compliant))
        #expect(assignment.state == DriftState(status: .compliant, mismatches: [], unverified: []))
    }

    // MARK: First looks

    @Test(arguments: [TransitionFinding.wrongMode, .wrongBoth])
    func aFirstLookNeverAlerts(_ finding: TransitionFinding) {
        var assignment = TransitionAssignment("a", "b")
        #expect(assignment.check(["a": finding, "b": .ok]) == .none)
        #expect(assignment.state.status == .drifted)
        #expect(assignment.check(["a": finding, "b": .ok]) == .none)
    }

    @Test func aServerThatNeverCompliedAlertsWhenSomethingRightGoesWrong() {
        var assignment = TransitionAssignment("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        #expect(
            assignment.check(["a": .wrongMode, "b": .wrongContent])
                == .open(mismatchCount: 2, added: Set(["b": [.wrongContent]])))
    }

    @Test func whatWasWrongAtFirstAndWasHealedAlertsLikeAnythingElse() {
        var assignment = TransitionAssignment("a")
        _ = assignment.check(["a": .wrongMode])
        #expect(assignment.check(["a": .ok]) == .none)
        #expect(assignment.check(["a": .wrongMode]) == .open(mismatchCount: 1, added: Set(["a": [.wrongPermissions]])))
    }

    @Test func aFirstLookThatCouldNotTellIsStillToCome() {
        var assignment = TransitionAssignment("a", "b")
        _ = assignment.check(["a": .unreadable, "b": .ok])
        #expect(assignment.state.unverified == [ItemKey(rawValue: "a")])
        #expect(assignment.check(["a": .wrongMode, "b": .ok]) == .none)
    }

    @Test func aFirstLookWhileAnAlertIsLiveOnlyCounts() {
        var assignment = verified("a")
        _ = assignment.check(["a": .wrongMode])
        assignment.changePack(adding: ["b"])
        #expect(assignment.check(["a": .wrongMode, "b": .wrongMode]) == .recount(mismatchCount: 2))
    }

    // MARK: What could not be told

    @Test func whatCannotBeReadKeepsItsAlert() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        #expect(assignment.check(["a": .unreadable, "b": .ok]) == .none)
        #expect(assignment.state.mismatches == Set(["a": [.wrongPermissions]]))
        #expect(assignment.check(["a": .wrongMode, "b": .ok]) == .none)
        #expect(assignment.check(["a": .ok, "b": .ok]) == .resolve(.compliant))
    }

    @Test func whatWasNeverReadableSilencesNothingElse() {
        var assignment = TransitionAssignment("a", "b")
        _ = assignment.check(["a": .unreadable, "b": .ok])
        #expect(
            assignment.check(["a": .unreadable, "b": .wrongMode])
                == .open(mismatchCount: 1, added: Set(["b": [.wrongPermissions]])))
        #expect(assignment.check(["a": .unreadable, "b": .ok]) == .resolve(.compliant))
    }

    @Test func whatIsRememberedAsWrongCountsWhileItCannotBeRead() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        #expect(
            assignment.check(["a": .unreadable, "b": .wrongMode])
                == .update(mismatchCount: 2, previousCount: 1, added: Set(["b": [.wrongPermissions]])))
    }

    @Test func aCheckThatCouldSeeNothingOnlyNotesWhatWentDark() {
        var assignment = TransitionAssignment("a", "b")
        #expect(assignment.check(["a": .unreadable, "b": .unreadable]) == .none)
        #expect(assignment.state.status == .unknown)
        #expect(assignment.state.unverified.count == 2)
        #expect(assignment.state.dark.isEmpty)

        _ = assignment.check(["a": .ok, "b": .ok])
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        var expected = assignment.state
        expected.dark = ["a", "b"]
        #expect(assignment.check(["a": .unreadable, "b": .unreadable]) == .none)
        #expect(assignment.state == expected)
        #expect(assignment.alert == LiveAlert(mismatchCount: 1))
    }

    // MARK: What went dark

    @Test func whatCouldBeJudgedBeforeAndCannotBeNowWentDark() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .unreadable, "b": .ok])
        #expect(assignment.state.dark == ["a"])
        #expect(assignment.state.status == .compliant, "nothing is known to be wrong")
        _ = assignment.check(["a": .ok, "b": .ok])
        #expect(assignment.state.dark.isEmpty)
    }

    @Test func whatNeverCouldBeJudgedDidNotGoDark() {
        var assignment = TransitionAssignment("a", "b")
        _ = assignment.check(["a": .unreadable, "b": .contentUnseen])
        #expect(assignment.state.dark.isEmpty)
        _ = assignment.check(["a": .unreadable, "b": .contentUnseen])
        #expect(assignment.state.dark.isEmpty, "the content of b was never seen")
        _ = assignment.check(["a": .unreadable, "b": .unreadable])
        #expect(assignment.state.dark == ["b"], "all but its content was")
    }

    @Test func aContentThatCanNoLongerBeReadWentDarkAlsoBesideAMismatch() {
        var assignment = verified("a")
        _ = assignment.check(["a": .wrongModeContentUnseen])
        #expect(assignment.state.dark == ["a"])
    }

    @Test func whatLeftThePackIsNotDark() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .unreadable, "b": .ok])
        assignment.changePack(removing: ["a"])
        _ = assignment.check(["b": .ok])
        #expect(assignment.state.dark.isEmpty)
    }

    // MARK: What could be told in part

    @Test func whatIsMendedOfAFileResolvesAlthoughItsContentCannotBeRead() {
        var assignment = verified("a")
        _ = assignment.check(["a": .wrongModeContentUnseen])
        #expect(assignment.check(["a": .contentUnseen]) == .resolve(.compliant))
        #expect(assignment.state == DriftState(status: .compliant, mismatches: [], unverified: [], dark: ["a"]))
    }

    @Test func aContentKnownToBeWrongStaysSoUntilItIsRead() {
        var assignment = verified("a")
        _ = assignment.check(["a": .wrongContent])
        #expect(assignment.check(["a": .contentUnseen]) == .none)
        #expect(
            assignment.check(["a": .wrongModeContentUnseen])
                == .update(mismatchCount: 1, previousCount: 1, added: Set(["a": [.wrongPermissions]])))
        #expect(assignment.check(["a": .wrongBoth]) == .none)
        #expect(assignment.check(["a": .ok]) == .resolve(.compliant))
    }

    @Test func aModeThatWasSeenToBeRightAlertsAlthoughTheContentNeverWasSeen() {
        var assignment = TransitionAssignment("a")
        #expect(assignment.check(["a": .contentUnseen]) == .none)
        #expect(assignment.state.status == .unknown, "nothing was judged whole")
        #expect(
            assignment.check(["a": .wrongModeContentUnseen])
                == .open(mismatchCount: 1, added: Set(["a": [.wrongPermissions]])))
        #expect(assignment.check(["a": .contentUnseen]) == .resolve(.compliant))
        #expect(assignment.state.status == .unknown)
    }

    @Test func theFirstLookAtAContentNeverAlerts() {
        var assignment = TransitionAssignment("a")
        _ = assignment.check(["a": .contentUnseen])
        #expect(assignment.check(["a": .wrongContent]) == .none)
        #expect(assignment.check(["a": .ok]) == .none)
        #expect(assignment.check(["a": .wrongContent]) == .open(mismatchCount: 1, added: Set(["a": [.wrongContent]])))
    }

    // MARK: Kinds of mismatches

    @Test func anotherKindOfMismatchOfTheSameItemIsAdded() {
        var assignment = verified("a")
        _ = assignment.check(["a": .wrongMode])
        #expect(
            assignment.check(["a": .wrongBoth])
                == .update(mismatchCount: 1, previousCount: 1, added: Set(["a": [.wrongContent]])))
        #expect(assignment.check(["a": .wrongContent]) == .none)
        #expect(assignment.state.mismatches == Set(["a": [.wrongContent]]))
    }

    @Test func anotherActualValueOfTheSameMismatchIsNotAdded() {
        let key = ItemKey(rawValue: "a")
        func check(mode: String) -> Check {
            let mismatch = Mismatch(
                type: .wrongPermissions, item: "a", key: key, expected: ["mode": "0644"], actual: ["mode": mode])
            return Check(
                packName: PackName(rawValue: "base"), packDigest: SHA256Digest(of: []),
                outcomes: [ItemOutcome(key: key, item: "a", finding: .wrong([mismatch]))])
        }
        let compliant = DriftState(status: .compliant, mismatches: [], unverified: [])
        let first = Transition.decide(compliant, seeing: check(mode: "0600"), alert: nil)
        let second = Transition.decide(
            first.state, seeing: check(mode: "0777"), alert: LiveAlert(mismatchCount: 1))
        #expect(second == Transition(state: first.state, action: .none))
    }

    // MARK: Operators and packs

    @Test func resolvingByHandIsQuietUntilSomethingIsAdded() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        assignment.resolveByHand()
        #expect(assignment.check(["a": .wrongMode, "b": .ok]) == .none)
        #expect(
            assignment.check(["a": .wrongMode, "b": .wrongMode])
                == .open(mismatchCount: 2, added: Set(["b": [.wrongPermissions]])))
    }

    @Test func whatIsStillWrongAfterReenablingOpensAgain() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        assignment.disable()
        #expect(
            assignment.check(["a": .wrongMode, "b": .ok])
                == .open(mismatchCount: 1, added: Set(["a": [.wrongPermissions]])))
    }

    @Test func disablingDoesNotMakeAFirstLookOfWhatWasSeen() {
        var assignment = TransitionAssignment("a", "b")
        _ = assignment.check(["a": .ok, "b": .unreadable])
        assignment.disable()
        #expect(assignment.check(["a": .unreadable, "b": .unreadable]) == .none)
        #expect(assignment.state.status == .unknown)
        #expect(
            assignment.check(["a": .wrongMode, "b": .wrongMode])
                == .open(mismatchCount: 2, added: Set(["a": [.wrongPermissions]])))
    }

    @Test func anotherWantedValueAlertsOnServersThatMissedIt() {
        var assignment = verified("a")
        assignment.changePack()  // The key of the item is the same, so nothing of it is new.
        #expect(assignment.check(["a": .wrongContent]) == .open(mismatchCount: 1, added: Set(["a": [.wrongContent]])))
    }

    @Test func removingTheWrongItemFromThePackResolves() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        assignment.changePack(removing: ["a"])
        #expect(assignment.check(["b": .ok]) == .resolve(.compliant))
        #expect(assignment.state.mismatches.isEmpty)
    }

    @Test func removingTheWrongItemResolvesEvenWhileNothingElseCanBeSeen() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .ok])
        assignment.changePack(removing: ["a"])
        #expect(assignment.check(["b": .unreadable]) == .resolve(.compliant))
        #expect(assignment.state.status == .compliant, "b was right when it was last seen")
    }

    @Test func removingTheWrongItemOfWhatWasNeverSeenLeavesNothingKnown() {
        var assignment = TransitionAssignment("a", "b")
        _ = assignment.check(["a": .ok, "b": .unreadable])
        _ = assignment.check(["a": .wrongMode, "b": .unreadable])
        assignment.changePack(removing: ["a"])
        #expect(assignment.check(["b": .unreadable]) == .resolve(.compliant))
        #expect(assignment.state.status == .unknown)
    }

    @Test func whatIsStillAskedForIsRememberedWhileNothingCanBeSeen() {
        var assignment = verified("a", "b")
        _ = assignment.check(["a": .wrongMode, "b": .wrongMode])
        assignment.changePack(removing: ["a"])
        #expect(assignment.check(["b": .unreadable]) == .recount(mismatchCount: 1))
        #expect(assignment.state.mismatches == Set(["b": [.wrongPermissions]]))
    }

    @Test func anEmptyPackIsCompliant() {
        var assignment = verified("a")
        _ = assignment.check(["a": .wrongMode])
        assignment.changePack(removing: ["a"])
        #expect(assignment.check([:]) == .resolve(.compliant))
        #expect(assignment.state == DriftState(status: .compliant, mismatches: [], unverified: []))
    }

    @Test func anItemThatThePackGainedDuringTheProbeKeepsItsFirstLook() {
        var assignment = verified("a")
        assignment.changePack(adding: ["b"])
        _ = assignment.check(["a": .ok])
        #expect(assignment.check(["a": .ok, "b": .wrongMode]) == .none)
    }

    // MARK: Oddities that the database does not rule out

    @Test func aLiveAlertThatNothingIsRememberedOfResolvesOnlyWhenSomethingIsSeen() {
        let compliant = DriftState(status: .compliant, mismatches: [], unverified: [])
        let alert = LiveAlert(mismatchCount: 1)
        let blind = Transition.decide(compliant, seeing: Check(finding: ["a": .unreadable]), alert: alert)
        let dark = DriftState(status: .compliant, mismatches: [], unverified: [], dark: ["a"])
        #expect(blind == Transition(state: dark, action: .none))
        let seeing = Transition.decide(compliant, seeing: Check(finding: ["a": .ok]), alert: alert)
        #expect(seeing == Transition(state: compliant, action: .resolve(.compliant)))
    }

    @Test func mismatchesAreOrderedByItemThenType() {
        let sorted = Set(["b": [.wrongContent], "a": [.wrongPermissions, .wrongContent]]).sorted()
        #expect(sorted.map(\.key.rawValue) == ["a", "a", "b"])
        #expect(sorted.map(\.type) == [.wrongContent, .wrongPermissions, .wrongContent])
    }

    /// An assignment whose expectations were all seen to be right.
    private func verified(_ names: String...) -> TransitionAssignment {
        var assignment = TransitionAssignment(names: Set(names))
        let action = assignment.check(Dictionary(uniqueKeysWithValues: names.map { ($0, .ok) }))
        #expect(action == .none)
        return assignment
    }
}
