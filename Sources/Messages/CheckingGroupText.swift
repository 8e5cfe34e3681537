package import DriftCore
package import Foundation
internal import Presentation

/// One message about several servers or packs that cannot be checked, or can be again: one cause, most likely.
extension MessageText {
    /// Nil for a message about one alert, or about something else.
    package init?(checking message: OutboundNotification, baseURL: URL?, escaping: Escaping) {
        guard !message.others.isEmpty, let words = CheckingGroup(Self.inOrder(message.parts.map(\.facts)), escaping)
        else {
            return nil
        }
        let first = message.facts
        let times = Times(zone: first.timeZone)
        title = words.title
        headline = words.isOver ? Self.headline(title, words.servers) : title
        server = words.servers.list(atMost: 20)
        serverLabel = "Servers"
        pack = words.packs.isEmpty ? nil : words.packs.list(atMost: 3)
        items = words.items
        (count, added, excerpts, more) = (nil, nil, [], 0)
        let failing = message.parts.compactMap(\.facts.failing?.since)
        let isKnown = failing.count == message.parts.count
        let began = (isKnown ? failing : message.parts.map(\.facts.openedAt)).min() ?? first.openedAt
        since =
            "\(isKnown ? words.sinceWords : words.isOver ? "alerts opened" : "alerts open since") \(escaping.fit(Self.instant(began, times), 40))"
        labels = nil
        remark = nil
        resolves = Self.undelivered(message.parts.map(\.facts))
        link = MessageLink(
            path: words.isOver ? "/alerts?all" : "/alerts",
            orCommand: words.isOver ? "driftwatch alerts list --all" : "driftwatch alerts list", baseURL: baseURL,
            escaping)
        linkLabel = "The alerts"
        identity = Self.identity(of: message, times, escaping)
    }
}

/// The parts of such a message that depend on what it is about.
private struct CheckingGroup {
    let title: String
    var isOver = false
    /// Of each server once.
    let servers: [String]
    let packs: [String]
    var items: [String] = []
    let sinceWords: String

    init?(_ facts: [NotificationFacts], _ escaping: Escaping) {
        guard let first = facts.first else { return nil }
        servers = facts.map { escaping.fit(MessageText.place($0), 45) }.distinct
        packs = facts.compactMap(\.packName).map { escaping.fit($0.rawValue, 40) }.distinct
        let count = plural(Set(facts.map(\.serverID)).count, "server")
        let places = FailingPlaces(facts.compactMap(\.failing)).words(escaping)
        let isRecovered = facts.allSatisfy { $0.resolution == .recovered }
        switch first.kind {
        case .checkFailing:
            let reason = first.failing?.reason
            title =
                "\(count) cannot be checked: \(escaping.fit(ReasonText.words(failure: reason), 50))"
                + (places.common.map { "; \($0)" } ?? "")
            items = [escaping.fit(ReasonText.of(failure: reason), 120)] + places.lines
            if let detail = first.failing?.detail {
                let shown = escaping.fit(detail, 300)
                if !shown.isEmpty { items.append("\(servers[0]): \(shown)") }
            }
            items.append("driftwatch doctor \(escaping.fit(first.serverID.rawValue, 80)) says how to fix it there")
            sinceWords = "since"
        case .checkRecovered where isRecovered:
            title = "\(count) can be checked again"
            items = places.lines
            (sinceWords, isOver) = ("could not be checked since", true)
        case .itemsUnreadable:
            let items = plural(MessageText.bounded(first.mismatchCount), "item")
            title = "\(count): \(items)\(packs.first.map { " of \($0)" } ?? "") can no longer be read"
            self.items = first.items.prefix(10).map { CheckingText.line(on: $0, escaping) }
            sinceWords = "since"
        case .itemsReadable where isRecovered:
            title = "All items can be read again on \(count)"
            (sinceWords, isOver) = ("could not be read since", true)
        case .checkRecovered, .itemsReadable:
            title = MessageText.closing(facts, escaping)
            (sinceWords, isOver) = ("could not be checked since", true)
        default: return nil
        }
    }
}

extension FailingPlaces {
    /// `all behind bastion`, for a headline; and the places one by one, three at the most.
    fileprivate func words(_ escaping: Escaping) -> (common: String?, lines: [String]) {
        let common = common.map { "all \($0.words(escaping, 30))" }
        var lines = common.map { [$0] } ?? parts.prefix(3).map { "\($0.count) \($0.place.words(escaping, 80))" }
        if common == nil, !parts.isEmpty {
            let rest = elsewhere + parts.dropFirst(3).reduce(0) { $0 + $1.count }
            if rest > 0 { lines.append("\(rest) elsewhere") }
        }
        if let workerHost { lines.append("all tried from \(escaping.fit(workerHost, 80))") }
        return (common, lines)
    }
}

extension FailingPlaces.Place {
    fileprivate func words(_ escaping: Escaping, _ limit: Int) -> String {
        switch self {
        case .jumpHost(let name): "behind \(escaping.fit(name, limit))"
        case .address(let address): "at the address \(escaping.fit(address, limit))"
        case .network(let start): "in the network \(escaping.fit(start, limit)).0/24"
        }
    }
}
