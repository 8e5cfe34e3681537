/// How one check changes an assignment: its new memory, and what happens to its alert.
///
/// A check proves some expectations ok, some wrong, and leaves some unreadable. Unreadable ones keep what was
/// remembered of them: "could not tell" neither opens nor resolves an alert. Of a file whose content alone could not be
/// read, that holds for the content alone. *Added* is what is wrong now, was not remembered as wrong, and had been
/// judged before. Then:
///
/// |                                      | no live alert | live alert (open or acknowledged)    |
/// |--------------------------------------|---------------|--------------------------------------|
/// | something added                      | open it; tell | update it; tell                      |
/// | nothing added, something still wrong | quiet         | recount it if the count moved; quiet |
/// | nothing wrong any more               | quiet         | resolve it (see ``Ending``); tell    |
///
/// What is waived, or due only later, is *exempt*: it is judged and verified like all else, and never remembered as wrong.
/// So it leaves the alert, and an alert that it leaves empty is resolved as `waived` or `due`. When the exemption ends
/// and it is still wrong, it is added: somebody promised that it would be right by now. That holds of an expectation that
/// never complied, too. An exempt expectation that could not be read at all is like any other unreadable one.
///
/// So a first look at an expectation never alerts: it did not drift, it never complied. A check that could see nothing
/// at all proves nothing: it only forgets what the pack no longer asks for, and notes what went dark. Counts are of
/// expectations, including those that are remembered as wrong and could not be read this time: the alert covers all that
/// is not proven right since.
///
/// What was judged before and could not be judged this time has *gone dark*. It alerts nobody here, but it is remembered,
/// so that an unreadable expectation is never mistaken for one that is right.
///
/// The caller holds the lock on the drift state's row, and does not ask for a check whose probe did not finish, that is
/// older than the remembered one, or whose assignment is gone: those change nothing.
package struct Transition: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case none
        /// A new alert, and the notification `drift_detected`.
        case open(mismatchCount: Int, added: Set<MismatchID>)
        /// The live alert takes the new count, and the notification `drift_changed` says what was added.
        case update(mismatchCount: Int, previousCount: Int, added: Set<MismatchID>)
        /// The live alert takes the new count; nobody is notified.
        case recount(mismatchCount: Int)
        /// The live alert ends, and the notification `drift_resolved`.
        case resolve(Ending)
    }

    /// How an alert ends by itself; raw values are stored as its resolution.
    package enum Ending: String, Hashable, Sendable, CaseIterable {
        /// All that was wrong last is right again.
        case compliant
        /// An item that was wrong last still differs, and is waived now.
        case waived
        /// None of them is waived, and one is wanted only later.
        case due
    }

    package var state: DriftState
    package var action: Action

    package init(state: DriftState, action: Action) {
        self.state = state
        self.action = action
    }

    /// Total: every memory, check and alert has an answer, and the same ones always have the same.
    package static func decide(_ remembered: DriftState, seeing check: Check, alert: LiveAlert?) -> Transition {
        let sight = Sight(check)
        guard !sight.isBlind || remembered.mismatches.contains(where: { !sight.unseen.contains($0.key) }) else {
            var state = remembered
            state.dark = remembered.darkened(by: sight)
            return Transition(state: state, action: .none)
        }

        let state = remembered.after(sight)
        let added = remembered.added(sight.wrong)
        let count = state.mismatchCount

        let action: Action =
            switch (alert, count > 0, added.isEmpty) {
            case (nil, true, false): .open(mismatchCount: count, added: added)
            case (nil, true, true), (nil, false, _): .none

            case (let alert?, true, false):
                .update(mismatchCount: count, previousCount: alert.mismatchCount, added: added)
            case (let alert?, true, true): alert.mismatchCount == count ? .none : .recount(mismatchCount: count)
            case (_?, false, _): .resolve(remembered.ending(by: sight))
            }
        return Transition(state: state, action: action)
    }
}

/// An alert that is not resolved; whether somebody acknowledged it makes no difference to a transition.
package struct LiveAlert: Hashable, Sendable {
    /// How many expectations it last said are wrong.
    package var mismatchCount: Int

    package init(mismatchCount: Int) { self.mismatchCount = mismatchCount }
}

/// What a check could tell, sorted by what it proves.
private struct Sight {
    private(set) var judged: Set<ItemKey> = []
    /// All but their content.
    private(set) var partlyJudged: Set<ItemKey> = []
    private(set) var wrong: Set<MismatchID> = []
    /// Nothing of them.
    private(set) var unseen: Set<ItemKey> = []
    /// Wrong, which counts for nothing.
    private(set) var exempt: Set<MismatchID> = []
    private(set) var waivedKeys: Set<ItemKey> = []
    private(set) var dueKeys: Set<ItemKey> = []

    init(_ check: Check) {
        for outcome in check.outcomes {
            switch outcome.finding {
            case .unreadable where outcome.unseenContent == nil: unseen.insert(outcome.key)
            case .ok, .wrong, .notable, .exempt, .unreadable, .notApplicable:
                if outcome.unseenContent == nil {
                    judged.insert(outcome.key)
                } else {
                    partlyJudged.insert(outcome.key)
                }
            }
            guard case .exempt(let mismatches, let exemption) = outcome.finding else { continue }
            exempt.formUnion(mismatches.map(\.id))
            switch exemption {
            case .waived: waivedKeys.insert(outcome.key)
            case .due: dueKeys.insert(outcome.key)
            }
        }
        wrong = Set(check.mismatches.map(\.id))
    }

    /// There was something to see, and none of it could be seen; an empty pack hides nothing.
    var isBlind: Bool { judged.isEmpty && partlyJudged.isEmpty && !unseen.isEmpty }

    func isExempt(_ mismatch: MismatchID) -> Bool {
        waivedKeys.contains(mismatch.key) || dueKeys.contains(mismatch.key)
    }

    /// Whether the check says nothing of what this mismatch is about.
    func leavesOpen(_ mismatch: MismatchID) -> Bool {
        unseen.contains(mismatch.key) || (mismatch.type.isAboutContent && partlyJudged.contains(mismatch.key))
    }

    var keys: Set<ItemKey> { judged.union(partlyJudged).union(unseen) }
}

extension DriftState {
    /// A judgement replaces all that was remembered of what it is about, and makes it verified for good.
    ///
    /// Mismatches of expectations that the checked pack does not have are forgotten. Unverified ones that it does not
    /// have stay: the pack may have gained them while the probe was under way, and their first look is still to come.
    fileprivate func after(_ sight: Sight) -> DriftState {
        var state = self
        state.dark = darkened(by: sight)
        state.mismatches = sight.wrong.union(mismatches.filter { sight.leavesOpen($0) && !sight.isExempt($0) })
        let wrong = sight.wrong.union(sight.exempt)
        let firstLooks = wrong.subtracting(mismatches).filter(isFirstLook)
        state.neverCompliant = neverCompliant.filter { wrong.contains($0) || sight.leavesOpen($0) }
            .union(firstLooks)
        state.unverifiedContents.formUnion(unverified.intersection(sight.partlyJudged))
        state.unverifiedContents.subtract(sight.judged)
        state.unverified.subtract(sight.judged.union(sight.partlyJudged))
        state.status = state.status(after: sight)
        return state
    }

    /// How the alert about what is remembered as wrong ends, where nothing is any more.
    fileprivate func ending(by sight: Sight) -> Transition.Ending {
        let keys = Set(mismatches.map(\.key))
        if !keys.isDisjoint(with: sight.waivedKeys) { return .waived }
        return keys.isDisjoint(with: sight.dueKeys) ? .compliant : .due
    }

    /// What was judged before and this check could not judge.
    fileprivate func darkened(by sight: Sight) -> Set<ItemKey> {
        sight.unseen.union(sight.partlyJudged.subtracting(unverifiedContents)).subtracting(unverified)
    }

    /// Compliant only when something was judged whole, by this check or, where its memory stands, by an earlier one.
    private func status(after sight: Sight) -> DriftStatus {
        guard mismatches.isEmpty else { return .drifted }
        let keys = sight.keys
        guard !keys.isEmpty, sight.judged.isEmpty else { return .compliant }
        let nothingWasWhole = keys.isSubset(of: unverified.union(unverifiedContents))
        return status == .unknown || nothingWasWhole ? .unknown : .compliant
    }
}
