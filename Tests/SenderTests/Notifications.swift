import DriftCore
import TestSupport

func notification(
    _ facts: NotificationFacts = facts(), form: OutboundNotification.Form = .rich, isRepeat: Bool = false,
    thread: String? = nil
) -> OutboundNotification {
    OutboundNotification(
        .init(outboxID: 7, facts: facts), form: form, isRepeat: isRepeat,
        messageID: "0e984725-c51c-4bf4-9960-e1c80e27aba0", threadID: thread)
}

/// Facts as the database writes them.
func facts(
    _ kind: NotificationFacts.Kind = .driftDetected, server: String = "Web 1",
    items: [NotificationFacts.Item] = [.init(type: .wrongPermissions, item: "/etc/motd")],
    resolution: NotificationFacts.Resolution? = nil, actor: String? = nil
) -> NotificationFacts {
    NotificationFacts(
        kind: kind, alertID: 42, serverID: ServerID(rawValue: "web-1"), serverName: server,
        packName: PackName(rawValue: "base"), mismatchCount: items.count, differenceCount: items.count,
        addedCount: items.count, previousCount: kind == .driftChanged ? 1 : nil, items: items,
        diffPath: "/servers/web-1/packs/base?check=42", checkID: 42, openedAt: "2026-11-21T06:00:03Z",
        occurredAt: "2026-11-22T06:00:09Z", resolution: resolution, itemCount: resolution == .compliant ? 27 : nil,
        unreadableCount: resolution == .compliant ? 0 : nil, actor: actor)
}

/// What a hostile server or inventory might call things.
func hostileFacts(using generator: inout SeededGenerator) -> NotificationFacts {
    func text() -> String {
        let pieces = [
            "<!channel>", "\r\nBcc: thief@example.org\r\n\r\n", "\n.\r\n", ".\r\nQUIT\r\n", "=?UTF-8?Q?x?=", "\0",
            "\u{1b}[31m",
            "\u{202e}", "\"}", "👩‍👩‍👧‍👦", "é", String(repeating: "x", count: 3000), "/etc/motd", " ", "%0d%0a", "<script>",
        ]
        return (0..<Int.random(in: 1...5, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
            .joined()
    }
    let kinds: [NotificationFacts.Kind] = [.driftDetected, .driftChanged, .driftResolved]
    let kind = kinds.randomElement(using: &generator) ?? .driftDetected
    var found = facts(
        kind, server: text(),
        items: (0..<10).map { _ in
            var item = NotificationFacts.Item(
                type: .wrongContent, item: String(text().prefix(500)), description: String(text().prefix(500)))
            item.expected = ["mode": String(text().prefix(120))]
            item.actual = ["mode": String(text().prefix(120))]
            return item
        },
        resolution: kind == .driftResolved ? .manual : nil, actor: kind == .driftResolved ? text() : nil)
    found.labels = ["team": text()]
    found.comment = kind == .driftResolved ? text() : nil
    return found
}
