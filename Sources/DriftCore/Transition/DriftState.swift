/// What is known about an assignment, in one word.
///
/// Raw values are stored as `drift_states.state`.
package enum DriftStatus: String, Hashable, Sendable, Codable, CaseIterable {
    /// No expectation was judged whole since it was assigned, or since what was known was forgotten.
    case unknown
    /// Something was judged whole and nothing is remembered as wrong.
    case compliant
    /// At least one mismatch is remembered.
    case drifted
}

/// What makes a mismatch the same one from check to check: a new actual value of the same pair is nothing new.
package struct MismatchID: Hashable, Sendable, Comparable {
    package var key: ItemKey
    package var type: MismatchType

    package init(key: ItemKey, type: MismatchType) {
        self.key = key
        self.type = type
    }

    package static func < (left: Self, right: Self) -> Bool { (left.key, left.type) < (right.key, right.type) }
}

extension Mismatch {
    package var id: MismatchID { MismatchID(key: key, type: type) }
}

/// What is remembered of one assignment between two checks.
package struct DriftState: Hashable, Sendable {
    package var status: DriftStatus
    /// What the latest judgement of each expectation proved wrong.
    package var mismatches: Set<MismatchID>
    /// What was wrong in the first look and has never been proven right since.
    ///
    /// A hold forgets ``mismatches`` and keeps these: what never complied cannot stop complying.
    package var neverCompliant: Set<MismatchID>
    /// The expectations that were never judged: what they turn out to be is a first look.
    package var unverified: Set<ItemKey>
    /// Files whose content alone was never judged, for want of permission, say: its first look is still to come.
    package var unverifiedContents: Set<ItemKey>
    /// The expectations that were judged before and that the latest check could not judge: they went dark.
    ///
    /// A file whose content was judged before and is out of sight now is one of them.
    package var dark: Set<ItemKey>

    package init(
        status: DriftStatus, mismatches: Set<MismatchID>, neverCompliant: Set<MismatchID> = [],
        unverified: Set<ItemKey>, unverifiedContents: Set<ItemKey> = [], dark: Set<ItemKey> = []
    ) {
        self.status = status
        self.mismatches = mismatches
        self.neverCompliant = neverCompliant
        self.unverified = unverified
        self.unverifiedContents = unverifiedContents
        self.dark = dark
    }

    /// Whether this mismatch would be a first look at what it is about.
    package func isFirstLook(at mismatch: MismatchID) -> Bool {
        unverified.contains(mismatch.key)
            || (mismatch.type.isAboutContent && unverifiedContents.contains(mismatch.key))
    }

    /// What is newly wrong of `wrong`: not remembered as wrong, and judged before.
    package func added(_ wrong: Set<MismatchID>) -> Set<MismatchID> {
        wrong.filter { !mismatches.contains($0) && !isFirstLook(at: $0) }
    }

    /// How many expectations are remembered as wrong; one that is wrong in two ways counts once.
    package var mismatchCount: Int { Set(mismatches.map(\.key)).count }
}
