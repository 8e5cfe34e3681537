/// What is known of an assignment, in one word; raw values are stored as `drift_states.state`.
package enum DriftStatus: String, Hashable, Sendable, Codable, CaseIterable {
    /// No expectation was ever judged.
    case unknown
    /// Something was judged and nothing is remembered as wrong.
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
    /// The expectations that were never judged: what they turn out to be is a first look.
    package var unverified: Set<ItemKey>

    package init(status: DriftStatus, mismatches: Set<MismatchID>, unverified: Set<ItemKey>) {
        self.status = status
        self.mismatches = mismatches
        self.unverified = unverified
    }

    /// A new assignment: nothing is known of any of its pack's expectations.
    package init(assigning keys: Set<ItemKey>) {
        self.init(status: .unknown, mismatches: [], unverified: keys)
    }

    /// How many expectations are remembered as wrong; one that is wrong in two ways counts once.
    package var mismatchCount: Int { Set(mismatches.map(\.key)).count }

    /// Follows the pack to another version of itself.
    ///
    /// A key that comes anew is unverified, also one that was in the pack before and had left it. A key that stays
    /// keeps what is known of it, whatever value it now wants. Mismatches of keys that left go with the next check,
    /// which is also what resolves their alert. Where nothing of the new version was ever judged, what was proven of
    /// the old one says nothing any more.
    package mutating func packChanged(from old: Set<ItemKey>, to new: Set<ItemKey>) {
        unverified = unverified.intersection(new).union(new.subtracting(old))
        if mismatches.isEmpty, !new.isEmpty, unverified == new { status = .unknown }
    }
}
