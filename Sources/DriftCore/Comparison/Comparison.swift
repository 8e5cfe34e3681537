/// Compares what was observed with what is wanted.
package enum Comparison {
    /// Judges each of the pack's expectations by the facts.
    ///
    /// Total: facts that are missing or make no sense leave an expectation `unreadable`, they prove nothing. All that
    /// the check holds is masked and safe to store. `digest` is that of the resolved pack.
    package static func judge(_ facts: Facts, against pack: Pack, digest: SHA256Digest) -> Check {
        let outcomes = pack.expectations.sorted { $0.key < $1.key }.map { expectation in
            ItemOutcome(
                key: expectation.key, item: SafeText.line(expectation.item),
                finding: evidence(on: expectation, in: facts).finding(on: expectation))
        }
        return Check(packName: pack.name, packDigest: digest, outcomes: outcomes)
    }

    private static func evidence(on expectation: Expectation, in facts: Facts) -> Evidence {
        switch expectation.subject {
        case .file(let wanted):
            FileComparison.evidence(on: wanted, fact: facts.files[wanted.path])
        case .package(let wanted):
            PackageComparison.evidence(on: wanted, facts: facts.packages)
        case .setting(let wanted):
            SettingComparison.evidence(on: wanted, facts: facts)
        case .service:
            .unreadable(.unsupported)
        }
    }
}

/// What speaks for and against one expectation.
struct Evidence {
    /// A mismatch before it is known of which item it is.
    struct Contradiction {
        var type: MismatchType
        var expected: [String: String]
        var actual: [String: String]
        var diff: String?
    }

    private(set) var contradictions: [Contradiction] = []
    private(set) var unreadable: UnreadableReason?

    static var none: Evidence { Evidence() }

    static func unreadable(_ reason: UnreadableReason) -> Evidence {
        var evidence = Evidence()
        evidence.addUnreadable(reason)
        return evidence
    }

    static func wrong(
        _ type: MismatchType, expected: [String: String], actual: [String: String]
    ) -> Evidence {
        var evidence = Evidence()
        evidence.add(type, expected: expected, actual: actual)
        return evidence
    }

    mutating func add(
        _ type: MismatchType, expected: [String: String], actual: [String: String], diff: String? = nil
    ) {
        contradictions.append(Contradiction(type: type, expected: expected, actual: actual, diff: diff))
    }

    /// The first reason is the one that is told.
    mutating func addUnreadable(_ reason: UnreadableReason) {
        unreadable = unreadable ?? reason
    }

    /// What is proven wrong is wrong, whatever else could not be seen.
    func finding(on expectation: Expectation) -> ItemOutcome.Finding {
        guard contradictions.isEmpty else {
            return .wrong(
                contradictions.map { contradiction in
                    Mismatch(
                        type: contradiction.type, item: SafeText.line(expectation.item), key: expectation.key,
                        expected: contradiction.expected.mapValues { Masking.safeValue($0) },
                        actual: contradiction.actual.mapValues { Masking.safeValue($0) }, diff: contradiction.diff)
                })
        }
        return unreadable.map { .unreadable($0) } ?? .ok
    }
}
