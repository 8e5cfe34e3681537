import DriftCore
import Foundation
import Messages
import Slack
import Testing

/// What a bot's message about an alert says once that is over.
@Suite("the state of an alert")
struct StateTextTests {
    private static func over(
        _ kind: NotificationFacts.Kind, _ resolution: NotificationFacts.Resolution = .compliant
    ) -> NotificationFacts {
        var facts = facts(kind, count: 4, resolution: resolution, actor: "ann")
        facts.status = .resolved
        facts.wrongItems = [.init(type: .unexpectedFile, item: "/etc/nologin")]
        return facts
    }

    private static func lines(_ facts: NotificationFacts) -> [String] {
        MessageText(stateOf: facts, outboxID: 7, baseURL: nil, escaping: .none).lines()
    }

    /// Only the message of the end knows when that was.
    @Test(arguments: [
        (NotificationFacts.Kind.driftResolved, " · from 2026-11-21 06:00 UTC to 2026-11-22 06:00 UTC · "),
        (.driftSettled, " · opened 2026-11-21 06:00 UTC · "), (.driftFlapping, " · opened 2026-11-21 06:00 UTC · "),
    ])
    func noLaterMessageMovesTheEnd(kind: NotificationFacts.Kind, when: String) {
        #expect(Self.lines(Self.over(kind))[0].contains(when))
    }

    @Test func theEndIsWhenItWasWhateverIsToldLater() {
        var settled = Self.over(.driftSettled)
        settled.resolvedAt = "2026-11-21T07:30:00Z"
        #expect(Self.lines(settled)[0].contains(" · from 2026-11-21 06:00 UTC to 2026-11-21 07:30 UTC · "))
    }

    @Test func anAcknowledgementSaysUntilWhen() {
        var taken = facts(.alertAcknowledged, actor: "ann")
        (taken.status, taken.acknowledgedBy) = (.acknowledged, "ann")
        (taken.acknowledgedAt, taken.acknowledgedUntil) = ("2026-11-22T06:00:00Z", "2026-11-25T06:00:00Z")
        let until = "until 2026-11-25 06:00 UTC"
        let state = Self.lines(taken).joined(separator: "\n")
        #expect(state.contains("acknowledged by ann, 2026-11-22 06:00 UTC, \(until)"))
        let told = MessageText(taken, outboxID: 7, baseURL: nil, escaping: .none).lines().joined(separator: "\n")
        #expect(told.contains("Acknowledged by ann, \(until)"))
    }

    @Test(arguments: [
        (NotificationFacts.Resolution.compliant, "Resolved", "4 items had drifted:"),
        (.waived, "Resolved", "4 items had drifted:"), (.manual, "Closed", "4 items wrong at the last check:"),
    ])
    func itsWordAndWhatItSaysOfItsItemsAreTrue(
        resolution: NotificationFacts.Resolution, word: String, label: String
    ) {
        let lines = Self.lines(Self.over(.driftResolved, resolution))
        #expect(lines[0].hasPrefix("\(word): Web 1: /etc/nologin: "), "\(lines)")
        #expect(lines[1] == label)
    }

    @Test func allItemsThatAreKnownAreNamedTheFirstInTheHeadline() {
        var facts = Self.over(.driftResolved)
        facts.items = threeItems.map { .init(type: $0.0, item: $0.1) }
        let lines = Self.lines(facts)
        #expect(lines[0].hasPrefix("Resolved: Web 1: /etc/motd: wrong permissions (+3) · "), "\(lines)")
        #expect(lines.contains("  EDITOR: wrong value") && lines.contains { $0.hasPrefix("  /etc/nologin: ") })
        #expect(!lines.contains { $0.hasSuffix(" more") })
    }

    @Test(arguments: NotificationFacts.Resolution.allCases)
    func onlyWhatACheckFoundRightIsGreen(resolution: NotificationFacts.Resolution) throws {
        let isProven = [NotificationFacts.Resolution.compliant, .waived, .due, .recovered].contains(resolution)
        for message in [
            SlackMessage(
                notification(Self.over(.driftResolved, resolution)), baseURL: URL(string: "https://x.example")),
            SlackMessage(
                stateOf: notification(Self.over(.driftResolved, resolution)), baseURL: URL(string: "https://x.example"),
                in: .webhook),
        ] {
            let posted = try JSONDecoder().decode(Posted.self, from: Data(message.json()))
            #expect(posted.attachments?.map(\.color) == [isProven ? "good" : "warning"])
        }
    }

    @Test func whatAPersonClosesMayBeWrongStill() {
        let closed = MessageText(
            facts(.driftResolved, count: 2, resolution: .manual, actor: "ann"), outboxID: 7, baseURL: nil,
            escaping: .none
        ).summary
        #expect(closed.contains(" · 2 items wrong at the last check · "))
    }
}
