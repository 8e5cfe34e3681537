/// Compares what was observed with what is wanted.
package enum Comparison {
    /// Judges each of the pack's expectations by the facts.
    ///
    /// Total: facts that are missing or make no sense leave an expectation `unreadable`, they prove nothing. All that
    /// the check holds is masked and safe to store. `digest` is that of the resolved pack.
    package static func judge(
        _ facts: Facts, against pack: Pack, digest: SHA256Digest, on server: ServerVariables = ServerVariables(),
        exempting exemptions: Exemptions = .none
    ) -> Check {
        let keyed = pack.expectations.map { (key: $0.key, expectation: $0) }
        let outcomes = keyed.sorted { $0.key < $1.key }.map { key, expectation in
            let kind = Result { () throws(TemplatedExpectation.Fault) in try expectation.kind(on: server, in: facts) }
            let evidence: Evidence =
                switch expectation.condition?.answer(labels: server.labels, facts: facts) {
                case .holds, nil: kind.evidence(in: facts)
                case .fails(let why): .notApplicable(why)
                case .unknown(let reason): .unreadable(reason)
                }
            let item = (try? kind.get().item) ?? expectation.item
            return evidence.outcome(
                of: expectation, key: key, item: item, exemption: exemptions.exemption(of: expectation, key: key))
        }
        return Check(packName: pack.name, packDigest: digest, outcomes: outcomes)
    }
}
