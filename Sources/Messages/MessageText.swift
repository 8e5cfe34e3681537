package import DriftCore
package import Foundation
internal import Presentation

/// The words of one notification, each part made fit for one medium.
///
/// What comes from outside (names, paths, people) is printable, escaped and cut; the rest are the words below. So the
/// parts can be put together without looking at them again.
package struct MessageText: Hashable, Sendable {
    static let maximumName = 80
    static let maximumServerName = 150
    static let maximumItem = 100
    private static let maximumDescription = 50
    private static let maximumDifferences = 110
    private static let maximumCause = 90
    static let maximumActor = 60
    static let maximumComment = 300
    static let maximumItems = 10
    /// Of how many items the changed lines are shown.
    static let maximumExcerpts = 2
    private static let maximumLine = 100
    /// Before what a canary planted: nobody has to do anything.
    private static let canary = "Canary: "

    /// What a phone shows first, at most 150 characters: `Web 1: /etc/motd: wrong permissions (+2)`.
    package internal(set) var headline: String
    /// Such as `Configuration drift detected`.
    package internal(set) var title: String
    /// What ``server`` is.
    package let serverLabel: String
    /// `Web 1 (web-1)`; of a test, where it was sent from.
    package let server: String
    /// Absent in a test, and where the server as a whole cannot be checked.
    package let pack: String?
    /// `2 items, 3 differences`; absent in a test, where something cannot be checked, and where nothing is wrong.
    package let count: String?
    /// What ``items`` are, where they are not all that is wrong: `2 new`, or `3 items had drifted`.
    package let added: String?
    /// Lines such as `/etc/motd: wrong permissions: mode 0640, expected 0644`, ten at the most.
    package let items: [String]
    /// The first changed lines of the first files, each file under its name.
    package let excerpts: [String]
    /// How many more new items there are than lines.
    package let more: Int
    /// `since 2026-11-22 06:00 UTC`, in the schedule's zone.
    package let since: String
    /// `role=web, site=north`; nil without any.
    package let labels: String?
    /// Who is at work on it, what the person says who resolved it, or what follows for later messages.
    package let remark: String?
    /// What a resolution is about, if nobody was told of the opening.
    package let resolves: String?
    /// Absent in a test where no page is known.
    package let link: MessageLink?
    /// What ``link`` leads to.
    package let linkLabel: String
    /// `alert 42 · outbox 7 · 2026-11-22 06:00 UTC`: a repeat carries the same.
    package let identity: String

    /// What a notification says of one change.
    package init(_ facts: NotificationFacts, outboxID: Int64, baseURL: URL?, escaping: Escaping) {
        serverLabel = facts.kind == .test ? "From" : "Server"
        server = Self.server(facts, escaping)
        let link = MessageLink(facts, baseURL: baseURL, escaping: escaping)
        let times = Times(zone: facts.timeZone)
        let occurred = escaping.fit(Self.instant(facts.occurredAt, times), 40)
        guard facts.kind != .test else {
            title = "Test message, nothing is wrong"
            headline = title
            linkLabel = "The fleet"
            (pack, count, added, resolves, labels, remark) = (nil, nil, nil, nil, nil, nil)
            (items, excerpts, more) = ([], [], 0)
            since = "sent \(occurred)"
            if case .page = link { self.link = link } else { self.link = nil }
            identity = "driftwatch notify-test · \(occurred)"
            return
        }
        if let report = ReportText(facts, times: times, escaping: escaping) {
            title = report.title
            headline = title
            linkLabel = "The fleet"
            (pack, count, added, resolves, labels, remark) = (nil, nil, nil, nil, nil, nil)
            (items, excerpts, more) = (report.lines, [], report.more)
            since = occurred
            if case .page = link { self.link = link } else { self.link = nil }
            identity = "outbox \(outboxID) · \(occurred)"
            return
        }
        pack = facts.packName.map { escaping.fit($0.rawValue, Self.maximumName) }
        self.link = link
        identity = "alert \(facts.alertID) · outbox \(outboxID) · \(occurred)"
        labels = Self.labels(facts.labels ?? [:], escaping)

        let opened = escaping.fit(Self.instant(facts.openedAt, times), 40)
        if let words = CheckingText(facts, opened: opened, times: times, escaping: escaping) {
            (title, headline, items, more, since) = (
                words.headline, words.headline, words.items, words.more, words.since
            )
            (linkLabel, added, resolves) = (words.linkLabel, words.added, words.resolves)
            remark =
                facts.comment.flatMap { Self.given($0, Self.maximumComment, escaping) } ?? Self.worker(facts, escaping)
            (count, excerpts) = (nil, [])
            return
        }
        let found = Self.bounded(facts.mismatchCount)
        let count = Self.count(found, facts)
        let wrong = WrongItem.all(of: Self.told(facts))
        let shown = wrong.prefix(Self.maximumItems).map { Self.line(on: $0, times, escaping) }
        let isEnd = facts.kind == .driftResolved
        switch facts.kind {
        // The others have returned above.
        case .driftDetected, .test, .checkFailing, .checkRecovered, .itemsUnreadable, .itemsReadable, .reminder,
            .digest:
            title = "Configuration drift detected"
            since = "since \(opened)"
        case .alertAcknowledged:
            title = "Acknowledged\(Self.by(facts.actor, escaping))\(Self.until(facts, times, escaping))"
            since = "open since \(opened)"
        case .alertRefreshed:
            title = "Configuration drift: \(count)"
            since = "open since \(opened)"
        case .driftChanged:
            let previous = facts.previousCount.map(Self.bounded)
            title = "Configuration drift changed: \(previous.map { "\($0) → " } ?? "")\(found)"
            since = "open since \(opened)"
        case .driftFlapping:
            title = FlappingWords.began(facts)
            since = occurred
        case .driftSettled:
            let what = facts.resolution == nil ? "\(count) wrong" : FlappingWords.over(facts.resolution)
            title = wrong.isEmpty ? FlappingWords.settled(what) : FlappingWords.name
            since = occurred
        case .driftResolved:
            title = Self.title(ofEnd: facts, escaping)
            since = facts.resolution?.isProven == true ? "drifted since \(opened)" : "open since \(opened)"
        }
        let isWhole = isEnd || facts.kind == .driftSettled
        let new = max(isWhole ? found : facts.addedCount.map(Self.bounded) ?? 0, wrong.count)
        headline =
            (facts.isOfCanary ? Self.canary : "")
            + Self.headline(of: facts, title, wrong.first, others: new - 1, escaping)
        guard isEnd || facts.kind == .alertAcknowledged else {
            linkLabel = "Expected and actual"
            self.count = facts.resolution == nil ? count : nil
            added = new > 0 && new < found ? "\(new) new" : nil
            items = shown
            excerpts = wrong.lazy.compactMap { Self.excerpt(of: $0, escaping) }.prefix(Self.maximumExcerpts).map(\.self)
            more = wrong.isEmpty && isWhole ? 0 : new - shown.count
            let notes = [FlappingWords.note(facts.kind), Self.worker(facts, escaping)].compactMap(\.self)
            remark = notes.isEmpty ? nil : notes.joined(separator: "; ")
            resolves = nil
            return
        }
        linkLabel = Self.linkLabel(facts, "What is true now")
        remark = facts.comment.flatMap { Self.given($0, Self.maximumComment, escaping) }
        let what = found > 0 ? ", \(count)" : ""
        let which = shown.isEmpty ? "" : ": \(shown.prefix(3).joined(separator: "; "))"
        resolves =
            isEnd ? Self.opening(facts).map { "\($0): Configuration drift detected \(opened)\(what)\(which)" } : nil
        let isNamed = isEnd && resolves == nil && !wrong.isEmpty
        self.count = isEnd && facts.resolution == .manual && found > 0 ? Self.had(found, facts) : nil
        added = isNamed && self.count == nil ? Self.had(new, facts) : nil
        (items, excerpts) = (isNamed ? shown : [], [])
        more = isNamed ? new - shown.count : 0
    }

    /// All that matters in one line, each thing once: the main thing, what, where, how much, the link.
    package var summary: String {
        var parts = [headline]
        if !headline.contains(title) { parts.append(title) }
        if !headline.components(separatedBy: ": ").contains(server) { parts.append(server) }
        if let pack { parts.append("pack \(pack)") }
        parts.append(count.map { [$0, added].compactMap(\.self).joined(separator: ", ") } ?? since)
        if let link { parts.append(link.text) }
        return parts.joined(separator: " · ")
    }

    /// The summary, then a line for each thing that it left out.
    package func lines(withExcerpts: Bool = true) -> [String] {
        var lines = [summary]
        if count == nil, let added { lines.append("\(added):") }
        lines += items.map { "  \($0)" }
        if more > 0 { lines.append("  +\(more) more") }
        if withExcerpts { lines += excerpts.flatMap { $0.split(separator: "\n").map { "    \($0)" } } }
        if count != nil { lines.append(since) }
        if let labels { lines.append(labels) }
        return lines + [remark, resolves].compactMap(\.self) + [identity]
    }

    /// Why a resolution has to say what it resolves; nil if that was told when it opened.
    static func opening(_ facts: NotificationFacts) -> String? {
        if facts.openingUndelivered == true { return "Its opening may not have been delivered" }
        return facts.openingFolded == true ? "It was over before its opening could be sent" : nil
    }

    /// `Web 1 (web-1)`.
    static func server(_ facts: NotificationFacts, _ escaping: Escaping) -> String {
        let name = escaping.fit(facts.serverName, maximumServerName)
        let id = escaping.fit(facts.serverID.rawValue, maximumName)
        return name == id || name.isEmpty ? id : "\(name) (\(id))"
    }

    /// The server's name, not yet fit for the medium.
    static func place(_ facts: NotificationFacts) -> String {
        facts.serverName.isEmpty ? facts.serverID.rawValue : facts.serverName
    }

    /// ` by alice`, or nothing.
    static func by(_ actor: String?, _ escaping: Escaping) -> String {
        actor.flatMap { given($0, maximumActor, escaping) }.map { " by \($0)" } ?? ""
    }

    /// No pack has more items; what a payload claims beyond it must not overflow.
    static func bounded(_ count: Int) -> Int { min(max(count, 0), 1_000_000) }

    /// `3 items, 4 differences, 1 never complied`.
    static func count(_ found: Int, _ facts: NotificationFacts) -> String {
        let count = CountText.wrong(items: found, differences: facts.differenceCount.map(bounded))
        let never = min(facts.neverCompliantCount.map(bounded) ?? 0, found)
        return never > 0 ? "\(count), \(never) never complied" : count
    }

    /// Nil if nothing of it can be seen.
    static func given(_ text: String, _ limit: Int, _ escaping: Escaping) -> String? {
        let shown = escaping.fit(text, limit)
        return shown.isEmpty ? nil : shown
    }

    /// The items that a message names: those that are new, or, of what is over or at rest, all that are known.
    private static func told(_ facts: NotificationFacts) -> [NotificationFacts.Item] {
        let isWhole = facts.kind == .driftResolved || facts.kind == .driftSettled && facts.resolution == nil
        return facts.items.isEmpty && isWhole ? facts.wrongItems ?? [] : facts.items
    }

    /// Who is at work on it, or had acknowledged it before more went wrong; nil once it is over.
    private static func worker(_ facts: NotificationFacts, _ escaping: Escaping) -> String? {
        guard facts.status != .resolved, facts.resolution == nil else { return nil }
        return facts.acknowledgedBy.flatMap { given($0, maximumActor, escaping) }.map {
            facts.status == .acknowledged ? "\($0) is at work on it" : "open again: \($0) had acknowledged it"
        }
    }

    /// The server, then the item that matters most, or the title.
    private static func headline(
        of facts: NotificationFacts, _ title: String, _ item: WrongItem?, others: Int, _ escaping: Escaping
    ) -> String {
        let server = escaping.fit(place(facts), 45)
        let more = others > 0 ? " (+\(others))" : ""
        switch (facts.kind, item) {
        case (.driftSettled, let item?): return "\(server): \(FlappingWords.settled(what(item, 40, escaping)))\(more)"
        case (.driftResolved, let item?) where facts.resolution == .compliant:
            let how = facts.unreadableCount == 0 ? "compliant again" : "right again"
            return "\(server): \(how): \(escaping.fit(item.name, 60))\(more)"
        case (.driftFlapping, _), (.driftResolved, _), (_, nil): return "\(server): \(title)"
        case (_, let item?): return headline(item, on: place(facts), others: others, escaping)
        }
    }

    /// `Web 1: /etc/motd: wrong permissions (+2)`.
    static func headline(
        _ item: WrongItem, on place: String, others: Int, maximumItem: Int = 60, _ escaping: Escaping
    ) -> String {
        "\(escaping.fit(place, 45)): \(what(item, maximumItem, escaping))" + (others > 0 ? " (+\(others))" : "")
    }

    /// `/etc/motd: wrong permissions`.
    static func what(_ item: WrongItem, _ maximumItem: Int, _ escaping: Escaping) -> String {
        "\(escaping.fit(item.name, maximumItem)): \(escaping.fit(DifferenceWords.of(item.differences[0].type), 30))"
    }

    /// `/etc/motd (what it is for): wrong permissions: mode 0640, expected 0644; wrong owner: … – the pack changed`.
    static func line(on item: WrongItem, withPurpose: Bool = true, _ times: Times, _ escaping: Escaping) -> String {
        let name = escaping.fit(item.name, maximumItem)
        let purpose =
            withPurpose ? item.description.map { " (\(escaping.fit($0, maximumDescription)))" } ?? "" : ""
        let differences = item.differences.map { difference in
            guard let expected = difference.expected, let actual = difference.actual else {
                return DifferenceWords.of(difference.type)
            }
            return DifferenceText(difference.type, expected: expected, actual: actual).headline
        }
        let cause = item.differences.lazy.compactMap { CauseText.of($0.cause, times) }.first
        return "\(name)\(purpose): \(escaping.fit(differences.joined(separator: "; "), maximumDifferences))"
            + (cause.map { " – \(escaping.fit($0, maximumCause))" } ?? "")
    }

    /// The name of the file, and its changed lines below.
    static func excerpt(of item: WrongItem, _ escaping: Escaping) -> String? {
        guard let lines = item.differences.lazy.compactMap(\.lines).first, !lines.isEmpty else { return nil }
        let shown = lines.prefix(4).compactMap { given($0, maximumLine, escaping) }
        return shown.isEmpty ? nil : ([escaping.fit(item.name, maximumItem)] + shown).joined(separator: "\n")
    }

    /// `role=web, site=north`, five at the most.
    static func labels(_ labels: [String: String], _ escaping: Escaping) -> String? {
        let shown = labels.labelWords.prefix(5).map { escaping.fit($0, 60) }
        guard !shown.isEmpty else { return nil }
        return (shown + (labels.count > 5 ? ["+\(labels.count - 5)"] : [])).joined(separator: ", ")
    }

    /// `2026-11-22T06:00:03Z` as people read it, in the zone; anything else as it stands.
    static func instant(_ text: String, _ times: Times) -> String {
        guard text.utf8.count == 20, let date = try? Date(text, strategy: .iso8601) else { return text }
        return times.stamp(date)
    }
}

/// An item with all its differences.
struct WrongItem {
    let name: String
    let description: String?
    /// Never empty; one of a type.
    var differences: [NotificationFacts.Item]

    /// In the order of their first differences.
    static func all(of differences: [NotificationFacts.Item]) -> [Self] {
        var items: [Self] = []
        var places: [String: Int] = [:]
        for difference in differences {
            if let place = places[difference.item] {
                if !items[place].differences.contains(where: { $0.type == difference.type }) {
                    items[place].differences.append(difference)
                }
            } else {
                places[difference.item] = items.count
                items.append(
                    Self(name: difference.item, description: difference.description, differences: [difference]))
            }
        }
        return items
    }
}
