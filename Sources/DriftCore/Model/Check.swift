/// The result of a check.
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
    package static let wrongHold = Self(rawValue: "wrong_hold")
    package static let wrongSetting = Self(rawValue: "wrong_setting")
    package static let wrongService = Self(rawValue: "wrong_service")
    package static let missingLine = Self(rawValue: "missing_line")
    package static let unexpectedLine = Self(rawValue: "unexpected_line")
    package static let tooOld = Self(rawValue: "too_old")
    package static let tooSmall = Self(rawValue: "too_small")
    package static let unexpectedEntry = Self(rawValue: "unexpected_entry")
    package static let missingModule = Self(rawValue: "missing_module")
    package static let unexpectedModule = Self(rawValue: "unexpected_module")
    package static let missingUser = Self(rawValue: "missing_user")
    package static let wrongUser = Self(rawValue: "wrong_user")
    package static let unexpectedUser = Self(rawValue: "unexpected_user")
    package static let wrongGroup = Self(rawValue: "wrong_group")
    package static let unexpectedKey = Self(rawValue: "unexpected_key")
    package static let missingKey = Self(rawValue: "missing_key")
    package static let expiringCertificate = Self(rawValue: "expiring_certificate")
    package static let wrongCertificate = Self(rawValue: "wrong_certificate")

    /// Whether only the content of a file can prove it.
    var isAboutContent: Bool { [.wrongContent, .missingLine, .unexpectedLine].contains(self) }
    package static let wrongSystem = Self(rawValue: "wrong_system")
    package static let wrongMount = Self(rawValue: "wrong_mount")
    package static let missingPort = Self(rawValue: "missing_port")
    package static let unexpectedPort = Self(rawValue: "unexpected_port")

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One way in which one expectation is proven not met, masked and safe to store.
///
/// As JSON: `{"type": …, "item": …, "key": …, "expected": {…}, "actual": {…}, "diff": "…", "cause": {…}}`. What is expected and what is
/// there never look alike without a word: where nothing that may be shown differs, `actual` has a `note` that says so.
package struct Mismatch: Hashable, Sendable, Codable {
    /// The note of a mismatch whose sides would otherwise be the same.
    package static let hiddenDifference = "differs in what is not shown"

    package internal(set) var type: MismatchType
    package internal(set) var item: String
    package internal(set) var key: ItemKey
    /// Such as `["mode": "0644"]`; the names are those of the pack's keys.
    package internal(set) var expected: [String: String]
    package internal(set) var actual: [String: String]
    /// A unified diff, expected against actual, only for text contents.
    package internal(set) var diff: String?
    /// Why it came about; nil where nobody asked, as at a first look, or where it could not be told.
    package internal(set) var cause: Cause?

    package init(
        type: MismatchType, item: String, key: ItemKey, expected: [String: String], actual: [String: String],
        diff: String? = nil, cause: Cause? = nil
    ) {
        self.type = type
        self.item = item
        self.key = key
        self.expected = expected
        self.actual = actual
        self.diff = diff
        self.cause = cause
        let note = actual["note"] ?? ""
        guard diff == nil, isSame(as: actual), !note.contains("not shown") else { return }
        self.actual["note"] = (note.isEmpty ? "" : note + "; ") + Self.hiddenDifference
    }

    /// Whether all that is expected is there, but for notes.
    private func isSame(as actual: [String: String]) -> Bool {
        let names = Set(expected.keys).union(actual.keys).subtracting(["note"])
        // As bytes: two spellings of one letter are one to a dictionary of texts, and two to a program.
        return names.allSatisfy { name in
            guard let old = expected[name], let new = actual[name] else { return false }
            return old.hasSameBytes(as: new)
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            type: try container.decode(MismatchType.self, forKey: .type),
            item: try container.decode(String.self, forKey: .item),
            key: try container.decode(ItemKey.self, forKey: .key),
            expected: try container.decode([String: String].self, forKey: .expected),
            actual: try container.decode([String: String].self, forKey: .actual),
            diff: try container.decodeIfPresent(String.self, forKey: .diff),
            cause: try container.decodeIfPresent(Cause.self, forKey: .cause))
    }
}

/// The result of one item in one check.
package struct ItemOutcome: Hashable, Sendable, Codable {
    package enum Finding: Hashable, Sendable, Codable {
        case ok
        /// Never empty; one mismatch of a type at the most.
        case wrong([Mismatch])
        /// It differs, and the pack says that this is no drift: `severity: info`.
        case notable([Mismatch])
        /// It differs, and that counts for nothing for now.
        case exempt([Mismatch], Exemption)
        /// Nothing is proven wrong, but not all was seen.
        case unreadable(UnreadableReason)
        /// It is not about this server, for this reason in words.
        case notApplicable(String)
    }

    package var key: ItemKey
    package var item: String
    /// The pack's own words on what the item is for.
    package var description: String?
    package var finding: Finding
    /// Why the content could not be judged where all else of a file was; else nil.
    ///
    /// Nil if the item is ok.
    package var unseenContent: UnreadableReason?
    /// What the pack's author may want to know although it is `ok`, or what exactly keeps it from being judged.
    package var remark: String?
    /// What the first of two looks found newly wrong, and the second, which counts, did not.
    package var unconfirmed: [Mismatch]

    package init(
        key: ItemKey, item: String, description: String? = nil, finding: Finding,
        unseenContent: UnreadableReason? = nil, remark: String? = nil, unconfirmed: [Mismatch] = []
    ) {
        self.key = key
        self.item = item
        self.description = description
        self.finding = finding
        self.unseenContent = unseenContent
        self.remark = remark
        self.unconfirmed = unconfirmed
    }

    /// Whether there is something to say of it: it is not ok, has a remark, or was not ok at a first look.
    package var isWorthSaying: Bool { finding != .ok || remark != nil || !unconfirmed.isEmpty }

    /// Why it could not be judged, wholly or in its content; nil if it was judged whole.
    package var unseen: UnreadableReason? {
        if case .unreadable(let reason) = finding { reason } else { unseenContent }
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

    /// Of those that apply to the server.
    package var itemCount: Int { okCount + mismatchCount + unreadableCount + waivedCount + dueCount }
    /// As expected, or different without being drift.
    package var okCount: Int {
        outcomes.count { outcome in
            switch outcome.finding {
            case .ok, .notable: true
            case .wrong, .exempt, .unreadable, .notApplicable: false
            }
        }
    }
    package var mismatchCount: Int { outcomes.count { if case .wrong = $0.finding { true } else { false } } }
    package var unreadableCount: Int { outcomes.count { if case .unreadable = $0.finding { true } else { false } } }
    /// Different, which somebody accepts.
    package var waivedCount: Int {
        outcomes.count { if case .exempt(_, .waived) = $0.finding { true } else { false } }
    }
    /// Different from what the pack wants only later.
    package var dueCount: Int { outcomes.count { if case .exempt(_, .due) = $0.finding { true } else { false } } }

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
