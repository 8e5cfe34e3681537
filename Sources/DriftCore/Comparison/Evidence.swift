internal import Redaction

/// What speaks for and against one expectation.
struct Evidence {
    /// A mismatch before it is known of which item it is.
    struct Contradiction {
        var type: MismatchType
        var sides: Sides
        var diff: String?
    }

    private(set) var contradictions: [Contradiction] = []
    /// Why nothing of it could be seen.
    private var unreadable: UnreadableReason?
    /// Why its content could not be seen, where all else could.
    private var unseenContent: UnreadableReason?
    /// What the pack's author may want to know of an expectation that is met.
    private var remark: String?
    /// What exactly keeps it from being judged, where the reason alone does not say it.
    private var obstacle: String?
    /// Why the server has nothing that it could be about.
    private var notApplicable: String?

    /// Why it cannot be judged, in whole or in part; nil if it can.
    var unseen: UnreadableReason? { unreadable ?? unseenContent }

    static var none: Evidence { Evidence() }

    static func remark(_ text: String) -> Evidence { Evidence(remark: text) }

    static func notApplicable(_ why: String) -> Evidence { Evidence(notApplicable: why) }

    static func unreadable(_ reason: UnreadableReason) -> Evidence { Evidence(unreadable: reason) }

    static func unreadable(_ reason: UnreadableReason, remark: String) -> Evidence {
        Evidence(unreadable: reason, obstacle: remark)
    }

    static func wrong(
        _ type: MismatchType, expected: [String: String], actual: [String: String]
    ) -> Evidence {
        var evidence = Evidence()
        evidence.add(type, expected: expected, actual: actual)
        return evidence
    }

    mutating func add(
        _ type: MismatchType, expected: [String: String], actual: [String: String]
    ) {
        let sides = Sides(
            expected: expected.mapValues { .outside($0) }, actual: actual.mapValues { .outside($0) })
        add(type, sides)
    }

    mutating func add(_ type: MismatchType, _ sides: Sides, diff: String? = nil) {
        contradictions.append(Contradiction(type: type, sides: sides, diff: diff))
    }

    /// Some of it could not be seen: all of it is unreadable then, unless something is proven wrong.
    mutating func addUnseen(_ reason: UnreadableReason) { unreadable = unreadable ?? reason }

    mutating func addRemark(_ text: String) { remark = text }

    mutating func addUnseenContent(_ reason: UnreadableReason) { unseenContent = reason }

    /// What is proven wrong is wrong, whatever else could not be seen.
    ///
    /// `item` is what people are shown on the server.
    func outcome(of expectation: Expectation, key: ItemKey, item: String, exemption: Exemption?) -> ItemOutcome {
        let item = VisibleText.line(item)
        let mismatches = contradictions.map { contradiction in
            Mismatch(
                type: contradiction.type, item: item, key: key, expected: contradiction.sides.expected,
                actual: contradiction.sides.actual, diff: contradiction.diff)
        }
        let finding: ItemOutcome.Finding =
            if let notApplicable {
                .notApplicable(VisibleText.line(notApplicable))
            } else if !mismatches.isEmpty {
                if expectation.severity == .info {
                    .notable(mismatches)
                } else {
                    exemption.map { .exempt(mismatches, $0) } ?? .wrong(mismatches)
                }
            } else {
                unseen.map { .unreadable($0) } ?? .ok
            }
        return ItemOutcome(
            key: key, item: item, description: expectation.description.map { Masking.safeValue($0) }, finding: finding,
            unseenContent: unseenContent, remark: (finding == .ok ? remark : obstacle).map { VisibleText.line($0) })
    }
}
