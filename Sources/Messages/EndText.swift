internal import DriftCore
internal import Presentation

/// The words of alerts that are over.
extension MessageText {
    static let rightAgain = "What had drifted is right again"
    /// So that a headline has room for the rest.
    private static let maximumCloser = 40

    /// `Configuration compliant`, or `Alert closed, because ann removed the server`.
    static func title(ofEnd facts: NotificationFacts, _ escaping: Escaping) -> String {
        switch facts.resolution {
        case .compliant: ([proven(facts)] + ExemptWords.counts(in: facts)).joined(separator: " · ")
        case .waived, .due: ExemptWords.title(of: facts)
        default: "Alert \(closing(facts, escaping) ?? "closed")"
        }
    }

    /// What a check that found nothing wrong proved: all is right, or only what had drifted.
    private static func proven(_ facts: NotificationFacts) -> String {
        guard let unreadable = facts.unreadableCount.map(bounded), let items = facts.itemCount.map(bounded) else {
            return rightAgain
        }
        guard unreadable > 0 else { return "Configuration compliant" }
        return "\(rightAgain) · \(unreadable) of \(items) \(items == 1 ? "item" : "items") could not be read"
    }

    /// `closed, because ann disabled drift detection`; nil if it is not known how it was closed.
    static func closing(_ facts: NotificationFacts, _ escaping: Escaping) -> String? {
        let who = facts.actor.flatMap { given($0, maximumCloser, escaping) } ?? "somebody"
        return facts.resolution.map { ResolutionText.of($0.rawValue, by: who) }
    }

    /// `2 alerts on 2 servers closed, because ann disabled drift detection`; how, only where it is the same for all.
    static func closing(_ facts: [NotificationFacts], _ escaping: Escaping) -> String {
        let servers = Set(facts.map(\.serverID)).count
        let ways = Set(facts.map { closing($0, escaping) ?? "closed" })
        let how = ways.count == 1 ? ways.first : nil
        return "\(plural(facts.count, "alert")) on \(plural(servers, "server")) \(how ?? "closed")"
    }

    /// `3 items had drifted`; where no check proved that they are right, they may be wrong still.
    static func had(_ found: Int, _ facts: NotificationFacts) -> String {
        plural(found, "item") + (facts.resolution?.isProven == true ? " had drifted" : " wrong at the last check")
    }

    /// What a message leads to.
    static func linkLabel(_ facts: NotificationFacts, _ usual: String) -> String {
        facts.isAboutWhatIsGone ? "The alert" : usual
    }
}

extension NotificationFacts {
    /// Whether the server, or its pack, cannot be looked at any more.
    var isAboutWhatIsGone: Bool { resolution == .removed || resolution == .unassigned }
}
