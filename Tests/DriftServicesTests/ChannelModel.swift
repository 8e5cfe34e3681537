import Foundation
import TestSupport

/// What people must find in a channel, computed from what happened, and from which messages were folded.
///
/// One event per message: the message of event n is number n in the outbox.
struct ChannelModel {
    struct Event: Hashable {
        var alert: Int64
        /// How many items are wrong after it.
        var count: Int
        /// How the message about it begins, or contains; nil: nothing is said.
        var says: String?
        /// How many were wrong before, if it adds items: the message says both.
        var before: Int?
    }

    struct Alert: Hashable {
        var word = "Open"
        var count: Int
        var acknowledgedBy: String?
    }

    private(set) var events: [Event] = []
    private(set) var alerts: [Int64: Alert] = [:]
    /// The alert of each server that has one.
    private(set) var live: [Int: Int64] = [:]

    /// The next thing that happens, as SQL.
    mutating func next(servers: Int, using generator: inout SeededGenerator) -> String {
        let server = Int.random(in: 1...servers, using: &generator)
        let count = Int.random(in: 1...9, using: &generator)
        guard let alert = live[server], let before = alerts[alert]?.count else {
            let alert = Int64(alerts.count + 1)
            live[server] = alert
            alerts[alert] = Alert(count: count)
            events.append(Event(alert: alert, count: count, says: "Configuration drift detected"))
            return "perform driftwatch.open_alert('s\(server)', 'base', 1, \(count), '[]');"
        }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4:
            alerts[alert]?.count = before + count
            // Whoever acknowledged it did not know of this.
            alerts[alert]?.word = "Open"
            alerts[alert]?.acknowledgedBy = nil
            events.append(
                Event(alert: alert, count: before + count, says: "Configuration drift changed", before: before))
            return "perform driftwatch.update_alert(\(alert), 1, \(before + count), '[]');"
        case 4:
            alerts[alert]?.count = count
            events.append(Event(alert: alert, count: count))
            return "perform driftwatch.recount_alert(\(alert), 1, \(count));"
        case 5, 6:
            let who = "p\(count)"
            alerts[alert]?.word = "Acknowledged"
            alerts[alert]?.acknowledgedBy = who
            events.append(Event(alert: alert, count: before, says: "Acknowledged by \(who)"))
            return "perform driftwatch.acknowledge_alert(\(alert), actor => '\(who)');"
        case 7, 8:
            live[server] = nil
            alerts[alert]?.word = "Resolved"
            events.append(Event(alert: alert, count: before, says: "Configuration compliant"))
            return "perform driftwatch.close_alert(\(alert), 'compliant', 'driftwatch');"
        default:
            live[server] = nil
            alerts[alert]?.word = "Closed"
            // Of several that one person closed, one message would tell.
            let who = "p\(events.count)"
            events.append(Event(alert: alert, count: before, says: "Alert resolved by hand by \(who)"))
            return "perform driftwatch.close_alert(\(alert), 'manual', '\(who)');"
        }
    }

    /// Messages that were not sent, each with the one that tells the same, or 0 if a later one of the alert made it moot.
    typealias Folded = [Int: Int]

    /// What is wrong in the channel; nothing if it is as it must be.
    func complaints(about messages: [SlackWorkspace.Message], folded: Folded) -> [String] {
        var complaints = folded.filter { !isJustified($0.key, toldIn: $0.value, folded) }
            .map { "event \($0.key) was folded, as if \($0.value) told the same" }
        let posts = messages.map { Post($0) }
        let byAlert = Dictionary(grouping: posts, by: \.alert)
        for (alert, truth) in alerts {
            let posts = byAlert[alert] ?? []
            complaints += Self.structure(posts, alert)
            let kept = posts.filter { !$0.message.replyWasLost }
            // Nothing is lost, nothing comes twice but by a lost reply, and all in order.
            let told = kept.filter { events[$0.event - 1].says != nil }.map(\.event)
            let owed = events.indices.map { $0 + 1 }.filter {
                events[$0 - 1].alert == alert && events[$0 - 1].says != nil && folded[$0] == nil
            }
            if told != owed { complaints.append("alert \(alert): \(owed) was owed, \(told) was told") }
            for lost in posts where lost.message.replyWasLost {
                if !kept.contains(where: { $0.event == lost.event && $0.message.ts > lost.message.ts }) {
                    complaints.append(
                        "alert \(alert): event \(lost.event) was posted, and not again after its lost reply")
                }
            }
            guard let shown = kept.last(where: { $0.message.thread == nil })?.message, !shown.isDeleted else {
                continue
            }
            let wrong = "\(truth.count) item\(truth.count == 1 ? "" : "s")"
            let parts = [
                "\(truth.word): ", truth.word == "Open" || truth.word == "Acknowledged" ? " · \(wrong) · " : " · from ",
                truth.word == "Acknowledged" ? "acknowledged by \(truth.acknowledgedBy ?? "?")" : "",
            ]
            if !shown.text.hasPrefix(parts[0]) || !parts.allSatisfy({ $0.isEmpty || shown.text.contains($0) }) {
                complaints.append("alert \(alert): \(parts) is true, and this is shown: \(shown.text)")
            }
        }
        if byAlert.keys.contains(where: { alerts[$0] == nil }) { complaints.append("a message about no alert") }
        return complaints
    }

    /// One message shows the alert, unless people deleted it or the reply about it was lost; replies are below it.
    private static func structure(_ posts: [Post], _ alert: Int64) -> [String] {
        var complaints: [String] = []
        var parent: Post?
        for post in posts where !post.message.replyWasLost {
            if let thread = post.message.thread {
                if thread != parent?.message.ts { complaints.append("alert \(alert): a reply below another message") }
            } else {
                if let parent, !parent.message.isDeleted { complaints.append("alert \(alert): two messages show it") }
                parent = post
            }
        }
        if parent == nil { complaints.append("alert \(alert): no message shows it") }
        return complaints
    }

    /// Whether all that happened to the alert from that message to this one was folded into that one, or a later message
    /// of the alert was sent.
    private func isJustified(_ event: Int, toldIn teller: Int, _ folded: Folded) -> Bool {
        let alert = events[event - 1].alert
        let same = events.indices.map { $0 + 1 }.filter { events[$0 - 1].alert == alert }
        guard teller > 0 else { return same.contains { $0 > event && folded[$0] == nil } }
        return teller < event && events[teller - 1].alert == alert
            && same.filter { teller < $0 && $0 <= event }.allSatisfy { folded[$0] == teller }
    }

    /// Whether a reply says what happened, together with what was folded into it.
    func saysWhatHappened(_ message: SlackWorkspace.Message, _ folded: Folded) -> Bool {
        guard message.thread != nil else { return true }
        let number = Post(message).event
        let event = events[number - 1]
        let last = folded.filter { $0.value == number }.keys.max().map { events[$0 - 1] } ?? event
        let words = event.before.map { "Configuration drift changed: \($0) → \(last.count)" } ?? event.says
        return words.map(message.text.contains) == true
    }

    private struct Post {
        var alert: Int64
        var event: Int
        var message: SlackWorkspace.Message

        init(_ message: SlackWorkspace.Message) {
            self.message = message
            let ids = message.firstText.matches(of: #/alert (\d+) · outbox (\d+) · /#).last
            alert = ids.flatMap { Int64($0.1) } ?? 0
            event = ids.flatMap { Int($0.2) } ?? 0
        }
    }
}
