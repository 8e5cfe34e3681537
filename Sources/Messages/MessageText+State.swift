package import DriftCore
package import Foundation
internal import Presentation

extension MessageText {
    /// What the message that shows an alert says now.
    ///
    /// Where something cannot be checked, that is what happened last.
    package static func present(_ facts: NotificationFacts, outboxID: Int64, baseURL: URL?, escaping: Escaping) -> Self
    {
        guard facts.status != nil, facts.alertType == .checkFailing else {
            return Self(stateOf: facts, outboxID: outboxID, baseURL: baseURL, escaping: escaping)
        }
        var facts = facts
        if facts.kind.isOnlyAnEdit { facts.kind = facts.packName == nil ? .checkFailing : .itemsUnreadable }
        var text = Self(facts, outboxID: outboxID, baseURL: baseURL, escaping: escaping)
        text.headline = "\(word(facts)): \(text.headline)"
        text.title =
            facts.status == .acknowledged
            ? acknowledged(facts, "Acknowledged", Times(zone: facts.timeZone), escaping) : text.headline
        return text
    }

    /// What the message begins with.
    private static func word(_ facts: NotificationFacts) -> String {
        switch facts.status {
        case .open, nil: "Open"
        case .acknowledged: "Acknowledged"
        case .resolved: facts.resolution?.isProven == true ? "Resolved" : "Closed"
        }
    }

    /// `acknowledged by alice, 2026-11-22 06:00 UTC, until 2026-11-25 06:00 UTC`.
    private static func acknowledged(
        _ facts: NotificationFacts, _ word: String, _ times: Times, _ escaping: Escaping
    ) -> String {
        let time = facts.acknowledgedAt.map { ", \(escaping.fit(instant($0, times), 40))" } ?? ""
        return "\(word)\(by(facts.acknowledgedBy, escaping))\(time)\(until(facts, times, escaping))"
    }

    /// `, until 2026-11-25 06:00 UTC`, where an acknowledgement has an end.
    static func until(_ facts: NotificationFacts, _ times: Times, _ escaping: Escaping) -> String {
        facts.acknowledgedUntil.map { ", until \(escaping.fit(instant($0, times), 40))" } ?? ""
    }

    /// What the message says that shows an alert as it is: whether it is open, acknowledged or resolved, how much is wrong
    /// and what.
    package init(stateOf facts: NotificationFacts, outboxID: Int64, baseURL: URL?, escaping: Escaping) {
        let times = Times(zone: facts.timeZone)
        func instant(_ text: String) -> String { escaping.fit(Self.instant(text, times), 40) }
        let (opened, occurred) = (instant(facts.openedAt), instant(facts.occurredAt))
        let ended = facts.resolvedAt ?? (facts.kind == .driftResolved ? facts.occurredAt : nil)
        let found = Self.bounded(facts.mismatchCount)
        let wrong = WrongItem.all(of: Self.shownItems(facts))
        let drift = "Configuration drift detected"
        switch facts.status {
        case .open, nil: (title, since) = (drift, "since \(opened)")
        case .acknowledged:
            (title, since) = (
                "\(drift) · \(Self.acknowledged(facts, "acknowledged", times, escaping))", "since \(opened)"
            )
        case .resolved:
            title = Self.title(ofEnd: facts, escaping)
            since = ended.map { "from \(opened) to \(instant($0))" } ?? "opened \(opened)"
        }
        headline = Self.headline(
            wrong.first, of: facts, others: max(found, wrong.count) - 1, after: Self.word(facts), escaping)
        server = Self.server(facts, escaping)
        pack = facts.packName.map { escaping.fit($0.rawValue, Self.maximumName) }
        serverLabel = "Server"
        let isOver = facts.status == .resolved
        linkLabel = Self.linkLabel(facts, isOver ? "What is true now" : "Expected and actual")
        let words = Self.count(found, facts)
        count = isOver ? nil : words
        added = isOver ? Self.had(max(found, wrong.count), facts) : nil
        let shown = wrong.prefix(Self.maximumItemsOfState).map { Self.line(on: $0, times, escaping) }
        items = shown
        excerpts = wrong.lazy.compactMap { Self.excerpt(of: $0, escaping) }.prefix(Self.maximumExcerpts).map(\.self)
        more = max(found, wrong.count) - shown.count
        labels = Self.labels(facts.labels ?? [:], escaping)
        remark = facts.comment.flatMap { Self.given($0, Self.maximumComment, escaping) }
        resolves = nil
        link = MessageLink(facts, baseURL: baseURL, escaping: escaping)
        identity = "alert \(facts.alertID) · outbox \(outboxID) · \(occurred)"
    }

    /// Fewer than of a change, so that the plain form stays within 4000 characters with all that it says beside them.
    private static let maximumItemsOfState = 8
    /// More than ten items have.
    private static let maximumDifferencesOfState = 100

    /// Those that are wrong, with all that is known of those that are new; of what is over, all that are known.
    private static func shownItems(_ facts: NotificationFacts) -> [NotificationFacts.Item] {
        guard let wrong = facts.wrongItems?.prefix(maximumDifferencesOfState) else { return facts.items }
        // By hash: names may be long, and comparing each with each would take minutes.
        let known = Dictionary(
            facts.items.prefix(maximumDifferencesOfState).map { ([$0.type, $0.item], $0) },
            uniquingKeysWith: { first, _ in first })
        guard facts.status == .resolved else { return wrong.map { known[[$0.type, $0.item]] ?? $0 } }
        return facts.items + wrong.filter { known[[$0.type, $0.item]] == nil }
    }

    /// `Open: Web 1: /etc/motd: wrong permissions (+2)`, at most 150 characters.
    private static func headline(
        _ item: WrongItem?, of facts: NotificationFacts, others: Int, after word: String, _ escaping: Escaping
    ) -> String {
        guard let item else {
            let pack = facts.packName.map { ": \(escaping.fit($0.rawValue, maximumName))" } ?? ""
            return "\(word): \(escaping.fit(place(facts), 45))\(pack)"
        }
        return "\(word): "
            + headline(item, on: place(facts), others: others, maximumItem: 60 - word.utf16.count - 2, escaping)
    }
}
