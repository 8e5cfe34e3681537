import DriftCore
import Testing

/// When messages about an alert stop, and when they go on.
@Suite struct FlappingTests {
    private static func check(_ findings: TransitionFindings) -> Check { Check(finding: findings) }

    private static func state(_ wrong: Bool) -> DriftState {
        DriftState(
            status: .compliant, mismatches: wrong ? [MismatchID(key: "a", type: .wrongPermissions)] : [], unverified: []
        )
    }

    private static let open = Transition.Action.open(mismatchCount: 1, added: [])

    /// Every combination of what is remembered, what the check did, and how many turns there were.
    @Test func everyCombinationHasItsAnswer() {
        let actions: [(Transition.Action, isTurn: Bool)] = [
            (.none, false), (Self.open, true), (.update(mismatchCount: 2, previousCount: 1, added: []), false),
            (.recount(mismatchCount: 1), false), (.resolve(.compliant), true), (.resolve(.waived), false),
            (.resolve(.due), false),
        ]
        var walked = 0
        for (action, isTurn) in actions {
            for equal in [nil, 1, 2] as [Int?] {
                for turns in 0...5 {
                    for (before, after) in [(false, false), (false, true), (true, false), (true, true)] {
                        for findings in [["a": TransitionFinding.ok], ["a": .unreadable], [:]] {
                            walked += 1
                            var flapping = Flapping(equalChecks: equal)
                            #expect(flapping.asksForTurns(before: action) == (equal == nil && isTurn))
                            let notice = flapping.see(
                                Transition(state: Self.state(after), action: action), over: Self.state(before),
                                in: Self.check(findings), turnsBefore: turns)
                            let isBlind = findings["a"] == .unreadable
                            let expected: (Int?, Flapping.Notice?) =
                                switch (equal, before == after) {
                                case (nil, _): isTurn && turns >= 3 ? (1, .began(turns: turns + 1)) : (nil, nil)
                                case (let equal?, true) where isBlind: (equal, nil)
                                case (let equal?, true): equal == 2 ? (nil, .ended) : (equal + 1, nil)
                                case (_?, false): (1, nil)
                                }
                            #expect(flapping.equalChecks == expected.0 && notice == expected.1)
                        }
                    }
                }
            }
        }
        #expect(walked == 7 * 3 * 6 * 4 * 3)
    }
}
