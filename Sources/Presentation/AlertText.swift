import DriftCore
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

    /// Such as `/etc/motd: wrong permissions; curl: not installed; +3 more`, or why the server cannot be checked.
    package var what: String {
        guard alert.packName != nil else {
            return "cannot be checked: \(ReasonText.of(failure: alert.failing?.reason))"
        }
        let what = Self.what(Item.list(alert.items, alert.type), of: alert.mismatchCount)
        return alert.type == .checkFailing ? "cannot be read: \(what)" : what
    }

    /// Such as `acknowledged by ann until 2026-11-23 06:00 UTC`, or `open, held until … (deploy 42, by ann)`.
    package var status: String {
        let status =
            switch alert.status {
            case "acknowledged":
                "acknowledged by \(visible(alert.acknowledgedBy ?? "somebody"))"
                    + (alert.acknowledgedUntil.map { " until \(times.stamp($0))" } ?? "")
            default: alert.status
            }
        let mute = alert.mutedBy.map { visible(times.local($0)) }
        return [status, mute, flapping].compactMap(\.self).joined(separator: ", ")
    }

    /// Such as `open since 2026-11-22 06:00 UTC: 2 items no longer compliant with base`.
    ///
    /// And why messages about it wait, if they do.
    package var standing: String {
        let isOver = alert.status == "resolved"
        return "\(alert.status)\(isOver ? "" : " since") \(times.stamp(since))\(isOver ? "; before that" : ""): "
            + visible(alert.message) + (alert.mutedBy.map { "; messages wait: \(visible(times.local($0)))" } ?? "")
            + (flapping.map { "; \($0)" } ?? "")
    }

    private var flapping: String? {
        alert.flappingSince.map { "flapping since \(times.stamp($0)): only other items are told" }
    }

    /// What is wrong, one line for each item; of a server that cannot be checked: why, and where.
    package var items: [String] {
        (alert.failing.map(Self.why) ?? [])
            + Self.grouped(Item.list(alert.items, alert.type)).map { item in
                let cause = CauseText.of(item.cause, times).map { " (\(visible($0)))" } ?? ""
                return "\(visible(item.item)): \(item.words)\(cause)"
            }
    }

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
        let pack = alert.packName.map { ", pack \($0)" } ?? ""
        var lines = [
            "Alert \(alert.id): \(visible(alert.title)) (\(alert.serverID))\(pack)", standing,
        ]
        lines += items.map { "  \($0)" }
        lines.append("")
        for step in steps(events, messages) {
            lines.append("\(step.at)  \(step.words)")
            lines += step.messages.map { "    \($0)" }
        }
        if let pack = alert.packName {
            lines += ["", "driftwatch diff \(alert.serverID) --pack \(pack) shows how it is now"]
        } else {
            lines += ["", "driftwatch doctor \(alert.serverID) says how it is now, and how to fix it"]
        }
        return lines
    }

    private static func why(_ failing: NotificationFacts.Failing) -> [String] {
        [
            ReasonText.of(failure: failing.reason), failing.detail.map(visible),
            failing.jumpHost.map { "at the jump host \(visible($0))" },
            failing.workerHost.map { "tried from \(visible($0))" },
        ].compactMap(\.self)
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
        var failing: NotificationFacts.Failing?
        var acknowledgedBy: String?
        var until: String?
        var turnCount: Int?
        var mutedBy: String?

        enum CodingKeys: String, CodingKey {
            case mismatchCount = "mismatch_count"
            case previousCount = "previous_count"
            case checkID = "check_id"
            case turnCount = "turn_count"
            case mutedBy = "muted_by"
            case acknowledgedBy = "acknowledged_by"
            case items, comment, resolution, failing, until
        }
    }

    private func words(_ event: AlertEvent) -> String {
        let detail = try? JSONDecoder().decode(Detail.self, from: Data(event.detail.utf8))
        return words(event, detail) + (detail?.mutedBy.map { ", while \(visible(times.local($0)))" } ?? "")
    }

    private func words(_ event: AlertEvent, _ detail: Detail?) -> String {
        let who = visible(event.actor)
        let comment = detail?.comment.map { ": \"\(visible($0))\"" } ?? ""
        let acknowledger = detail?.acknowledgedBy.map(visible)
        let count = detail?.mismatchCount ?? 0
        let items = detail?.items?.map { Item($0, alert.type) } ?? []
        switch (event.event, detail?.failing) {
        case ("opened", let failing?):
            return "opened after \(plural(failing.slots, "slot")) in a row: \(ReasonText.of(failure: failing.reason))"
        case ("updated", let failing?):
            return "still cannot be checked: \(ReasonText.of(failure: failing.reason))"
        default: break
        }
        let wrong = alert.type == .checkFailing ? "cannot be read" : "wrong"
        switch event.event {
        case "opened":
            return "opened by \(cause(event, detail?.checkID)): \(plural(count, "item")) \(wrong)"
                + (items.isEmpty ? "" : ", new: \(Self.what(items, of: nil))")
        case "updated":
            return "\(detail?.previousCount ?? 0) → \(plural(count, "item")) by \(cause(event, detail?.checkID))"
                + ", new: \(Self.what(items, of: nil))"
                + (acknowledger.map { "; open again, after \($0) had acknowledged it" } ?? "")
        case "recounted":
            return "\(detail?.previousCount ?? 0) → \(plural(count, "item")) by \(cause(event, detail?.checkID))"
                + ", nothing new"
        case "acknowledged":
            let until = (try? detail?.until.map { try Date($0, strategy: .iso8601) })?.map {
                " until \(times.stamp($0))"
            }
            return "acknowledged by \(who)\(until ?? "")\(comment)"
        case "reopened": return "open again: the time of \(acknowledger ?? "somebody")'s acknowledgement is over"
        case "flapping":
            return
                "flapping: opened or resolved \(detail?.turnCount ?? 0) times in 14 days; only other items are told until three checks"
                + " in a row find the same"
        case "settled": return "no longer flapping: three checks in a row found the same"
        case "resolved": return ResolutionText.of(detail?.resolution, by: who) + comment
        default: return "\(event.event) by \(who)\(comment)"
        }
    }

    private func cause(_ event: AlertEvent, _ check: Int64?) -> String {
        let name = check.map { "check \($0)" } ?? "a check"
        if let slot = event.slotAt { return "\(name), of the slot of \(times.stamp(slot))" }
        guard let person = event.requestedBy, person != "driftwatch" else { return name }
        return "\(name), which \(visible(person)) asked for"
    }

    /// Of an alert that a change of the inventory or of a pack is about to close; completes "closes".
    package static func closing(_ resolution: String) -> String {
        switch resolution {
        case "settings": "because failing_after or expect changes"
        case "waived": "because what is wrong is waived"
        case "disabled": "because drift detection is turned off"
        case "unassigned": "because no pack of the server wants these items any more"
        case "removed": "because the server is removed"
        default: "as \(resolution)"
        }
    }

    private func words(_ message: OutboxLine) -> String {
        if let sentAt = message.sentAt {
            return "message \(message.id) sent to \(visible(message.destination)) \(times.stamp(sentAt))"
        }
        let why = message.why ?? message.lastError ?? message.state
        return "message \(message.id) to \(visible(message.destination)) not sent: \(visible(times.local(why)))"
    }

    // MARK: Items

    private struct Item: Decodable {
        var type: String
        var item: String
        var cause: Cause?

        /// Such as `wrong permissions`.
        private(set) var isUnreadable = false

        enum CodingKeys: CodingKey { case type, item, cause }

        init(_ item: Item, _ alert: AlertType) {
            self = item
            isUnreadable = alert == .checkFailing
        }

        static func list(_ json: String, _ alert: AlertType) -> [Item] {
            ((try? JSONDecoder().decode([Item].self, from: Data(json.utf8))) ?? []).map { Item($0, alert) }
        }

        var words: String {
            guard isUnreadable else { return DifferenceWords.of(type) }
            return ReasonText.of(unreadable: type)
        }
    }

    /// One entry for each item, in which ways it is wrong, and why as far as that is known.
    private static func grouped(_ items: [Item]) -> [(item: String, words: String, cause: Cause?)] {
        var order: [String] = []
        var types: [String: [String]] = [:]
        var causes: [String: Cause] = [:]
        for entry in items {
            if types[entry.item] == nil { order.append(entry.item) }
            types[entry.item, default: []].append(entry.words)
            causes[entry.item] = causes[entry.item] ?? entry.cause
        }
        return order.map { ($0, (types[$0] ?? []).joined(separator: ", "), causes[$0]) }
    }

    /// How many items an event keeps the names of.
    private static let keptNames = 10

    private static func what(_ items: [Item], of count: Int?) -> String {
        let grouped = grouped(items)
        let shown = grouped.prefix(3).map { "\(visible($0.item)): \($0.words)" }
        let more = (count ?? grouped.count) - shown.count
        let isOpen = count == nil && grouped.count >= keptNames
        return (shown + (more > 0 ? ["+\(more)\(isOpen ? " or more" : " more")"] : [])).joined(separator: "; ")
    }
}
