import DriftCore

/// What a check finds of one expectation, in the tests of transitions: it can be wrong in its mode and in its content,
/// and its content can be out of sight.
enum TransitionFinding: String, CaseIterable {
    case ok, wrongMode, wrongContent, wrongBoth, unreadable
    case contentUnseen, wrongModeContentUnseen
    case waivedMode, waivedModeContentUnseen, dueBoth

    /// What counts as wrong.
    var types: Set<MismatchType> {
        switch self {
        case .ok, .unreadable, .contentUnseen, .waivedMode, .waivedModeContentUnseen, .dueBoth: []
        case .wrongMode, .wrongModeContentUnseen: [.wrongPermissions]
        case .wrongContent: [.wrongContent]
        case .wrongBoth: [.wrongPermissions, .wrongContent]
        }
    }

    var exemption: Exemption? {
        switch self {
        case .waivedMode, .waivedModeContentUnseen: .waived(Waiver(reason: "old", author: "ann"))
        case .dueBoth: .due(from: "2027-01-15")
        case .ok, .unreadable, .contentUnseen, .wrongMode, .wrongModeContentUnseen, .wrongContent, .wrongBoth: nil
        }
    }

    /// What differs, whether it counts or not.
    var found: Set<MismatchType> {
        switch self {
        case .waivedMode, .waivedModeContentUnseen: [.wrongPermissions]
        case .dueBoth: [.wrongPermissions, .wrongContent]
        default: types
        }
    }

    /// Whether something of it was.
    var isJudged: Bool { self != .unreadable }

    var isJudgedWhole: Bool { isJudged && !isContentUnseen }

    var isContentUnseen: Bool { [.contentUnseen, .wrongModeContentUnseen, .waivedModeContentUnseen].contains(self) }

    fileprivate func outcome(of key: ItemKey) -> ItemOutcome {
        let mismatches = found.sorted().map { type in
            Mismatch(type: type, item: key.rawValue, key: key, expected: [:], actual: [:])
        }
        let finding: ItemOutcome.Finding =
            if !mismatches.isEmpty {
                exemption.map { .exempt(mismatches, $0) } ?? .wrong(mismatches)
            } else if self == .ok {
                .ok
            } else {
                .unreadable(.permissionDenied)
            }
        return ItemOutcome(
            key: key, item: key.rawValue, finding: finding, unseenContent: isContentUnseen ? .permissionDenied : nil)
    }
}

typealias TransitionFindings = [String: TransitionFinding]

extension Check {
    /// A check of a pack that has just these expectations.
    init(finding findings: TransitionFindings) {
        self.init(
            packName: PackName(rawValue: "base"), packDigest: SHA256Digest(of: []),
            outcomes: findings.sorted { $0.key < $1.key }.map { name, finding in
                finding.outcome(of: ItemKey(rawValue: name))
            })
    }
}

extension Set<MismatchID> {
    init(_ types: [String: Set<MismatchType>]) {
        self.init(
            types.flatMap { name, types in types.map { MismatchID(key: ItemKey(rawValue: name), type: $0) } })
    }
}

/// One assignment as the database keeps it: does what transitions say, and what operators and `apply` do.
struct TransitionAssignment {
    private(set) var state: DriftState
    private(set) var alert: LiveAlert?

    init(_ names: String...) { self.init(names: Set(names)) }

    init(names: Set<String>) {
        state = DriftState(
            status: .unknown, mismatches: [], unverified: Set(names.map(ItemKey.init(rawValue:))))
    }

    mutating func check(_ findings: TransitionFindings) -> Transition.Action {
        let transition = Transition.decide(state, seeing: Check(finding: findings), alert: alert)
        state = transition.state
        switch transition.action {
        case .none: break
        case .open(let count, _), .update(let count, _, _), .recount(let count): alert = LiveAlert(mismatchCount: count)
        case .resolve: alert = nil
        }
        return transition.action
    }

    mutating func resolveByHand() { alert = nil }

    mutating func disable() {
        alert = nil
        state.mismatches = []
        state.status = .unknown
    }

    mutating func changePack(adding added: Set<String> = [], removing removed: Set<String> = []) {
        state.unverified.subtract(removed.map(ItemKey.init(rawValue:)))
        state.unverified.formUnion(added.map(ItemKey.init(rawValue:)))
        state.unverifiedContents.subtract(removed.map(ItemKey.init(rawValue:)))
        state.neverCompliant = state.neverCompliant.filter { !removed.contains($0.key.rawValue) }
    }
}

extension ItemKey: ExpressibleByStringLiteral {
    package init(stringLiteral key: String) { self.init(rawValue: key) }
}
