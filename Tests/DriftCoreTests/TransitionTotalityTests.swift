import DriftCore
import Testing

/// Every combination of a small universe, against what is promised of each expectation and of the alert.
@Suite struct TransitionTotalityTests {
    /// How much of an expectation was ever judged.
    enum Verified: CaseIterable {
        case whole, allButContent, nothing
    }

    /// One expectation: what is remembered of it, and what the check finds; nil when the checked pack lacks it.
    struct Item: Hashable {
        var name: String
        var remembered: Set<MismatchType>
        var verified: Verified
        var finding: TransitionFinding?

        /// Of all that was ever looked at, whether it is remembered or a hold made it forgotten.
        var neverCompliant: Set<MismatchType> {
            guard name == "a" else { return [] }
            switch verified {
            case .whole: return [.wrongPermissions, .wrongContent]
            case .allButContent: return [.wrongPermissions]
            case .nothing: return []
            }
        }
    }

    struct Scenario {
        var items: [Item]
        var status: DriftStatus
        var alert: LiveAlert?
        /// What was dark before says nothing of now.
        var dark: Set<ItemKey> = ["a", "gone"]

        var remembered: DriftState {
            DriftState(
                status: status,
                mismatches: Set(Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.remembered) })),
                neverCompliant: Set(Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.neverCompliant) })),
                unverified: keys(.nothing), unverifiedContents: keys(.allButContent), dark: dark)
        }

        private func keys(_ verified: Verified) -> Set<ItemKey> {
            Set(items.filter { $0.verified == verified }.map { ItemKey(rawValue: $0.name) })
        }

        var check: Check {
            let found = items.compactMap { item in item.finding.map { (item.name, $0) } }
            return Check(finding: Dictionary(uniqueKeysWithValues: found))
        }

        var outcome: Transition { .decide(remembered, seeing: check, alert: alert) }
    }

    @Test(arguments: DriftStatus.allCases)
    func twoItemsThatCanBeWrongInTwoWays(_ status: DriftStatus) {
        let kinds: [Set<MismatchType>] = [
            [], [.wrongPermissions], [.wrongContent], [.wrongPermissions, .wrongContent],
        ]
        let narrow: [TransitionFinding] = [.ok, .wrongMode, .wrongModeContentUnseen, .unreadable, .waivedMode]
        walk(
            [
                items("a", remembered: kinds, findings: TransitionFinding.allCases),
                items("b", remembered: [[], [.wrongContent]], findings: narrow),
            ], status: status)
    }

    @Test func threeItemsThatCanBeWrongInOneWay() {
        let kinds: [Set<MismatchType>] = [[], [.wrongPermissions]]
        let universe = ["a", "b", "c"].map { name in
            items(
                name, remembered: kinds, verified: [.whole, .nothing],
                findings: [.ok, .wrongMode, .unreadable, .dueBoth])
        }
        walk(universe, status: .compliant)
    }

    private func items(
        _ name: String, remembered: [Set<MismatchType>], verified: [Verified] = Verified.allCases,
        findings: [TransitionFinding]
    ) -> [Item] {
        var items: [Item] = []
        for remembered in remembered {
            for verified in verified {
                for finding in findings.map(Optional.some) + [nil] {
                    items.append(Item(name: name, remembered: remembered, verified: verified, finding: finding))
                }
            }
        }
        return items
    }

    private func walk(_ universe: [[Item]], status: DriftStatus) {
        var combinations: [[Item]] = [[]]
        for choices in universe { combinations = combinations.flatMap { left in choices.map { left + [$0] } } }
        let alerts = [nil] + (0...universe.count).map { LiveAlert(mismatchCount: $0) }
        var walked = 0
        for items in combinations {
            for alert in alerts {
                let scenario = Scenario(items: items, status: status, alert: alert)
                walked += 1
                guard let broken = brokenPromise(of: scenario.outcome, in: scenario) else { continue }
                Issue.record("\(broken): \(scenario) gave \(scenario.outcome)")
                return
            }
        }
        #expect(walked == universe.reduce(alerts.count) { $0 * $1.count })
    }

    /// The first promise that an outcome breaks.
    private func brokenPromise(of outcome: Transition, in scenario: Scenario) -> String? {
        let items = scenario.items
        let checked = items.filter { $0.finding != nil }
        let dark = Set(checked.filter(Self.wentDark).map { ItemKey(rawValue: $0.name) })
        if outcome.state.dark != dark { return "dark should be \(dark)" }
        let isBlind = !checked.isEmpty && !checked.contains { $0.finding?.isJudged == true }
        if isBlind, !items.contains(where: { $0.finding == nil && !$0.remembered.isEmpty }) {
            var unmoved = scenario.remembered
            unmoved.dark = dark
            let same = outcome.state == unmoved && outcome.action == .none
            return same ? nil : "a check that saw nothing changed something"
        }

        for item in items {
            let key = ItemKey(rawValue: item.name)
            let known = Set(outcome.state.mismatches.filter { $0.key == key }.map(\.type))
            if known != Self.known(of: item) { return "\(item.name) is remembered otherwise" }
            let never = Set(outcome.state.neverCompliant.filter { $0.key == key }.map(\.type))
            if never != Self.neverCompliant(of: item) { return "\(item.name) counts as never compliant: \(never)" }
            let verified: Verified =
                if outcome.state.unverified.contains(key) {
                    .nothing
                } else {
                    outcome.state.unverifiedContents.contains(key) ? .allButContent : .whole
                }
            if verified != Self.verified(of: item) { return "\(item.name) counts as verified: \(verified)" }
        }

        let wrong = items.filter { !Self.known(of: $0).isEmpty }
        let wasWhole = checked.contains { Self.verified(of: $0) == .whole }
        let isWhole = checked.contains { $0.finding?.isJudgedWhole == true }
        let status: DriftStatus =
            if !wrong.isEmpty {
                .drifted
            } else {
                checked.isEmpty || isWhole || (wasWhole && scenario.status != .unknown) ? .compliant : .unknown
            }
        guard outcome.state.status == status else { return "the status is not \(status)" }

        let news = items.map { item -> (String, Set<MismatchType>) in
            let added = item.finding.map { $0.types.subtracting(item.remembered) } ?? []
            switch item.verified {
            case .whole: return (item.name, added)
            case .allButContent: return (item.name, added.subtracting([.wrongContent]))
            case .nothing: return (item.name, [])
            }
        }
        let added = Set(Dictionary(uniqueKeysWithValues: news))
        let expected: Transition.Action
        if let alert = scenario.alert {
            if !added.isEmpty {
                expected = .update(mismatchCount: wrong.count, previousCount: alert.mismatchCount, added: added)
            } else if wrong.isEmpty {
                expected = .resolve(ending(in: scenario))
            } else {
                expected = alert.mismatchCount == wrong.count ? .none : .recount(mismatchCount: wrong.count)
            }
        } else {
            expected = added.isEmpty ? .none : .open(mismatchCount: wrong.count, added: added)
        }
        return outcome.action == expected ? nil : "the action should be \(expected)"
    }

    /// A waiver of what is remembered as wrong is named before what is due, and that before what is right again.
    private func ending(in scenario: Scenario) -> Transition.Ending {
        let exemptions = scenario.items.filter { !$0.remembered.isEmpty }.compactMap(\.finding?.exemption)
        if exemptions.contains(where: { if case .waived = $0 { true } else { false } }) { return .waived }
        return exemptions.isEmpty ? .compliant : .due
    }

    /// What is to be remembered of an item.
    private static func known(of item: Item) -> Set<MismatchType> {
        switch item.finding {
        case nil: []
        case .unreadable?: item.remembered
        case .contentUnseen?, .wrongModeContentUnseen?:
            (item.finding?.types ?? []).union(item.remembered.intersection([.wrongContent]))
        case let finding?: finding.types
        }
    }

    /// In what an item was never right by now.
    private static func neverCompliant(of item: Item) -> Set<MismatchType> {
        guard let finding = item.finding else { return [] }
        let types: Set<MismatchType> = [.wrongPermissions, .wrongContent]
        return types.filter { type -> Bool in
            let isContent = type == .wrongContent
            let wasNever = item.neverCompliant.contains(type)
            guard finding.isJudged, !isContent || finding.isJudgedWhole else { return wasNever }
            let isFirstLook = item.verified == .nothing || isContent && item.verified == .allButContent
            let wasNeverRight = wasNever || isFirstLook && !item.remembered.contains(type)
            return finding.found.contains(type) && wasNeverRight
        }
    }

    /// Whether an item that was judged before cannot be now.
    private static func wentDark(_ item: Item) -> Bool {
        switch item.finding {
        case .unreadable?: item.verified != .nothing
        case .contentUnseen?, .wrongModeContentUnseen?, .waivedModeContentUnseen?: item.verified == .whole
        default: false
        }
    }

    /// How much of an item was judged by now.
    private static func verified(of item: Item) -> Verified {
        switch item.finding {
        case nil, .unreadable?: item.verified
        case .contentUnseen?, .wrongModeContentUnseen?, .waivedModeContentUnseen?:
            item.verified == .whole ? .whole : .allButContent
        default: .whole
        }
    }
}
