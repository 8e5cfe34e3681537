internal import DriftCore
internal import Presentation

/// The words of a resolution after which something differs all the same: it is waived, or wanted only later.
enum ExemptWords {
    /// `1 waived` and `2 due`, as far as there are any.
    static func counts(in facts: NotificationFacts) -> [String] {
        ExemptionText.counts(waived: bounded(facts.waivedCount), due: bounded(facts.dueCount))
    }

    /// `What is still wrong is waived · 2 waived, 1 due`.
    static func title(of facts: NotificationFacts) -> String {
        let title = title(of: facts.resolution)
        let counts = counts(in: facts)
        return counts.isEmpty ? title : "\(title) · \(counts.joined(separator: ", "))"
    }

    static func title(of resolution: NotificationFacts.Resolution?) -> String {
        resolution == .waived ? "What is still wrong is waived" : "What is still wrong is wanted only later"
    }

    /// What a payload claims beyond it must not overflow.
    private static func bounded(_ count: Int?) -> Int { min(max(count ?? 0, 0), 1_000_000) }
}
