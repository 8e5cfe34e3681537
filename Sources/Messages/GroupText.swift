package import DriftCore
package import Foundation
internal import Presentation

/// The words of a message about several alerts: one change on many servers, or the sum of what else a slot found.
extension MessageText {
    private static let maximumServers = 20
    private static let maximumPacks = 3

    /// What happened, to one alert or to several.
    package static func about(_ message: OutboundNotification, baseURL: URL?, escaping: Escaping) -> Self {
        Self(checking: message, baseURL: baseURL, escaping: escaping)
            ?? Self(message, baseURL: baseURL, escaping: escaping)
    }

    package init(_ message: OutboundNotification, baseURL: URL?, escaping: Escaping) {
        if message.others.isEmpty {
            self.init(message.facts, outboxID: message.outboxID, baseURL: baseURL, escaping: escaping)
        } else {
            self.init(several: message, baseURL: baseURL, escaping: escaping)
        }
    }

    private init(several message: OutboundNotification, baseURL: URL?, escaping: Escaping) {
        let facts = message.parts.map(\.facts)
        let first = message.facts
        let times = Times(zone: first.timeZone)
        let key = Set(facts.map(\.groupKey)).count == 1 ? first.groupKey : nil
        let servers = Self.names(of: facts, escaping)
        let onServers = "on \(plural(servers.count, "server"))"
        let ways = Set(facts.map { $0.groupKey ?? "\($0.alertID)" }).count
        let namesItems = first.kind == .driftDetected || first.kind == .driftChanged

        title = Self.title(facts, onServers, escaping) + (key == nil && namesItems ? ", in \(ways) ways" : "")
        server = servers.list(atMost: Self.maximumServers)
        serverLabel = "Servers"
        pack = facts.compactMap { $0.packName.map { escaping.fit($0.rawValue, Self.maximumName) } }
            .distinct.list(atMost: Self.maximumPacks)
        let earliest = facts.map(\.openedAt).min() ?? first.openedAt
        let opened = escaping.fit(Self.instant(earliest, times), 40)
        let common = facts.dropFirst().reduce(first.labels ?? [:]) { common, next in
            common.filter { next.labels?[$0.key] == $0.value }
        }
        labels = Self.labels(common, escaping)
        identity = Self.identity(of: message, times, escaping)
        resolves = Self.undelivered(facts)
        added = nil
        (link, linkLabel) = Self.link(toGroup: key, baseURL: baseURL, escaping)

        guard namesItems else {
            since = Self.since(first, opened)
            (headline, count, items, excerpts, more) = (title, nil, [], [], 0)
            remark = first.comment.flatMap { comment in
                facts.allSatisfy { $0.comment == comment } ? Self.given(comment, Self.maximumComment, escaping) : nil
            }
            return
        }
        since = first.kind == .driftChanged ? "open since \(opened)" : "since \(opened)"
        remark = nil
        guard key != nil else {
            headline = "\(plural(servers.count, "server")) drifted in \(ways) ways"
            count = "\(ways) different changes"
            let lines = Self.summary(of: facts, times, escaping)
            items = Array(lines.prefix(Self.maximumItems))
            more = lines.count - items.count
            excerpts = []
            return
        }
        let wrong = WrongItem.all(of: first.items)
        let new = max(first.addedCount.map(Self.bounded) ?? 0, wrong.count)
        items = wrong.prefix(Self.maximumItems).map { Self.line(on: $0, times, escaping) }
        more = new - items.count
        excerpts = wrong.lazy.compactMap { Self.excerpt(of: $0, escaping) }.prefix(Self.maximumExcerpts).map(\.self)
        count = new > 0 ? "\(plural(new, "item")) on each" : nil
        headline =
            wrong.first.map { Self.headline($0, on: plural(servers.count, "server"), others: new - 1, escaping) }
            ?? title
    }

    private static func since(_ first: NotificationFacts, _ opened: String) -> String {
        switch first.kind {
        case .driftFlapping: FlappingWords.quiet
        case .driftSettled: FlappingWords.rest
        default: first.resolution == .compliant ? "drifted since \(opened)" : "open since \(opened)"
        }
    }

    private static func title(
        _ facts: [NotificationFacts], _ onServers: String, _ escaping: Escaping
    ) -> String {
        switch facts[0].kind {
        case .driftChanged: return "Configuration drift changed \(onServers)"
        case .driftFlapping: return FlappingWords.began(facts[0], onServers)
        case .driftSettled:
            let wrong = facts.count { $0.resolution == nil }
            return FlappingWords.settled(wrong == 0 ? nil : "something is wrong on \(wrong)", onServers)
        case .driftResolved where facts.allSatisfy({ $0.resolution == .compliant }):
            let isWhole = facts.allSatisfy { $0.unreadableCount == 0 }
            return "\(isWhole ? "Configuration compliant" : rightAgain) \(onServers)"
        case .driftResolved:
            let isOne = Set(facts.map { [$0.resolution?.rawValue, $0.actor] }).count == 1
            let how = isOne ? closing(facts[0], escaping) : nil
            return "\(plural(facts.count, "alert")) closed \(onServers)\(how.map { ": \($0)" } ?? "")"
        default: return "Configuration drift detected \(onServers)"
        }
    }

    /// Of each server once, in the order of the alerts.
    private static func names(of facts: [NotificationFacts], _ escaping: Escaping) -> [String] {
        var seen: Set<ServerID> = []
        return facts.filter { seen.insert($0.serverID).inserted }.map { name(of: $0, escaping) }
    }

    private static func name(of facts: NotificationFacts, _ escaping: Escaping) -> String {
        escaping.fit(place(facts), 45)
    }

    /// `alert 1 and 36 more · outbox 7 and 36 more · 2026-11-22 06:00 UTC`.
    static func identity(of message: OutboundNotification, _ times: Times, _ escaping: Escaping) -> String {
        let others = message.others.count
        return "alert \(message.facts.alertID) and \(others) more · outbox \(message.outboxID) and \(others) more · "
            + escaping.fit(instant(message.facts.occurredAt, times), 40)
    }

    /// What a message about several resolutions says of their openings; nil if all were delivered.
    static func undelivered(_ facts: [NotificationFacts]) -> String? {
        let lost = facts.count { $0.openingUndelivered == true }
        let folded = facts.count { $0.openingUndelivered != true && $0.openingFolded == true }
        let words = [
            lost > 0 ? "The opening of \(lost) of them may not have been delivered" : nil,
            folded > 0 ? "\(folded) of them were over before their opening could be sent" : nil,
        ].compactMap(\.self)
        return words.isEmpty ? nil : words.joined(separator: ". ")
    }

    /// Of few alerts one line for each, else what is wrong on most servers first.
    private static func summary(
        of facts: [NotificationFacts], _ times: Times, _ escaping: Escaping
    ) -> [String] {
        guard facts.count > maximumItems else {
            return facts.map { facts in
                let wrong = WrongItem.all(of: facts.items)
                let rest = wrong.count > 1 ? " (+\(wrong.count - 1))" : ""
                let what = wrong.first.map { line(on: $0, withPurpose: false, times, escaping) } ?? "something else"
                return "\(name(of: facts, escaping)): \(what)\(rest)"
            }
        }
        var servers: [[String]: Set<ServerID>] = [:]
        for facts in facts {
            for item in facts.items { servers[[item.item, item.type], default: []].insert(facts.serverID) }
        }
        return servers.sorted { ($1.value.count, $0.key[0], $0.key[1]) < ($0.value.count, $1.key[0], $1.key[1]) }.map {
            let words = "\(escaping.fit($0.key[0], maximumItem)): \(escaping.fit(DifferenceWords.of($0.key[1]), 30))"
            return "\(words) on \(plural($0.value.count, "server"))"
        }
    }

    private static func link(
        toGroup key: String?, baseURL: URL?, _ escaping: Escaping
    ) -> (MessageLink, label: String) {
        guard let key else {
            return (
                MessageLink(path: "/", orCommand: "driftwatch status --state drifted", baseURL: baseURL, escaping),
                "The fleet"
            )
        }
        let command = "driftwatch alerts list --all --group \(escaping.fit(key, maximumName))"
        return (
            MessageLink(path: "/alerts?group=\(key)", orCommand: command, baseURL: baseURL, escaping),
            "All servers, expected and actual"
        )
    }
}

extension [String] {
    /// Each once, in the order of their first places.
    var distinct: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }

    /// `web-1, web-2 +35 more`.
    func list(atMost limit: Int) -> String {
        prefix(limit).joined(separator: ", ") + (count > limit ? " +\(count - limit) more" : "")
    }
}
