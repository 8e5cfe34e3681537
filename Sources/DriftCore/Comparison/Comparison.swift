/// Compares what was observed with what is wanted.
package enum Comparison {
    /// Judges each of the pack's expectations by the facts.
    ///
    /// Total: facts that are missing or make no sense leave an expectation `unreadable`, they prove nothing. All that
    /// the check holds is masked and safe to store. `digest` is that of the resolved pack, `labels` are the server's.
    package static func judge(
        _ facts: Facts, against pack: Pack, digest: SHA256Digest, labels: [String: String] = [:]
    ) -> Check {
        let keyed = pack.expectations.map { (key: $0.key, expectation: $0) }
        let outcomes = keyed.sorted { $0.key < $1.key }.map { key, expectation in
            evidence(on: expectation, in: facts, labels).outcome(of: expectation, key: key)
        }
        return Check(packName: pack.name, packDigest: digest, outcomes: outcomes)
    }

    private static func evidence(
        on expectation: Expectation, in facts: Facts, _ labels: [String: String]
    ) -> Evidence {
        switch expectation.condition?.answer(labels: labels, facts: facts) {
        case .holds, nil: expectation.subject.kind.evidence(in: facts)
        case .fails(let why): .notApplicable(why)
        case .unknown(let reason): .unreadable(reason)
        }
    }
}
