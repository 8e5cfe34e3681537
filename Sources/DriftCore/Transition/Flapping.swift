/// Whether an item goes wrong and right so often that each further message says nothing new.
///
/// A *turn* of an item is an alert that begins to name it, or that is resolved because all is right again. Of one assignment:
///
/// |          | not flapping                                        | flapping                                            |
/// |----------|-----------------------------------------------------|-----------------------------------------------------|
/// | a turn   | an item's fourth in 14 days begins it; told once    | the count of equal checks begins anew               |
/// | no turn  | nothing                                             | the third equal check in a row ends it; told once   |
///
/// While it lasts, alerts open, change and resolve as ever, and people hear only of items with fewer turns, and of the end of
/// an alert that they have heard of since. The message at its end tells what is true then. Turns before that end do not count
/// again. A check that could see nothing is neither equal nor different.
package struct Flapping: Hashable, Sendable {
    /// How many turns begin it.
    package static let turnLimit = 4
    /// Within how many days.
    package static let days = 14
    /// How many equal checks in a row end it.
    package static let equalCheckLimit = 3

    package enum Notice: Hashable, Sendable {
        case began(turns: Int)
        case ended
    }

    /// How many checks in a row have found the same; nil while it is not flapping.
    package var equalChecks: Int?

    package init(equalChecks: Int? = nil) { self.equalChecks = equalChecks }

    /// Whether the number of turns before this transition has to be known.
    package func asksForTurns(before action: Transition.Action) -> Bool { equalChecks == nil && Self.isTurn(action) }

    /// Takes in what a check did; `turnsBefore` are those of the last 14 days, since it last ended.
    package mutating func see(
        _ transition: Transition, over remembered: DriftState, in check: Check, turnsBefore: Int
    ) -> Notice? {
        guard let equalChecks else {
            guard Self.isTurn(transition.action), turnsBefore + 1 >= Self.turnLimit else { return nil }
            self.equalChecks = 1
            return .began(turns: turnsBefore + 1)
        }
        let isSame = transition.state.mismatches == remembered.mismatches
        if isSame, check.itemCount > 0, check.unreadableCount == check.itemCount { return nil }
        let equal = isSame ? equalChecks + 1 : 1
        self.equalChecks = equal < Self.equalCheckLimit ? equal : nil
        return equal < Self.equalCheckLimit ? nil : .ended
    }

    private static func isTurn(_ action: Transition.Action) -> Bool {
        switch action {
        case .open, .resolve(.compliant): true
        case .none, .update, .recount, .resolve(.waived), .resolve(.due): false
        }
    }
}
