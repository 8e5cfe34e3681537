import DriftCore
import TestSupport

/// Facts as the database writes them.
func facts(
    _ kind: NotificationFacts.Kind, count: Int = 3, differences: Int? = nil, never: Int? = nil, added: Int? = nil,
    previous: Int? = nil, items: [(MismatchType, String)] = [], resolution: NotificationFacts.Resolution? = nil,
    seen: (unreadable: Int, items: Int)? = (0, 27), actor: String? = nil, undelivered: Bool? = nil,
    serverID: String = "web-1", serverName: String = "Web 1", checkID: Int64? = 42
) -> NotificationFacts {
    NotificationFacts(
        kind: kind, alertID: 42, serverID: ServerID(rawValue: serverID), serverName: serverName,
        packName: PackName(rawValue: "base"), mismatchCount: count, differenceCount: differences,
        neverCompliantCount: never, addedCount: added, previousCount: previous,
        items: items.map { NotificationFacts.Item(type: $0.0, item: $0.1) },
        diffPath: "/servers/\(serverID)/packs/base?check=\(checkID ?? 0)", checkID: checkID,
        openedAt: "2026-11-21T06:00:03Z", occurredAt: "2026-11-22T06:00:09Z", resolution: resolution,
        itemCount: resolution == .compliant ? seen?.items : nil,
        unreadableCount: resolution == .compliant ? seen?.unreadable : nil, actor: actor,
        openingUndelivered: undelivered)
}

let threeItems: [(MismatchType, String)] = [
    (.wrongPermissions, "/etc/motd"), (.missingPackage, "curl"), (.wrongSetting, "EDITOR"),
]

func notification(
    _ facts: NotificationFacts = facts(.driftDetected, items: threeItems), form: OutboundNotification.Form = .rich
) -> OutboundNotification {
    OutboundNotification(outboxID: 7, facts: facts, form: form)
}

extension String {
    /// What a hostile server or inventory might call things.
    static func hostile(maximumPieces: Int, using generator: inout SeededGenerator) -> String {
        let pieces = [
            "<!channel>", "<@U0123>", "<http://evil.example|click>", "`", "```", "*bold*", "_", "~", "&", "&amp;",
            "&lt;",
            "<", ">", "|", "\"", "\\", "'", "\n", "\r\n", "\t", "\0", "\u{1b}[31m", "\u{7}", "\u{9b}", "\u{202e}",
            "\u{2066}",
            "\u{200b}", "\u{feff}", "\u{2028}", "\u{200f}", ":rotating_light:", "👩‍👩‍👧‍👦", "𝕏", "é", "<\u{301}", "&\u{301}",
            "ß",
            "/etc/passwd", "web-1", " ", "…", "e" + String(repeating: "\u{301}", count: 300), "中文",
            String(repeating: "x", count: 500), String(repeating: "<", count: 100), "…", "%0a", "{\"ok\":true}",
        ]
        let count = Int.random(in: 0...maximumPieces, using: &generator)
        return (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
    }
}
