/// What a check came to.
package enum Verdict: String, Hashable, Sendable, Codable, CaseIterable {
    /// Everything was seen, nothing is wrong.
    case compliant
    /// At least one expectation is proven not met.
    case drifted
    /// Nothing is proven wrong, but not everything could be seen.
    case incomplete
    /// The probe did not finish.
    case failed
}

/// The ways in which an expectation can be proven not met.
///
/// An open set: what a later version remembered of a server must not keep this one from checking it.
package struct MismatchType: RawRepresentable, Hashable, Sendable, Codable, Comparable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static let missingFile = Self(rawValue: "missing_file")
    package static let unexpectedFile = Self(rawValue: "unexpected_file")
    package static let wrongType = Self(rawValue: "wrong_type")
    package static let wrongPermissions = Self(rawValue: "wrong_permissions")
    package static let wrongOwner = Self(rawValue: "wrong_owner")
    package static let wrongContent = Self(rawValue: "wrong_content")
    package static let wrongTarget = Self(rawValue: "wrong_target")
    package static let missingPackage = Self(rawValue: "missing_package")
    package static let unexpectedPackage = Self(rawValue: "unexpected_package")
    package static let wrongVersion = Self(rawValue: "wrong_version")
    package static let wrongSetting = Self(rawValue: "wrong_setting")
    package static let wrongService = Self(rawValue: "wrong_service")

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One way in which one expectation is proven not met, masked and safe to store.
///
/// As JSON: `{"type": …, "item": …, "key": …, "expected": {…}, "actual": {…}, "diff": "…"}`.
package struct Mismatch: Hashable, Sendable, Codable {
    package var type: MismatchType
    package var item: String
    package var key: ItemKey
    /// Such as `["mode": "0644"]`; the names are those of the pack's keys.
    package var expected: [String: String]
    package var actual: [String: String]
    /// A unified diff, expected against actual, only for text contents.
    package var diff: String?

    package init(
        type: MismatchType, item: String, key: ItemKey, expected: [String: String], actual: [String: String],
        diff: String? = nil
    ) {
        self.type = type
        self.item = item
        self.key = key
        self.expected = expected
        self.actual = actual
        self.diff = diff
    }
}

/// What became of one expectation in one check.
package struct ItemOutcome: Hashable, Sendable, Codable {
    package enum Finding: Hashable, Sendable, Codable {
        case ok
        /// Never empty; one mismatch of a type at the most.
        case wrong([Mismatch])
        /// Nothing is proven wrong, but not all was seen.
        case unreadable(UnreadableReason)
    }

    package var key: ItemKey
    package var item: String
    package var finding: Finding
    /// Why the content could not be judged where all else of a file was; else nil.
    ///
    /// Never beside `ok`.
    package var unseenContent: UnreadableReason?
    /// What the pack's author may want to know although it is `ok`; shown by a look, and not stored.
    package var remark: String?

    package init(
        key: ItemKey, item: String, finding: Finding, unseenContent: UnreadableReason? = nil, remark: String? = nil
    ) {
        self.key = key
        self.item = item
        self.finding = finding
        self.unseenContent = unseenContent
        self.remark = remark
    }
}

/// One comparison of one server with one pack.
package struct Check: Hashable, Sendable {
    package var packName: PackName
    package var packDigest: SHA256Digest
    /// One for each expectation of the pack, in the order of the keys.
    package var outcomes: [ItemOutcome]

    package init(packName: PackName, packDigest: SHA256Digest, outcomes: [ItemOutcome]) {
        self.packName = packName
        self.packDigest = packDigest
        self.outcomes = outcomes
    }

    package var itemCount: Int { outcomes.count }
    package var okCount: Int { outcomes.count { $0.finding == .ok } }
    package var mismatchCount: Int { outcomes.count { if case .wrong = $0.finding { true } else { false } } }
    package var unreadableCount: Int { outcomes.count { if case .unreadable = $0.finding { true } else { false } } }

    package var mismatches: [Mismatch] {
        outcomes.flatMap { outcome -> [Mismatch] in
            guard case .wrong(let mismatches) = outcome.finding else { return [] }
            return mismatches
        }
    }

    /// Never `failed`: a probe that did not finish makes no `Check`.
    package var verdict: Verdict {
        if mismatchCount > 0 { return .drifted }
        return unreadableCount > 0 ? .incomplete : .compliant
    }
}
