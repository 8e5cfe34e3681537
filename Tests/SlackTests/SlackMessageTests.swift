import DriftCore
import Foundation
import Slack
import TestSupport
import Testing

@Suite("SlackMessage")
struct SlackMessageTests {
    private static let base = URL(string: "https://drift.example.net")

    private func posted(_ notification: OutboundNotification, baseURL: URL? = base) throws -> Posted {
        try JSONDecoder().decode(Posted.self, from: Data(SlackMessage(notification, baseURL: baseURL).json()))
    }

    /// What happened, and, of an alert, what is true now.
    private func both(_ notification: OutboundNotification, _ baseURL: URL?) throws -> [Posted] {
        let what = try posted(notification, baseURL: baseURL)
        guard notification.facts.kind != .test else { return [what] }
        let state = try SlackMessage(stateOf: notification, baseURL: baseURL, in: .channel("#ops")).json()
        return [what, try JSONDecoder().decode(Posted.self, from: Data(state))]
    }

    @Test func everyBlockIsThere() throws {
        let message = try posted(notification())
        #expect(message.blocks?.map(\.type) == ["header", "section", "section", "section", "context"])
        #expect(
            message.texts.map(\.text) == [
                "Web 1: /etc/motd: wrong permissions (+2)", "Configuration drift detected", "Server\nWeb 1 (web-1)",
                "Pack\nbase", "Wrong\n3 items",
                "When\nsince 2026-11-21 06:00 UTC",
                "/etc/motd: wrong permissions\ncurl: not installed\nEDITOR: wrong value",
                "alert 42 · outbox 7 · 2026-11-22 06:00 UTC",
            ])
        #expect(
            message.text.hasPrefix(
                "Web 1: /etc/motd: wrong permissions (+2) · Configuration drift detected · Web 1 (web-1) · pack base · 3 items "
            ))
        #expect(message.text.contains("https://drift.example.net/servers/web-1/packs/base?check=42"))
        #expect(message.text.hasSuffix("\nalert 42 · outbox 7 · 2026-11-22 06:00 UTC"))
        #expect(message.mrkdwn == false)
        #expect(
            message.buttons.map { "\($0.text) \($0.url)" } == [
                "Expected and actual https://drift.example.net/servers/web-1/packs/base?check=42"
            ])
    }

    @Test func aNotificationSaysWhatItResolvesToo() throws {
        let message = try posted(
            notification(facts(.driftResolved, count: 1, resolution: .compliant, undelivered: true)))
        #expect(message.text.contains("\nIts opening may not have been delivered: Configuration drift detected"))
    }

    @Test func aTestHasNoPackAndLinksToTheFleet() throws {
        var test = facts(.test)
        test.diffPath = "/"
        let message = try posted(notification(test))
        #expect(message.buttons.map { "\($0.text) \($0.url)" } == ["The fleet https://drift.example.net/"])
        #expect(!message.texts.contains { $0.text.contains("Pack") || $0.text.contains("alert") })
        #expect(try posted(notification(test), baseURL: nil).buttons.isEmpty)
    }

    @Test func thePlainFormIsTextAlone() throws {
        let message = try posted(notification(form: .plain))
        #expect(message.blocks == nil)
        #expect(message.text.contains("Configuration drift detected"))
        #expect(message.text.contains("alert 42 · outbox 7"))
    }

    @Test func withoutABaseURLThereIsNoMarkupAtAll() throws {
        let message = try posted(notification(), baseURL: nil)
        #expect(message.texts.allSatisfy { $0.type == "plain_text" } && message.buttons.isEmpty)
        #expect(message.texts.contains { $0.text == "driftwatch diff web-1 --pack base --check 42" })
    }

    @Test("hostile facts stay within Slack's limits and inject nothing", arguments: 0..<60)
    func hostileFactsStayWithinLimits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let facts = Self.hostileFacts(using: &generator)
        for form in [OutboundNotification.Form.rich, .plain] {
            for baseURL in [Self.base, nil] {
                for message in try both(OutboundNotification(outboxID: .max, facts: facts, form: form), baseURL) {
                    #expect((message.blocks == nil) == (form == .plain))
                    try Self.expectWithinLimits(message, baseURL: baseURL)
                    #expect(
                        message.text.hasSuffix(" UTC") || message.text.contains("\nalert 9 · outbox \(Int64.max) · "))
                    if form == .rich {
                        #expect(message.texts.last?.text.hasPrefix("alert 9 · outbox \(Int64.max)") == true)
                    }
                    let first = try #require(message.text.split(separator: "\n").first)
                    #expect(first.contains(#/driftwatch (diff|alerts show) |https://drift\.example\.net//#))
                }
            }
        }
    }

    static func expectWithinLimits(_ message: Posted, baseURL: URL?) throws {
        #expect(message.text.utf16.count <= 4000)
        #expect(message.text.utf16.count + message.texts.reduce(0) { $0 + $1.text.utf16.count } <= 12_000)
        #expect((message.blocks?.count ?? 0) <= 50)
        for block in message.blocks ?? [] {
            #expect((block.text?.text.utf16.count ?? 1) <= (block.type == "header" ? 150 : 3000))
            #expect((block.fields?.count ?? 1) <= 10 && (block.elements?.count ?? 1) <= 10)
            for field in block.fields ?? [] { #expect(field.text.utf16.count <= 2000) }
        }
        try Self.expectHarmless(message, baseURL: baseURL)
    }

    /// Each part as long as it can be, and each character as long as it can get.
    @Test("the longest facts stay within Slack's limits", arguments: NotificationFacts.Kind.allCases, ["&", "x", "👩‍👩‍👧‍👦"])
    func theLongestFactsStayWithinLimits(kind: NotificationFacts.Kind, piece: String) throws {
        let long = String(repeating: piece, count: 5000)
        var facts = facts(
            kind, count: .max - 1, differences: .max, never: .max, added: 999_999, previous: 0,
            items: (0..<100).map { (.wrongPermissions, "\($0)" + long) },
            resolution: .manual, actor: long, undelivered: true, serverID: long, serverName: "name" + long)
        facts.packName = PackName(rawValue: long)
        facts.items = facts.items.flatMap { item in
            (0..<6).map { number -> NotificationFacts.Item in
                var item = NotificationFacts.Item(
                    type: MismatchType(rawValue: "type_\(number)" + long), item: item.item, description: long)
                (item.expected, item.actual) = ([long: long, "b": long], ["mode": long])
                item.lines = [long, long, long, long, long]
                return item
            }
        }
        facts.labels = Dictionary(uniqueKeysWithValues: (0..<64).map { ("\($0)" + long, long) })
        (facts.timeZone, facts.acknowledgedBy, facts.comment) = (long, long, long)
        facts.openedAt = long
        facts.occurredAt = long
        facts.acknowledgedAt = long
        facts.wrongItems = facts.items
        facts.status = [.open, .acknowledged, .resolved][piece.utf16.count % 3]
        for baseURL in [Self.base, nil] {
            for form in [OutboundNotification.Form.rich, .plain] {
                for message in try both(OutboundNotification(outboxID: .max, facts: facts, form: form), baseURL) {
                    #expect(message.text.utf16.count <= 4000)
                    let whole = message.texts.reduce(message.text.utf16.count) { $0 + $1.text.utf16.count }
                    #expect(whole <= 12_000)
                    for block in message.blocks ?? [] {
                        #expect((block.text?.text.utf16.count ?? 1) <= (block.type == "header" ? 150 : 3000))
                        #expect((block.fields ?? []).allSatisfy { $0.text.utf16.count <= 2000 })
                    }
                }
            }
        }
    }

    private static func expectHarmless(_ message: Posted, baseURL: URL?) throws {
        let plain = [message.text] + message.texts.filter { $0.type == "plain_text" }.map(\.text)
        for text in plain {
            #expect(!text.isEmpty)
            let isPrintable = unescaped(text).unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control: scalar == "\n"
                case .format: scalar == "\u{200c}" || scalar == "\u{200d}"
                case .lineSeparator, .paragraphSeparator: false
                default: true
                }
            }
            #expect(isPrintable)
        }
        #expect(message.texts.allSatisfy { $0.type == "plain_text" })
        #expect(message.buttons.count <= (baseURL == nil ? 0 : 1))
        for button in message.buttons {
            #expect(
                [
                    "Expected and actual", "What is true now", "The server", "What could be read",
                    "All servers, expected and actual", "The fleet", "The alerts", "The alert",
                ].contains(button.text))
            #expect(button.url.wholeMatch(of: #/https://drift\.example\.net/[!-;=?-{}~]*/#) != nil)
            #expect(button.url.utf16.count <= 3000)
        }
    }

    static func hostileFacts(using generator: inout SeededGenerator) -> NotificationFacts {
        let items = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
            var item = NotificationFacts.Item(
                type: [.wrongType, .missingFile, .wrongContent].randomElement(using: &generator) ?? .wrongOwner,
                item: .hostile(maximumPieces: 12, using: &generator))
            func sides() -> [String: String] {
                [.hostile(maximumPieces: 3, using: &generator): .hostile(maximumPieces: 12, using: &generator)]
            }
            if Bool.random(using: &generator) { (item.expected, item.actual) = (sides(), sides()) }
            item.lines =
                [nil, [], [.hostile(maximumPieces: 9, using: &generator)]].randomElement(using: &generator) ?? nil
            return item
        }
        let numbers: [Int?] = [0, 1, 3, -1, 1000, Int.max]
        let kinds = NotificationFacts.Kind.allCases.filter { ![.test, .reminder, .digest].contains($0) }
        var facts = NotificationFacts(
            kind: kinds.randomElement(using: &generator) ?? .driftDetected, alertID: 9,
            serverID: ServerID(rawValue: .hostile(maximumPieces: 8, using: &generator)),
            serverName: .hostile(maximumPieces: 20, using: &generator),
            packName: PackName(rawValue: .hostile(maximumPieces: 8, using: &generator)),
            mismatchCount: (numbers.randomElement(using: &generator) ?? 0) ?? 0,
            differenceCount: (numbers + [nil]).randomElement(using: &generator) ?? nil,
            neverCompliantCount: (numbers + [nil]).randomElement(using: &generator) ?? nil,
            addedCount: (numbers + [nil]).randomElement(using: &generator) ?? nil,
            previousCount: [nil, 0, 2, Int.max, Int.min].randomElement(using: &generator) ?? nil, items: items,
            diffPath: "/" + .hostile(maximumPieces: 6, using: &generator),
            checkID: [nil, 1, .max].randomElement(using: &generator) ?? nil,
            openedAt: ["2026-11-21T06:00:03Z", .hostile(maximumPieces: 6, using: &generator)]
                .randomElement(using: &generator) ?? "",
            occurredAt: .hostile(maximumPieces: 6, using: &generator),
            resolution: (NotificationFacts.Resolution.allCases + [nil]).randomElement(using: &generator) ?? nil,
            actor: [nil, .hostile(maximumPieces: 8, using: &generator)].randomElement(using: &generator) ?? nil,
            openingUndelivered: [nil, true, false].randomElement(using: &generator) ?? nil)
        facts.labels =
            [nil, [.hostile(maximumPieces: 6, using: &generator): .hostile(maximumPieces: 6, using: &generator)]]
            .randomElement(using: &generator) ?? nil
        facts.timeZone = [nil, "Europe/Berlin", "../../etc/passwd"].randomElement(using: &generator) ?? nil
        facts.comment = [nil, .hostile(maximumPieces: 8, using: &generator)].randomElement(using: &generator) ?? nil
        facts.acknowledgedBy = facts.comment
        facts.acknowledgedAt = facts.comment
        facts.status = (NotificationFacts.Status.allCases + [nil]).randomElement(using: &generator) ?? nil
        facts.wrongItems = [nil, [], items + items].randomElement(using: &generator) ?? nil
        return facts
    }
}

/// A message as Slack reads it.
struct Posted: Decodable {
    struct Text: Decodable {
        var type: String
        var text: String
    }

    struct Block: Decodable {
        var type: String
        var text: Text?
        var fields: [Text]?
        var elements: [Text]?
    }

    struct Attachment: Decodable {
        struct Button: Decodable {
            var type: String
            var text: String
            var url: String
        }

        var fallback: String
        var color: String
        var actions: [Button]
    }

    var channel: String?
    var text: String
    var attachments: [Attachment]?
    var mrkdwn: Bool?
    var blocks: [Block]?

    var buttons: [Attachment.Button] { (attachments ?? []).flatMap(\.actions) }

    /// Of all blocks, in order.
    var texts: [Text] {
        (blocks ?? []).flatMap { [$0.text].compactMap { $0 } + ($0.fields ?? []) + ($0.elements ?? []) }
    }
}
