import DriftCore
import Testing

/// Every combination of a small universe, against what is promised of each expectation and of the alert.
@Suite struct TransitionTotalityTests {
    /// One expectation: what is remembered of it, and what the check finds; nil when the checked pack lacks it.
    struct Item: Hashable {
        var name: String
        var remembered: Set<MismatchType>
        var isUnverified: Bool
        var finding: TransitionFinding?
    }

    struct Scenario {
        var items: [Item]
        var status: DriftStatus
        var alert: LiveAlert?

        var remembered: DriftState {
            DriftState(
                status: status,
                mismatches: Set(Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.remembered) })),
                unverified: Set(items.filter(\.isUnverified).map { ItemKey(rawValue: $0.name) }))
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
        walk(
            items("a", remembered: kinds, findings: TransitionFinding.allCases),
            items("b", remembered: kinds, findings: TransitionFinding.allCases), status: status)
    }

    @Test func threeItemsThatCanBeWrongInOneWay() {
        let kinds: [Set<MismatchType>] = [[], [.wrongPermissions]]
        let findings: [TransitionFinding] = [.ok, .wrongMode, .unreadable]
        walk(
            items("a", remembered: kinds, findings: findings), items("b", remembered: kinds, findings: findings),
            items("c", remembered: kinds, findings: findings), status: .compliant)
    }

    private func items(
        _ name: String, remembered: [Set<MismatchType>], findings: [TransitionFinding]
    ) -> [Item] {
        var items: [Item] = []
        for remembered in remembered {
            for isUnverified in [false, true] {
                for finding in findings.map(Optional.some) + [nil] {
                    items.append(
                        Item(name: name, remembered: remembered, isUnverified: isUnverified, finding: finding))
                }
            }
        }
        return items
    }

    private func walk(_ universe: [Item]..., status: DriftStatus) {
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
        let sawSomething = checked.isEmpty || checked.contains { $0.finding?.isJudged == true }
        guard sawSomething else {
            let same = outcome.state == scenario.remembered && outcome.action == .none
            return same ? nil : "a check that saw nothing changed something"
        }

        for item in items {
            let known = Set(outcome.state.mismatches.filter { $0.key.rawValue == item.name }.map(\.type))
            let isUnverified = outcome.state.unverified.contains(ItemKey(rawValue: item.name))
            switch item.finding {
            case nil:
                if !known.isEmpty { return "\(item.name) left the pack and is remembered" }
                if isUnverified != item.isUnverified { return "\(item.name) was not looked at and lost its first look" }
            case .unreadable?:
                if known != item.remembered { return "\(item.name) could not be read and is remembered otherwise" }
                if isUnverified != item.isUnverified { return "\(item.name) could not be read and counts as judged" }
            case let finding?:
                if known != finding.types { return "\(item.name) was judged and is remembered otherwise" }
                if isUnverified { return "\(item.name) was judged and counts as unverified" }
            }
        }

        let wrong = items.filter { item in
            switch item.finding {
            case nil: false
            case .unreadable?: !item.remembered.isEmpty
            case let finding?: !finding.types.isEmpty
            }
        }
        guard outcome.state.status == (wrong.isEmpty ? .compliant : .drifted) else { return "the status is not so" }

        let news = items.filter { !$0.isUnverified }
            .map { ($0.name, $0.finding.map { $0.types }?.subtracting($0.remembered) ?? []) }
        let added = Set(Dictionary(uniqueKeysWithValues: news))
        let expected: Transition.Action
        if let alert = scenario.alert {
            if !added.isEmpty {
                expected = .update(mismatchCount: wrong.count, previousCount: alert.mismatchCount, added: added)
            } else if wrong.isEmpty {
                expected = .resolve
            } else {
                expected = alert.mismatchCount == wrong.count ? .none : .recount(mismatchCount: wrong.count)
            }
        } else {
            expected = added.isEmpty ? .none : .open(mismatchCount: wrong.count, added: added)
        }
        return outcome.action == expected ? nil : "the action should be \(expected)"
    }
}
