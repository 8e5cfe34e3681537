import DriftCore
import TestSupport
import Testing

/// Random lives of an assignment, beside a ledger that is kept in other words: what was ever seen of each item.
@Suite struct TransitionModelTests {
    /// What is known of an item that is in the pack.
    struct Entry {
        var wasJudged = false
        var contentWasJudged = false
        /// By the latest judgement, unless that was forgotten.
        var known: Set<MismatchType> = []
        /// Wrong whenever it was looked at.
        var never: Set<MismatchType> = []

        mutating func see(_ finding: TransitionFinding) {
            guard finding.isJudged else { return }
            if !finding.found.contains(.wrongPermissions) {
                never.remove(.wrongPermissions)
            } else if !wasJudged, !known.contains(.wrongPermissions) {
                never.insert(.wrongPermissions)
            }
            if finding.found.contains(.wrongContent) {
                if !contentWasJudged, !known.contains(.wrongContent) { never.insert(.wrongContent) }
            } else if !finding.isContentUnseen {
                never.remove(.wrongContent)
            }
            wasJudged = true
            if finding.isContentUnseen {
                known = finding.exemption != nil ? [] : finding.types.union(known.intersection([.wrongContent]))
            } else {
                contentWasJudged = true
                known = finding.types
            }
        }

        func turnedWrong(by finding: TransitionFinding) -> Bool {
            finding.types.subtracting(known).contains { $0 == .wrongContent ? contentWasJudged : wasJudged }
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func aRandomLifeKeepsEveryPromise(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let names = ["a", "b", "c", "d"]
        var ledger: [String: Entry] = ["a": Entry(), "b": Entry()]
        // What was wrong of items that left the pack since something was last seen.
        var departed: [String: Set<MismatchType>] = [:]
        var assignment = TransitionAssignment("a", "b")
        var told = 0

        for step in 1...100 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                assignment.resolveByHand()
            case 1:
                assignment.disable()
                for name in ledger.keys { ledger[name]?.known = [] }
                departed = [:]
            case 2, 3, 4:
                let name = names.randomElement(using: &random) ?? "a"
                if let entry = ledger.removeValue(forKey: name) {
                    departed[name] = entry.known
                    assignment.changePack(removing: [name])
                } else {
                    ledger[name] = Entry(known: departed.removeValue(forKey: name) ?? [])
                    assignment.changePack(adding: [name])
                }
            default:
                let findings = ledger.mapValues { _ in
                    Int.random(in: 0..<3, using: &random) == 0
                        ? TransitionFinding.allCases.randomElement(using: &random) ?? .ok : .ok
                }
                let forgets = departed.values.contains { !$0.isEmpty }
                departed = [:]
                if tells(&assignment, findings, &ledger, forgets, "seed \(seed), step \(step)") { told += 1 }
            }
        }
        #expect(told > 3, "such lives are not all silence")
    }

    /// Checks once, and whether somebody was told; `forgets` that something is remembered that left the pack.
    private func tells(
        _ assignment: inout TransitionAssignment, _ findings: TransitionFindings, _ ledger: inout [String: Entry],
        _ forgets: Bool, _ comment: Comment
    ) -> Bool {
        let before = assignment
        // Something that was judged before shows what it was not known for.
        let somethingTurnedWrong = findings.contains { name, finding in
            ledger[name]?.turnedWrong(by: finding) == true
        }
        let dark = findings.filter { name, finding in
            guard let entry = ledger[name] else { return false }
            return finding.isContentUnseen ? entry.contentWasJudged : finding == .unreadable && entry.wasJudged
        }
        for (name, finding) in findings { ledger[name]?.see(finding) }
        let wrong = ledger.values.count { !$0.known.isEmpty }
        let isBlind = !findings.isEmpty && !findings.values.contains(where: \.isJudged)
        let isWhole = findings.isEmpty || findings.values.contains(where: \.isJudgedWhole)
        let wasWhole = before.state.status != .unknown && ledger.values.contains { $0.contentWasJudged }

        let action = assignment.check(findings)
        #expect(assignment.state.dark == Set(dark.keys.map(ItemKey.init(rawValue:))), comment)
        #expect(assignment.state.neverCompliant == Set(ledger.mapValues(\.never)), comment)
        switch action {
        case .open:
            #expect(before.alert == nil && somethingTurnedWrong, comment)
        case .update(_, let previousCount, _):
            #expect(before.alert?.mismatchCount == previousCount && somethingTurnedWrong, comment)
        case .recount:
            #expect(before.alert != nil && !somethingTurnedWrong && wrong > 0, comment)
        case .resolve:
            #expect(before.alert != nil && wrong == 0 && (!isBlind || forgets), comment)
        case .none:
            #expect(!somethingTurnedWrong, comment)
        }
        if isBlind, !forgets {
            var unmoved = assignment.state
            unmoved.dark = before.state.dark
            #expect(unmoved == before.state && assignment.alert == before.alert, comment)
        } else {
            let status: DriftStatus = wrong > 0 ? .drifted : isWhole || wasWhole ? .compliant : .unknown
            #expect(assignment.state.status == status, comment)
            #expect(assignment.state.mismatchCount == wrong, comment)
            #expect(assignment.alert == nil || assignment.alert?.mismatchCount == wrong, comment)
            #expect(wrong > 0 || assignment.alert == nil, comment)
        }
        switch action {
        case .open, .update: return true
        case .none, .recount, .resolve: return false
        }
    }
}
