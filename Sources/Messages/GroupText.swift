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
        let facts = Self.inOrder(message.parts.map(\.facts))
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
            let flapping = FlappingWords.note(first.kind)
            let wrong = first.kind == .driftSettled ? facts.filter { $0.resolution == nil || !$0.items.isEmpty } : []
            let named = wrong.map { facts in
                let item = WrongItem.all(of: facts.items).first
                return Self.name(of: facts, escaping) + (item.map { " (\(Self.what($0, 40, escaping)))" } ?? "")
            }
            headline = Self.headline(title, wrong.isEmpty ? servers : named)
            items = wrong.isEmpty ? [] : Array(Self.summary(of: wrong, times, escaping).prefix(Self.maximumItems))
            let last = facts.reduce(0) { $0 + Self.bounded($1.mismatchCount) }
            let isByHand = first.kind == .driftResolved && facts.allSatisfy { $0.resolution == .manual }
            count = isByHand && last > 0 ? Self.had(last, first) : nil
            (excerpts, more) = ([], 0)
            let isProven = facts.allSatisfy { $0.resolution?.isProven == true }
            since =
                flapping == nil
                ? "\(isProven ? "drifted" : "open") since \(opened)"
                : escaping.fit(Self.instant(first.occurredAt, times), 40)
            let comment = first.comment.flatMap { comment in
                facts.allSatisfy { $0.comment == comment } ? Self.given(comment, Self.maximumComment, escaping) : nil
            }
            remark = flapping ?? comment
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

    /// The title, and the first servers, as far as there is room.
    static func headline(_ title: String, _ servers: [String]) -> String {
        servers.list(within: 150 - title.utf16.count - 2).map { "\(title): \($0)" } ?? title
    }

    /// By name, `web-9` before `web-10`, so that every destination lists servers in the same order.
    static func inOrder(_ facts: [NotificationFacts]) -> [NotificationFacts] {
        facts.map { (key: orderKey(of: $0), facts: $0) }.sorted {
            ($0.key, $0.facts.serverID.rawValue, $0.facts.alertID) < (
                $1.key, $1.facts.serverID.rawValue, $1.facts.alertID
            )
        }.map(\.facts)
    }

    /// The start of the name in lower case, each number with zeros before it.
    private static func orderKey(of facts: NotificationFacts) -> String {
        var (key, number): ([UInt8], [UInt8]) = ([], [])
        for byte in place(facts).utf8.prefix(64) + [0] {
            if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                number.append(byte)
                continue
            }
            if !number.isEmpty { key += Array(repeating: UInt8(ascii: "0"), count: 64 - number.count) + number }
            number = []
            key.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
        }
        return String(decoding: key, as: UTF8.self)
    }

    private static func title(
        _ facts: [NotificationFacts], _ onServers: String, _ escaping: Escaping
    ) -> String {
        switch facts[0].kind {
        case .driftChanged: return "Configuration drift changed \(onServers)"
        case .driftFlapping: return FlappingWords.began(facts[0], onServers)
        case .driftSettled:
            let wrong = facts.count { $0.resolution == nil || !$0.items.isEmpty }
            let states = Set(facts.map { FlappingWords.over($0.resolution) })
            let right = states.count == 1 ? states.first : nil
            return FlappingWords.settled(
                wrong == 0 ? right ?? "nothing is open" : "something is wrong on \(wrong)", onServers)
        case .driftResolved where facts.allSatisfy({ $0.resolution == .compliant }):
            let isWhole = facts.allSatisfy { $0.unreadableCount == 0 }
            return "\(isWhole ? "Configuration compliant" : rightAgain) \(onServers)"
        case .driftResolved: return closing(facts, escaping)
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

    /// As many as there is room for, `web-1, web-2 +35 more`; nil if there is room for none.
    func list(within room: Int) -> String? {
        (1..<21).reversed().lazy.map { list(atMost: $0) }.first { $0.utf16.count <= room }
    }

    /// `web-1, web-2 +35 more`.
    func list(atMost limit: Int) -> String {
        prefix(limit).joined(separator: ", ") + (count > limit ? " +\(count - limit) more" : "")
    }
}
