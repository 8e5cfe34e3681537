package import DriftCore
package import Foundation
internal import Presentation

/// The words of one notification, each part made fit for one medium.
///
/// What comes from outside (names, paths, people) is printable, escaped and cut; the rest are the words below. So the
/// parts can be put together without looking at them again.
package struct MessageText: Hashable, Sendable {
    static let maximumName = 80
    private static let maximumServerName = 150
    private static let maximumItem = 120
    private static let maximumDescription = 50
    private static let maximumDifferences = 80
    private static let maximumActor = 60
    private static let maximumItems = 10
    /// How many items the first line names.
    private static let itemsInSummary = 3

    /// Such as `Configuration drift detected`.
    package let title: String
    /// `Web 1 (web-1)`; of a test, where it was sent from.
    package let server: String
    /// Absent in a test.
    package let pack: String?
    /// `2 items, 3 differences`; absent in a resolution and a test.
    package let count: String?
    /// How many of those items are new, where some are not; ``items`` are the new ones.
    package let added: String?
    /// Lines such as `/etc/motd: wrong permissions`, ten at the most; none in a resolution.
    package let items: [String]
    /// How many more new items there are than lines.
    package let more: Int
    /// `since 2026-11-22 06:00 UTC`.
    package let since: String
    /// What a resolution is about, if the opening message was never delivered.
    package let resolves: String?
    /// Absent in a test where no page is known.
    package let link: MessageLink?
    /// `alert 42 · outbox 7 · 2026-11-22 06:00 UTC`: a repeat carries the same.
    package let identity: String

    package init(_ facts: NotificationFacts, outboxID: Int64, baseURL: URL?, escaping: Escaping) {
        let name = escaping.fit(facts.serverName, Self.maximumServerName)
        let id = escaping.fit(facts.serverID.rawValue, Self.maximumName)
        server = name == id || name.isEmpty ? id : "\(name) (\(id))"
        let link = MessageLink(facts, baseURL: baseURL, escaping: escaping)
        let occurred = escaping.fit(Self.instant(facts.occurredAt), 40)
        guard facts.kind != .test else {
            title = "Test message, nothing is wrong"
            (pack, count, added, resolves) = (nil, nil, nil, nil)
            (items, more) = ([], 0)
            since = "sent \(occurred)"
            if case .page = link { self.link = link } else { self.link = nil }
            identity = "driftwatch notify-test · \(occurred)"
            return
        }
        pack = escaping.fit(facts.packName.rawValue, Self.maximumName)
        self.link = link
        identity = "alert \(facts.alertID) · outbox \(outboxID) · \(occurred)"

        let opened = escaping.fit(Self.instant(facts.openedAt), 40)
        let found = Self.bounded(facts.mismatchCount)
        let count = Self.count(found, facts)
        let lines = Self.lines(facts.items, escaping)
        let shown = Array(lines.prefix(Self.maximumItems))
        let new = max(facts.addedCount.map(Self.bounded) ?? 0, lines.count)
        switch facts.kind {
        // A test has returned above.
        case .driftDetected, .test:
            title = "Configuration drift detected"
            since = "since \(opened)"
            more = new - shown.count
        case .driftChanged:
            let previous = facts.previousCount.map(Self.bounded)
            title = "Configuration drift changed: \(previous.map { "\($0) → " } ?? "")\(found)"
            since = "open since \(opened)"
            more = new - shown.count
        case .driftResolved where facts.resolution == .compliant:
            title = Self.proven(facts)
            since = "drifted since \(opened)"
            more = 0
        case .driftResolved:
            let actor = facts.actor.map { " by \(escaping.fit($0, Self.maximumActor))" } ?? ""
            title = facts.resolution.map { "Alert closed: \($0.rawValue)\(actor)" } ?? "Alert closed"
            since = "open since \(opened)"
            more = 0
        }
        guard facts.kind == .driftResolved else {
            self.count = count
            added = new > 0 && new < found ? "\(new) new" : nil
            items = shown
            resolves = nil
            return
        }
        (self.count, added) = (nil, nil)
        items = []
        guard facts.openingUndelivered == true else {
            resolves = nil
            return
        }
        let what = found > 0 ? ", \(count)" : ""
        let which = shown.isEmpty ? "" : ": \(shown.prefix(Self.itemsInSummary).joined(separator: "; "))"
        resolves = "Its opening may not have been delivered: Configuration drift detected \(opened)\(what)\(which)"
    }

    /// All that matters in one line: what, where, how much, the first items, the link.
    package var summary: String {
        var parts = [title, server]
        if let pack { parts.append("pack \(pack)") }
        if let count {
            let first = items.prefix(Self.itemsInSummary)
            let others = more + items.count - first.count
            let named = first + (others > 0 && !first.isEmpty ? ["+\(others) more"] : [])
            let whole = [count, added].compactMap { $0 }.joined(separator: ", ")
            parts.append(named.isEmpty ? whole : "\(whole): \(named.joined(separator: "; "))")
        } else {
            parts.append(since)
        }
        if let link { parts.append(link.text) }
        return parts.joined(separator: " · ")
    }

    /// The summary, then a line for each thing that it left out.
    package var lines: [String] {
        var lines = [summary] + items.dropFirst(Self.itemsInSummary).map { "  \($0)" }
        if more > 0, items.count > Self.itemsInSummary { lines.append("  +\(more) more") }
        if count != nil { lines.append(since) }
        if let resolves { lines.append(resolves) }
        return lines + [identity]
    }

    /// What a check that found nothing wrong proved: all is right, or only what had drifted.
    private static func proven(_ facts: NotificationFacts) -> String {
        let rightAgain = "What had drifted is right again"
        guard let unreadable = facts.unreadableCount.map(bounded), let items = facts.itemCount.map(bounded) else {
            return rightAgain
        }
        guard unreadable > 0 else { return "Configuration compliant" }
        return "\(rightAgain) · \(unreadable) of \(items) \(items == 1 ? "item" : "items") could not be read"
    }

    /// No pack has more items; what a payload claims beyond it must not overflow.
    private static func bounded(_ count: Int) -> Int { min(max(count, 0), 1_000_000) }

    /// `3 items, 4 differences, 1 never complied`.
    private static func count(_ found: Int, _ facts: NotificationFacts) -> String {
        let count = CountText.wrong(items: found, differences: facts.differenceCount.map(bounded))
        let never = min(facts.neverCompliantCount.map(bounded) ?? 0, found)
        return never > 0 ? "\(count), \(never) never complied" : count
    }

    /// One line for each item, all its differences together: `/etc/motd (what it is for): wrong permissions`.
    private static func lines(_ items: [NotificationFacts.Item], _ escaping: Escaping) -> [String] {
        var order: [NotificationFacts.Item] = []
        var words: [String: [String]] = [:]
        for item in items {
            let word = DifferenceWords.of(item.type)
            if words[item.item] == nil { order.append(item) }
            if words[item.item]?.contains(word) != true { words[item.item, default: []].append(word) }
        }
        return order.map { item in
            let name = escaping.fit(item.item, maximumItem)
            let purpose = item.description.map { " (\(escaping.fit($0, maximumDescription)))" } ?? ""
            let differences = (words[item.item] ?? []).joined(separator: ", ")
            return "\(name)\(purpose): \(escaping.fit(differences, maximumDifferences))"
        }
    }

    /// `2026-11-22T06:00:03Z` as people read it; anything else as it stands.
    private static func instant(_ text: String) -> String {
        let isExpected = text.utf8.count == 20 && text.utf8.allSatisfy { $0 < 128 } && text.hasSuffix("Z")
        guard isExpected, text.dropFirst(10).first == "T" else { return text }
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }
}
