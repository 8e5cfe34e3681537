import DriftCore
import Foundation
import Testing

@testable import Messages
@testable import Slack

/// The words of reminders and of the digest, and how a canary's messages are marked.
struct ReportTextTests {
    private static func report(_ kind: NotificationFacts.Kind, _ sections: [ReportSection]) -> MessageText {
        var facts = facts(kind, count: 0, serverID: "driftwatch", serverName: "driftwatch", checkID: nil)
        facts.report = sections
        facts.diffPath = "/"
        return MessageText(
            facts, outboxID: 7, baseURL: URL(string: "https://drift.example.net"), escaping: .none)
    }

    private static func entry(_ number: Int, items: Int? = 2) -> ReportSection.Entry {
        .init(
            serverID: "web-\(number)", serverName: "Web \(number)", packName: "base", items: items,
            since: "2026-11-21T06:00:03Z")
    }

    @Test
    func aReminderListsTheAlerts() {
        let text = Self.report(
            .reminder, [.init(section: "unacknowledged", count: 12, entries: (1...10).map { Self.entry($0) })])
        #expect(text.title == "Reminder: nobody has acknowledged 12 alerts")
        #expect(text.items.count == 10 && text.more == 2)
        #expect(text.items[0] == "Web 1, base: 2 items, open since 2026-11-21 06:00 UTC")
        #expect(text.identity == "outbox 7 · 2026-11-22 06:00 UTC")
        #expect(text.summary.contains("https://drift.example.net/"))
        #expect(text.pack == nil && text.count == nil)
    }

    @Test
    func aDigestHasALineForEachSection() {
        let text = Self.report(
            .digest,
            [
                .init(section: "drifted", count: 5, entries: (1...5).map { Self.entry($0) }),
                .init(
                    section: "failing", count: 1,
                    entries: [.init(serverID: "db-1", serverName: "Db 1", since: "2026-11-21T06:00:03Z")]),
                .init(section: "sung_about", count: 3, entries: []),
            ])
        #expect(text.title == "Digest")
        #expect(
            text.items == [
                "5 drifted: Web 1, base; Web 2, base; Web 3, base; 2 more", "1 cannot be checked: Db 1", "3 sung about",
            ])
        #expect(Self.report(.digest, []).title == "Digest: nothing is wrong")
    }

    @Test
    func noReportIsLongerThanSlackAllows() {
        let long = ReportSection.Entry(
            serverID: "x", serverName: String(repeating: "<&", count: 300),
            packName: String(repeating: "&", count: 300),
            items: .max, since: String(repeating: "<", count: 500))
        for kind in [NotificationFacts.Kind.reminder, .digest] {
            var facts = facts(kind)
            facts.report = (0..<40).map { _ in
                ReportSection(
                    section: String(repeating: "&", count: 200), count: .max, entries: .init(repeating: long, count: 40)
                )
            }
            let message = SlackMessage(
                OutboundNotification(outboxID: 7, facts: facts, form: .rich), baseURL: nil)
            #expect((message.blocks ?? []).count <= 50)
            for block in message.blocks ?? [] { #expect((block.text?.text.utf16.count ?? 0) <= 3000) }
            #expect(message.text.utf16.count < 12_000)
        }
    }

    @Test(arguments: [NotificationFacts.Kind.driftDetected, .driftChanged, .driftResolved])
    func aCanarysMessagesAreMarked(kind: NotificationFacts.Kind) {
        var facts = facts(kind, items: threeItems, resolution: .compliant)
        #expect(MessageText(facts, outboxID: 7, baseURL: nil, escaping: .slack).headline.hasPrefix("Canary: ") == false)
        facts.labels = ["canary": "true"]
        #expect(MessageText(facts, outboxID: 7, baseURL: nil, escaping: .slack).headline.hasPrefix("Canary: "))
        facts.labels = ["canary": "false"]
        #expect(MessageText(facts, outboxID: 7, baseURL: nil, escaping: .slack).headline.hasPrefix("Canary: ") == false)
    }
}
