import DriftCore
import Foundation
import Messages
import Slack
import TestSupport
import Testing

/// The words of a message about several alerts.
@Suite("GroupText")
struct GroupTextTests {
    private static let base = URL(string: "https://drift.example.net")

    /// One alert on each of `servers`, all with the same change, or each with its own.
    private static func message(
        _ kind: NotificationFacts.Kind = .driftDetected, on servers: Int, sameChange: Bool = true,
        form: OutboundNotification.Form = .rich, _ adjust: (inout NotificationFacts, Int) -> Void = { _, _ in }
    ) -> OutboundNotification {
        let parts = (1...servers).map { number in
            var facts = facts(
                kind, added: 1, items: [(.wrongContent, "/etc/ssh/sshd_config")],
                resolution: kind == .driftResolved ? .compliant : nil, serverID: "web-\(number)",
                serverName: "Web \(number)")
            facts.alertID = Int64(100 + number)
            facts.groupKey = sameChange ? "0123456789abcdef0123" : "\(number)"
            facts.items[0].lines = ["-PermitRootLogin no", "+PermitRootLogin yes"]
            facts.labels = ["role": "web", "number": "\(number)"]
            adjust(&facts, number)
            return OutboundNotification.Part(outboxID: Int64(number), facts: facts)
        }
        return OutboundNotification(parts[0], Array(parts.dropFirst()), form: form, messageID: "1")
    }

    private static func lines(_ message: OutboundNotification, baseURL: URL? = base) -> [String] {
        MessageText(message, baseURL: baseURL, escaping: .none).lines()
    }

    @Test
    func oneChangeOnManyServersIsToldOnce() {
        let lines = Self.lines(Self.message(on: 37))
        let names = (1...20).map { "Web \($0)" }.joined(separator: ", ")
        #expect(
            lines == [
                "37 servers: /etc/ssh/sshd_config: wrong content · Configuration drift detected on 37 servers · "
                    + "\(names) +17 more · pack base · 1 item on each · "
                    + "https://drift.example.net/alerts?group=0123456789abcdef0123",
                "  /etc/ssh/sshd_config: wrong content",
                "    /etc/ssh/sshd_config", "    -PermitRootLogin no", "    +PermitRootLogin yes",
                "since 2026-11-21 06:00 UTC", "role=web",
                "alert 101 and 36 more · outbox 1 and 36 more · 2026-11-22 06:00 UTC",
            ])
    }

    @Test
    func withoutAPageTheCommandListsTheServers() {
        let text = Self.lines(Self.message(on: 2), baseURL: nil)[0]
        #expect(text.hasSuffix(" · driftwatch alerts list --all --group 0123456789abcdef0123"))
        let sum = Self.lines(Self.message(on: 2, sameChange: false), baseURL: nil)[0]
        #expect(sum.hasSuffix(" · driftwatch status --state drifted"))
    }

    @Test
    func fewDifferentChangesAreToldOneByOne() {
        let lines = Self.lines(
            Self.message(on: 3, sameChange: false) { facts, number in
                facts.items[0].item = "/etc/\(number)"
                if number == 2 { facts.items.append(.init(type: .missingPackage, item: "curl")) }
                facts.packName = PackName(rawValue: number == 3 ? "more" : "base")
            })
        #expect(
            lines[0] == "3 servers drifted in 3 ways · Configuration drift detected on 3 servers, in 3 ways · "
                + "Web 1, Web 2, Web 3 · pack base, more · 3 different changes · https://drift.example.net/")
        #expect(
            lines[1...3] == [
                "  Web 1: /etc/1: wrong content", "  Web 2: /etc/2: wrong content (+1)",
                "  Web 3: /etc/3: wrong content",
            ])
        #expect(!lines.contains { $0.contains("PermitRootLogin") })
    }

    @Test
    func manyDifferentChangesAreSummedUpTheMostCommonFirst() {
        let lines = Self.lines(
            Self.message(on: 143, sameChange: false) { facts, number in
                facts.items[0].item = number <= 100 ? "/etc/common" : "/etc/\(number)"
            })
        #expect(lines[0].hasPrefix("143 servers drifted in 143 ways · "))
        #expect(lines[1] == "  /etc/common: wrong content on 100 servers")
        #expect(lines[2] == "  /etc/101: wrong content on 1 server")
        #expect(lines.contains("  +34 more"))
    }

    @Test
    func theEndOfAChangeIsToldOnce() {
        let whole = Self.lines(Self.message(.driftResolved, on: 37))
        #expect(whole[0].hasPrefix("Configuration compliant on 37 servers: Web 1, Web 2, "))
        #expect(whole[0].contains(" +23 more · Web 1, "), "\(whole)")
        #expect(whole[0].contains(" · drifted since 2026-11-21 06:00 UTC · https://"))
        let part = Self.lines(
            Self.message(.driftResolved, on: 2) { facts, number in facts.unreadableCount = number - 1 })
        #expect(part[0].hasPrefix("What had drifted is right again on 2 servers: Web 1, Web 2 · "))
        let undelivered = Self.lines(
            Self.message(.driftResolved, on: 3) { facts, number in facts.openingUndelivered = number > 1 })
        #expect(undelivered.contains("The opening of 2 of them may not have been delivered"))
        let folded = Self.lines(
            Self.message(.driftResolved, on: 3) { facts, number in
                facts.openingUndelivered = number == 1
                facts.openingFolded = number > 1
            })
        #expect(
            folded.contains(
                "The opening of 1 of them may not have been delivered. 2 of them were over before their opening could be sent"
            ))
    }

    @Test
    func whatFlapsOnManyServersIsOneMessageAndSoIsItsEnd() {
        let began = Self.lines(Self.message(.driftFlapping, on: 3) { facts, _ in facts.items = [] })
        #expect(
            began[0].hasPrefix(
                "Flapping on 3 servers: opened or resolved 4 times in 14 days: Web 1, Web 2, Web 3 · pack base"))
        #expect(began.contains("only other items are told until 3 checks in a row find the same"))
        let right = Self.lines(
            Self.message(.driftSettled, on: 3, sameChange: false) { facts, _ in
                (facts.resolution, facts.items) = (.compliant, [])
            })
        #expect(right[0].hasPrefix("No longer flapping on 3 servers: nothing is wrong: Web 1, Web 2, Web 3 · "))
        let wrong = Self.lines(
            Self.message(.driftSettled, on: 3) { facts, number in
                facts.resolution = number == 2 ? nil : .compliant
                if number != 2 { facts.items = [] }
            })
        #expect(
            wrong[0].hasPrefix(
                "No longer flapping on 3 servers: something is wrong on 1: Web 2 (/etc/ssh/sshd_config: wrong content) · "
            ),
            "\(wrong)")
        #expect(wrong[1] == "  Web 2: /etc/ssh/sshd_config: wrong content")
    }

    @Test
    func alertsThatAPersonClosedSayWhoAndWhy() {
        let lines = Self.lines(
            Self.message(.driftResolved, on: 2) { facts, _ in
                (facts.resolution, facts.actor, facts.comment) = (.disabled, "ann", "moving house")
            })
        #expect(
            lines[0].hasPrefix("2 alerts on 2 servers closed, because ann disabled drift detection: Web 1, Web 2 · "))
        #expect(lines.contains("moving house"))
        let mixed = Self.lines(
            Self.message(.driftResolved, on: 2) { facts, number in
                (facts.resolution, facts.actor, facts.comment) = (.disabled, "person \(number)", "\(number)")
            })
        #expect(mixed[0].hasPrefix("2 alerts on 2 servers closed: Web 1, Web 2 · "))
        #expect(!mixed.contains("1") && !mixed.contains("2"))
    }

    @Test
    func serversAreListedByName() {
        let lines = Self.lines(
            Self.message(on: 3) { facts, number in facts.serverName = ["web-10", "web-9", "Db-1"][number - 1] })
        #expect(lines[0].contains(" · Db-1, web-9, web-10 · "), "\(lines)")
    }

    @Test
    func whatAPersonClosedMayBeWrongStill() {
        let lines = Self.lines(Self.message(.driftResolved, on: 2) { facts, _ in facts.resolution = .manual })
        #expect(lines[0].contains(" · 6 items wrong at the last check · "), "\(lines)")
    }

    @Test
    func aServerWithTwoAlertsIsOneServer() {
        let text = Self.lines(Self.message(on: 2) { facts, _ in facts.serverID = ServerID(rawValue: "a") })[0]
        #expect(text.hasPrefix("1 server: "))
    }

    @Test("hostile alerts stay within Slack's limits and inject nothing", arguments: 0..<30)
    func hostileAlertsStayWithinLimits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let kind = NotificationFacts.Kind.allCases.filter { $0 != .test }.randomElement(using: &generator)
        let sameChange = Bool.random(using: &generator)
        let parts = (1...Int.random(in: 2...60, using: &generator)).map { number in
            var facts = SlackMessageTests.hostileFacts(using: &generator)
            facts.kind = kind ?? .driftDetected
            facts.groupKey = sameChange ? "<!channel>|>" : .hostile(maximumPieces: 5, using: &generator)
            return OutboundNotification.Part(outboxID: Int64(number), facts: facts)
        }
        for form in [OutboundNotification.Form.rich, .plain] {
            for baseURL in [Self.base, nil] {
                let message = OutboundNotification(parts[0], Array(parts.dropFirst()), form: form, messageID: "1")
                let bytes = try SlackMessage(message, baseURL: baseURL).json()
                try SlackMessageTests.expectWithinLimits(
                    JSONDecoder().decode(Posted.self, from: Data(bytes)), baseURL: baseURL)
            }
        }
    }
}
