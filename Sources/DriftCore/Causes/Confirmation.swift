extension Check {
    /// The same check, in which the second look counts for the items that were looked at twice.
    ///
    /// `second` is about those items alone. Where it does not find newly wrong what the first look did, that is noted as
    /// unconfirmed: it proves nothing, because a proof needs both looks.
    package func confirmed(by second: Check, remembered: DriftState) -> Check {
        let again = Dictionary(second.outcomes.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var check = self
        check.outcomes = outcomes.map { first in
            guard var outcome = again[first.key] else { return first }
            if outcome.newlyWrong(over: remembered).isEmpty {
                outcome.unconfirmed = first.newlyWrong(over: remembered).map { mismatch in
                    var mismatch = mismatch
                    mismatch.diff = nil
                    return mismatch
                }
            }
            return outcome
        }
        return check
    }

    /// The same check, in which mismatches say why they came about.
    package func explained(by cause: (MismatchID) -> Cause?) -> Check {
        var check = self
        for index in outcomes.indices {
            guard case .wrong(let mismatches) = outcomes[index].finding else { continue }
            check.outcomes[index].finding = .wrong(
                mismatches.map { mismatch in
                    var mismatch = mismatch
                    mismatch.cause = cause(mismatch.id)
                    return mismatch
                })
        }
        return check
    }
}

extension ItemOutcome {
    fileprivate func newlyWrong(over remembered: DriftState) -> [Mismatch] {
        guard case .wrong(let mismatches) = finding else { return [] }
        let added = remembered.added(Set(mismatches.map(\.id)))
        return mismatches.filter { added.contains($0.id) }
    }
}
