internal import DriftCore
internal import Presentation

/// The words of a reminder and of the digest.
struct ReportText {
    private static let maximumSections = 10
    private static let maximumEntry = 50

    let title: String
    /// An alert of a reminder each, a section of the digest each.
    let lines: [String]
    /// How many more alerts there are than lines.
    let more: Int

    /// Nil for a message about an alert.
    init?(_ facts: NotificationFacts, times: Times, escaping: Escaping) {
        let sections = facts.report ?? []
        switch facts.kind {
        case .reminder:
            let entries = sections.first?.entries.prefix(10) ?? []
            let count = max(sections.first?.count ?? 0, entries.count)
            title = "Reminder: nobody has acknowledged \(plural(min(count, 1_000_000), "alert"))"
            lines = entries.map { Self.line($0, times, escaping) }
            more = min(count, 1_000_000) - lines.count
        case .digest:
            title = sections.isEmpty ? "Digest: nothing is wrong" : "Digest"
            lines = sections.prefix(Self.maximumSections).map { Self.line($0, escaping) }
            more = 0
        default: return nil
        }
    }

    /// `Web 1, base: 2 items, open since 2026-11-22 06:00 UTC`.
    private static func line(_ entry: ReportSection.Entry, _ times: Times, _ escaping: Escaping) -> String {
        let items = entry.items.map { ": \(plural(min(max($0, 0), 1_000_000), "item"))" } ?? ""
        let since = entry.since.map { ", open since \(escaping.fit(MessageText.instant($0, times), 40))" } ?? ""
        return name(entry, escaping) + items + since
    }

    /// `3 drifted: Web 1, base; Web 2, base; Db 1, base; 2 more`.
    private static func line(_ section: ReportSection, _ escaping: Escaping) -> String {
        let count = min(max(section.count, section.entries.count), 1_000_000)
        let names = section.entries.prefix(3).map { name($0, escaping) }
        let more = count - names.count
        let list = (names + (more > 0 && !names.isEmpty ? ["\(more) more"] : [])).joined(separator: "; ")
        return "\(count) \(words(section.section, escaping))" + (list.isEmpty ? "" : ": \(list)")
    }

    private static func name(_ entry: ReportSection.Entry, _ escaping: Escaping) -> String {
        let server = entry.serverName.isEmpty ? entry.serverID : entry.serverName
        return escaping.fit([server, entry.packName].compactMap(\.self).joined(separator: ", "), maximumEntry)
    }

    /// A section that only a later version knows goes by its own name.
    private static func words(_ section: String, _ escaping: Escaping) -> String {
        switch section {
        case "failing": "cannot be checked"
        case "dark": "with items that can no longer be read"
        case "muted": "held or silenced"
        case "disabled": "with drift detection off"
        case "waived": "with waived items"
        case "expiring": "with waivers that end soon"
        case "due": "with items that are due"
        default: escaping.fit(section.replacing("_", with: " "), 40)
        }
    }
}
