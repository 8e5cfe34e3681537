package import DriftStore
import Foundation

/// An alert in words: what is wrong, and its history.
package struct AlertText {
    private let alert: AlertLine
    private let times: Times

    package init(_ alert: AlertLine, times: Times) {
        self.alert = alert
        self.times = times
    }

    /// Such as `/etc/motd: wrong permissions; curl: not installed; +3 more`.
    package var what: String { Self.what(Item.list(alert.items), of: alert.mismatchCount) }

    /// Such as `acknowledged by ann`.
    package var status: String {
        switch alert.status {
        case "acknowledged": "acknowledged by \(visible(alert.acknowledgedBy ?? "somebody"))"
        case "resolved": "resolved"
        default: alert.status
        }
    }

    /// Such as `open since 2026-11-22 06:00 UTC: 2 items no longer compliant with base`.
    package var standing: String { "\(alert.status) since \(times.stamp(since)): \(visible(alert.message))" }

    /// What is wrong, one line for each item.
    package var items: [String] { Self.grouped(Item.list(alert.items)).map { "\(visible($0.item)): \($0.words)" } }

    /// What happened once, and what was sent about it.
    package struct Step: Sendable {
        package var at: String
        package var words: String
        package var messages: [String]
    }

    /// All that happened to it, the oldest first.
    package func steps(_ events: [AlertEvent], _ messages: [OutboxLine]) -> [Step] {
        events.map { event in
            Step(
                at: times.stamp(event.at), words: words(event),
                messages: messages.filter { $0.seq == event.seq }.map(words))
        }
    }

    /// The heading and what is wrong, then one line for each step and each message.
    package func story(_ events: [AlertEvent], _ messages: [OutboxLine]) -> [String] {
        var lines = [
            "Alert \(alert.id): \(visible(alert.title)) (\(alert.serverID)), pack \(alert.packName)", standing,
        ]
        lines += items.map { "  \($0)" }
        lines.append("")
        for step in steps(events, messages) {
            lines.append("\(step.at)  \(step.words)")
            lines += step.messages.map { "    \($0)" }
        }
        lines += ["", "driftwatch diff \(alert.serverID) --pack \(alert.packName) shows how it is now"]
        return lines
    }

    private var since: Date {
        switch alert.status {
        case "acknowledged": alert.acknowledgedAt ?? alert.openedAt
        case "resolved": alert.resolvedAt ?? alert.updatedAt
        default: alert.openedAt
        }
    }

    // MARK: Steps

    private struct Detail: Decodable {
        var mismatchCount: Int?
        var previousCount: Int?
        var items: [Item]?
        var checkID: Int64?
        var comment: String?
        var resolution: String?

        enum CodingKeys: String, CodingKey {
            case mismatchCount = "mismatch_count"
            case previousCount = "previous_count"
            case checkID = "check_id"
            case items, comment, resolution
        }
    }

    private func words(_ event: AlertEvent) -> String {
        let detail = try? JSONDecoder().decode(Detail.self, from: Data(event.detail.utf8))
        let who = visible(event.actor)
        let comment = detail?.comment.map { ": \"\(visible($0))\"" } ?? ""
        let count = detail?.mismatchCount ?? 0
        let items = detail?.items ?? []
        switch event.event {
        case "opened":
            return "opened by \(cause(event, detail?.checkID)): \(plural(count, "item")) wrong"
                + (items.isEmpty ? "" : ", new: \(Self.what(items, of: nil))")
        case "updated":
            return "\(detail?.previousCount ?? 0) → \(plural(count, "item")) by \(cause(event, detail?.checkID))"
                + ", new: \(Self.what(items, of: nil))"
        case "recounted":
            return "\(detail?.previousCount ?? 0) → \(plural(count, "item")) by \(cause(event, detail?.checkID))"
                + ", nothing new"
        case "acknowledged": return "acknowledged by \(who)\(comment)"
        case "resolved": return Self.resolution(detail?.resolution, who) + comment
        default: return "\(event.event) by \(who)\(comment)"
        }
    }

    private func cause(_ event: AlertEvent, _ check: Int64?) -> String {
        let name = check.map { "check \($0)" } ?? "a check"
        if let slot = event.slotAt { return "\(name), of the slot of \(times.stamp(slot))" }
        guard let person = event.requestedBy, person != "driftwatch" else { return name }
        return "\(name), which \(visible(person)) asked for"
    }

    private static func resolution(_ resolution: String?, _ who: String) -> String {
        switch resolution {
        case "compliant": "resolved: what had drifted is right again"
        case "manual": "resolved by hand by \(who)"
        case "disabled": "closed, because \(who) disabled drift detection"
        case "unassigned": "closed, because \(who) removed the pack from the server"
        case "removed": "closed, because \(who) removed the server"
        default: "resolved by \(who)"
        }
    }

    private func words(_ message: OutboxLine) -> String {
        if let sentAt = message.sentAt {
            return "message \(message.id) sent to \(visible(message.destination)) \(times.stamp(sentAt))"
        }
        let why = message.why ?? message.lastError ?? message.state
        return "message \(message.id) to \(visible(message.destination)) not sent: \(visible(why))"
    }

    // MARK: Items

    private struct Item: Decodable {
        var type: String
        var item: String

        static func list(_ json: String) -> [Item] {
            (try? JSONDecoder().decode([Item].self, from: Data(json.utf8))) ?? []
        }
    }

    /// One entry for each item, in which ways it is wrong.
    private static func grouped(_ items: [Item]) -> [(item: String, words: String)] {
        var order: [String] = []
        var types: [String: [String]] = [:]
        for entry in items {
            if types[entry.item] == nil { order.append(entry.item) }
            types[entry.item, default: []].append(DifferenceWords.of(entry.type))
        }
        return order.map { ($0, (types[$0] ?? []).joined(separator: ", ")) }
    }

    private static func what(_ items: [Item], of count: Int?) -> String {
        let grouped = grouped(items)
        let shown = grouped.prefix(3).map { "\(visible($0.item)): \($0.words)" }
        let more = (count ?? grouped.count) - shown.count
        return (shown + (more > 0 ? ["+\(more) more"] : [])).joined(separator: "; ")
    }
}
