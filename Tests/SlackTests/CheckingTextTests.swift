import DriftCore
import Foundation
import TestSupport
import Testing

@testable import Messages
@testable import Slack

/// What messages say of servers and items that cannot be checked.
@Suite("CheckingText")
struct CheckingTextTests {
    private static let failing = NotificationFacts.Failing(
        reason: "unreachable", detail: "ssh: connect to host web-1 port 22: Connection timed out", jumpHost: "bastion",
        address: "192.0.2.7", since: "2026-11-21T06:00:03Z", slots: 3, workerHost: "wall")

    private func checking(
        _ kind: NotificationFacts.Kind, resolution: NotificationFacts.Resolution? = nil, actor: String? = nil,
        failing: NotificationFacts.Failing? = failing, undelivered: Bool? = nil
    ) -> NotificationFacts {
        let isServer = kind == .checkFailing || kind == .checkRecovered
        var facts = NotificationFacts(
            kind: kind, alertID: 42, serverID: ServerID(rawValue: "web-1"), serverName: "Web 1",
            packName: isServer ? nil : PackName(rawValue: "base"), mismatchCount: isServer ? 0 : 3,
            diffPath: isServer ? "/servers/web-1" : "/servers/web-1/packs/base?check=7",
            openedAt: "2026-11-23T06:00:03Z",
            occurredAt: "2026-11-23T06:00:09Z", resolution: resolution, actor: actor, openingUndelivered: undelivered,
            failing: failing)
        if kind == .itemsUnreadable {
            facts.items = [
                item("/etc/shadow", "permission_denied"), item("/etc/gshadow", "not_known_to_this_version"),
            ]
        }
        return facts
    }

    private func item(_ name: String, _ reason: String) -> NotificationFacts.Item {
        var item = NotificationFacts.Item(type: .wrongContent, item: name)
        item.type = reason
        return item
    }

    private func lines(_ facts: NotificationFacts, base: String? = "https://drift.example.net") -> [String] {
        MessageText(facts, outboxID: 7, baseURL: base.flatMap(URL.init(string:)), escaping: .none).lines()
    }

    @Test func aServerThatCannotBeCheckedSaysWhyWhereSinceWhenAndHowToFixIt() {
        #expect(
            lines(checking(.checkFailing)) == [
                "Web 1: cannot be checked: the server cannot be reached · Web 1 (web-1)"
                    + " · since 2026-11-21 06:00 UTC, 3 slots in a row · https://drift.example.net/servers/web-1",
                "  the server cannot be reached (unreachable)",
                "  ssh: connect to host web-1 port 22: Connection timed out",
                "  at the jump host bastion, address 192.0.2.7, tried from wall",
                "  driftwatch doctor web-1 says how to fix it", "alert 42 · outbox 7 · 2026-11-23 06:00 UTC",
            ])
    }

    @Test func withoutAPageItNamesTheCommand() {
        #expect(lines(checking(.checkFailing), base: nil)[0].hasSuffix("in a row · driftwatch status web-1"))
    }

    @Test func aReasonOfTheQueueIsSaidInWordsToo() {
        let died = NotificationFacts.Failing(reason: "lease_expired", since: "2026-11-21T06:00:03Z", slots: 1)
        let lines = lines(checking(.checkFailing, failing: died))
        #expect(lines[0].hasPrefix("Web 1: cannot be checked: lease expired · "))
        #expect(lines[0].contains("since 2026-11-21 06:00 UTC, 1 slot in a row"))
        #expect(lines[1...2] == ["  lease expired", "  driftwatch doctor web-1 says how to fix it"])
    }

    @Test(
        arguments: [
            (NotificationFacts.Resolution.recovered, nil, "Web 1: can be checked again"),
            (.manual, "ann", "Web 1: Alert resolved by hand by ann"),
            (.settings, "ann", "Web 1: Alert closed, because ann changed failing_after or expect"),
        ] as [(NotificationFacts.Resolution, String?, String)])
    func anEndSaysWhatEndedAndSinceWhenItWasSo(
        resolution: NotificationFacts.Resolution, actor: String?, start: String
    ) {
        #expect(
            lines(checking(.checkRecovered, resolution: resolution, actor: actor)) == [
                "\(start) · Web 1 (web-1) · could not be checked since 2026-11-21 06:00 UTC · https://drift.example.net/servers/web-1",
                "alert 42 · outbox 7 · 2026-11-23 06:00 UTC",
            ])
    }

    @Test func anEndWhoseOpeningWasLostSaysWhatItEnds() {
        let server = lines(checking(.checkRecovered, resolution: .recovered, undelivered: true))
        #expect(
            server[1]
                == "Its opening may not have been delivered: Server cannot be checked since 2026-11-21 06:00 UTC: the server cannot be reached (unreachable)"
        )
        let items = lines(checking(.itemsReadable, resolution: .recovered, failing: nil, undelivered: true))
        #expect(
            items[1]
                == "Its opening may not have been delivered: 3 items could not be read, alert opened 2026-11-23 06:00 UTC"
        )
        #expect(items[0].contains(" · alert opened 2026-11-23 06:00 UTC · "))
        var folded = checking(.checkRecovered, resolution: .recovered)
        folded.openingFolded = true
        #expect(
            lines(folded)[1].hasPrefix("It was over before its opening could be sent: Server cannot be checked since "))
    }

    @Test func itemsThatCanNoLongerBeReadAreNamedWithTheirReasons() {
        var facts = checking(.itemsUnreadable)
        facts.addedCount = 2
        #expect(
            lines(facts) == [
                "Web 1: 3 items of base can no longer be read · Web 1 (web-1) · pack base"
                    + " · since 2026-11-21 06:00 UTC, 3 slots in a row · https://drift.example.net/servers/web-1/packs/base?check=7",
                "2 new:", "  /etc/shadow: \(UnreadableReason.permissionDenied.words) (permission_denied)",
                "  /etc/gshadow: not known to this version", "alert 42 · outbox 7 · 2026-11-23 06:00 UTC",
            ])
        #expect(MessageText(facts, outboxID: 7, baseURL: nil, escaping: .none).added == "2 new")
        facts.addedCount = 5
        #expect(lines(facts).contains("  +3 more"))
    }

    @Test func itemsThatCanBeReadAgainLeadToWhatIsTrueNow() {
        let lines = lines(checking(.itemsReadable, resolution: .recovered))
        #expect(lines[0].hasPrefix("Web 1: all items can be read again · Web 1 (web-1) · "))
        #expect(lines[0].hasSuffix(" · https://drift.example.net/servers/web-1/packs/base"))
    }

    /// What a bot's message about the alert says.
    @Test(
        arguments: [
            (.open, nil, "Open: Web 1: cannot be checked: the server cannot be reached · Web 1 (web-1) · "),
            (
                .acknowledged, nil,
                "Acknowledged: Web 1: cannot be checked: the server cannot be reached · "
                    + "Acknowledged by ann, 2026-11-23 07:00 UTC · Web 1 (web-1) · "
            ),
            (.resolved, .recovered, "Resolved: Web 1: can be checked again · "),
            (.resolved, .manual, "Closed: Web 1: Alert resolved by hand by ann · "),
        ] as [(NotificationFacts.Status, NotificationFacts.Resolution?, String)])
    func aMessageThatIsEditedSaysItsState(
        status: NotificationFacts.Status, resolution: NotificationFacts.Resolution?, start: String
    ) {
        var facts = checking(
            status == .resolved ? .checkRecovered : .checkFailing, resolution: resolution, actor: "ann")
        if status == .acknowledged {
            facts.kind = .alertAcknowledged
            (facts.acknowledgedBy, facts.acknowledgedAt) = ("ann", "2026-11-23T07:00:03Z")
        }
        (facts.status, facts.alertType) = (status, .checkFailing)
        let lines = MessageText.present(facts, outboxID: 7, baseURL: nil, escaping: .none).lines()
        #expect(lines[0].hasPrefix(start), "\(lines)")
    }

    // MARK: Several at once

    private func group(_ facts: [NotificationFacts], named name: String? = nil) -> OutboundNotification {
        let parts = facts.enumerated().map { index, facts in
            var facts = facts
            facts.alertID = Int64(index + 1)
            facts.serverID = ServerID(rawValue: "s-\(index + 1)")
            facts.serverName = name.map { "\($0)\(index)" } ?? "s-\(index + 1)"
            return OutboundNotification.Part(outboxID: Int64(index + 11), facts: facts)
        }
        return OutboundNotification(parts[0], Array(parts.dropFirst()), messageID: "1")
    }

    private func groupLines(_ facts: [NotificationFacts]) throws -> [String] {
        try #require(MessageText(checking: group(facts), baseURL: nil, escaping: .none)).lines()
    }

    @Test func manyServersBehindOneJumpHostAreOneMessageThatNamesIt() throws {
        let lines = try groupLines(Array(repeating: checking(.checkFailing), count: 41))
        let names = (1...20).map { "s-\($0)" }.joined(separator: ", ")
        #expect(
            lines == [
                "41 servers cannot be checked: the server cannot be reached; all behind bastion"
                    + " · \(names) +21 more · since 2026-11-21 06:00 UTC · driftwatch alerts list",
                "  the server cannot be reached (unreachable)", "  all behind bastion", "  all tried from wall",
                "  s-1: ssh: connect to host web-1 port 22: Connection timed out",
                "  driftwatch doctor s-1 says how to fix it there",
                "alert 1 and 40 more · outbox 11 and 40 more · 2026-11-23 06:00 UTC",
            ])
    }

    @Test func serversOfSeveralPlacesAreCountedByPlace() throws {
        var facts: [NotificationFacts] = []
        for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "nat", "nat", "alone"] {
            var one = checking(.checkFailing)
            one.failing?.jumpHost = nil
            one.failing?.address = address
            one.failing?.detail = nil
            facts.append(one)
        }
        let lines = try groupLines(facts)
        #expect(lines[0].hasPrefix("6 servers cannot be checked: the server cannot be reached · "))
        #expect(
            lines[2...5] == [
                "  3 in the network 192.0.2.0/24", "  2 at the address nat", "  1 elsewhere", "  all tried from wall",
            ])
    }

    @Test func theEndOfManyIsOneMessageToo() throws {
        let again = try groupLines(Array(repeating: checking(.checkRecovered, resolution: .recovered), count: 3))
        #expect(
            again[0].hasPrefix(
                "3 servers can be checked again: s-1, s-2, s-3 · could not be checked since 2026-11-21 06:00 UTC"))
        #expect(again[0].hasSuffix("driftwatch alerts list --all"), "those that are open are others")
        let closed = try groupLines(
            Array(
                repeating: checking(.checkRecovered, resolution: .disabled, actor: "ann", undelivered: true), count: 3))
        #expect(
            closed[0].hasPrefix("3 alerts on 3 servers closed, because ann disabled drift detection: s-1, s-2, s-3 · "))
        #expect(closed.contains("The opening of 3 of them may not have been delivered"))
        let items = try groupLines(Array(repeating: checking(.itemsReadable, resolution: .recovered), count: 2))
        #expect(items[0].hasPrefix("All items can be read again on 2 servers: s-1, s-2 · pack base · "))
    }

    @Test func theSameItemsOnManyServersAreOneMessage() throws {
        let lines = try groupLines(Array(repeating: checking(.itemsUnreadable), count: 2))
        #expect(
            lines[0].hasPrefix(
                "2 servers: 3 items of base can no longer be read · s-1, s-2 · "))
        #expect(lines[2] == "  /etc/gshadow: not known to this version")
    }

    @Test func whatIsNotKnownToBeSinceThenIsNotSaidToBe() throws {
        let items = try groupLines([
            checking(.itemsReadable, resolution: .recovered),
            checking(.itemsReadable, resolution: .recovered, failing: nil),
        ])
        #expect(items[0].contains(" · alerts opened 2026-11-23 06:00 UTC · "), "\(items)")
    }

    @Test func aMessageAboutOneAlertOrAboutDriftIsNotOfThisKind() {
        #expect(MessageText(checking: group([checking(.checkFailing)]), baseURL: nil, escaping: .none) == nil)
        #expect(
            MessageText(checking: group([facts(.driftDetected), facts(.driftDetected)]), baseURL: nil, escaping: .none)
                == nil)
    }

    /// ssh's words come from the network, and so do names of the inventory's making.
    @Test func hostileWordsStayWithinTheLimitsAndAreEscaped() throws {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<300 {
            var facts = checking(
                [.checkFailing, .checkRecovered, .itemsUnreadable, .itemsReadable].randomElement(using: &generator)
                    ?? .checkFailing)
            facts.serverName = .hostile(maximumPieces: 8, using: &generator)
            facts.failing?.detail = .hostile(maximumPieces: 40, using: &generator)
            facts.failing?.reason = .hostile(maximumPieces: 8, using: &generator)
            facts.failing?.jumpHost = .hostile(maximumPieces: 8, using: &generator)
            facts.failing?.address = .hostile(maximumPieces: 8, using: &generator)
            facts.failing?.workerHost = .hostile(maximumPieces: 8, using: &generator)
            facts.failing?.since = .hostile(maximumPieces: 3, using: &generator)
            facts.failing?.slots = .random(in: .min ... .max, using: &generator)
            facts.mismatchCount = .random(in: .min ... .max, using: &generator)
            facts.items = (0..<30).map { _ in
                item(.hostile(maximumPieces: 9, using: &generator), .hostile(maximumPieces: 9, using: &generator))
            }
            facts.openingUndelivered = true
            let copies = Bool.random(using: &generator) ? 300 : 1
            let message = SlackMessage(
                group(Array(repeating: facts, count: copies), named: facts.serverName),
                baseURL: URL(string: "https://x.example"))
            let texts = (message.blocks ?? []).flatMap { block in
                ([block.text] + (block.fields ?? []) + (block.elements ?? [])).compactMap(\.self)
            }
            #expect(texts.reduce(message.text.utf16.count) { $0 + $1.text.utf16.count } < 12_000)
            for text in texts {
                #expect(text.text.utf16.count <= 3000 && !text.text.contains("<!channel>") && !text.text.isEmpty)
                #expect(text.text.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\n" })
            }
            #expect((message.blocks?.first?.text?.text.utf16.count ?? 0) <= 150)
        }
    }
}
