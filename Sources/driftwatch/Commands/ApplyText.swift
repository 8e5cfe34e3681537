import Cron
import DriftCore
import DriftStore
import Presentation

/// What `apply` prints.
struct ApplyText {
    let lines: [String]

    init(_ report: ApplyReport, dryRun: Bool) {
        var lines: [String] = []
        for pack in report.packs where pack.change != .unchanged {
            lines.append("pack \(pack.name): \(pack.change)\(pack.itemCount.map { ", \(plural($0, "item"))" } ?? "")")
            lines += Self.folded(pack.items.map(Self.line), "items")
        }
        for server in report.servers where server.change != .unchanged {
            lines.append("server \(server.id): \(server.change)\(Self.details(of: server))")
        }
        if let schedule = report.schedule {
            let former = report.formerSchedule.map { "\(Self.words($0)) → " } ?? ""
            lines.append("schedule: \(former)\(Self.words(schedule))")
        }
        lines += report.waivers.map(Self.line)
        lines += report.alerts.map(Self.line)
        lines.append("packs: \(Self.counts { report.count(ofPacks: $0) })")
        lines.append("servers: \(Self.counts { report.count(ofServers: $0) })")
        if let kept = Self.kept(report) { lines.append(kept) }
        if !report.checks.isEmpty {
            lines.append("servers to be checked now: \(report.checks.count)")
        }
        if report.wantsConfirmation { lines.append("this removes more than a fifth of the servers: it needs --yes") }
        if dryRun { lines.append("dry run: nothing was changed") }
        self.lines = lines.map(visible)
    }

    private static func words(_ schedule: ScheduleSetting) -> String {
        let spread = schedule.spreadSeconds.map { $0 == 0 ? "" : " over \(Spread(seconds: $0))" }
        return "\(schedule.cron) \(schedule.timeZone)\(spread ?? "")"
    }

    private static func details(of server: ApplyReport.ServerLine) -> String {
        var details = server.replacements.map { "\($0.name) \($0.old ?? "none") → \($0.new ?? "none")" }
        let packs = server.assigned.map { "+\($0)" } + server.unassigned.map { "-\($0)" }
        if !packs.isEmpty { details.append("packs \(packs.joined(separator: " "))") }
        return details.isEmpty ? "" : " (\(details.joined(separator: ", ")))"
    }

    private static func line(_ item: ItemChange) -> String {
        let fields = item.fields.map(\.text).joined(separator: ", ")
        return switch item.kind {
        case .added: "  + \(item.noun) \(item.item)"
        case .removed: "  - \(item.noun) \(item.item)"
        case .changed: "  ~ \(item.noun) \(item.item)\(fields.isEmpty ? "" : ": \(fields)")"
        }
    }

    private static func line(_ waiver: ApplyReport.WaiverLine) -> String {
        let target = waiver.server?.rawValue ?? waiver.labels?.labelWords.joined(separator: " ") ?? ""
        let what = "waiver of \(waiver.item) in \(waiver.pack) for \(target)"
        return switch waiver.change {
        case .added: "\(what): added"
        case .ended: "\(what): ended"
        case .unmatched: "\(what): left out, because the pack has no such item"
        }
    }

    private static func line(_ alert: ApplyReport.AlertLine) -> String {
        let number = alert.id.map { "alert \($0)" } ?? "a new alert"
        let subject =
            "\(number) (\(([alert.server.rawValue, alert.pack?.rawValue]).compactMap(\.self).joined(separator: ", ")))"
        let items = what(alert)
        return switch alert.fate {
        case .opens where alert.type == .checkFailing: "\(subject): opens, \(items)"
        case .closes(let resolution): "\(subject): closes \(AlertText.closing(resolution)), \(items)"
        case .moves(let pack): "\(subject): moves here from pack \(pack), \(items)"
        case .opens: "\(subject): opens for items of an alert in another pack, \(items)"
        case .recounts(let before): "\(subject): \(before) → \(items)"
        }
    }

    private static func what(_ alert: ApplyReport.AlertLine) -> String {
        switch (alert.type, alert.pack) {
        case (.configDrift, _): plural(alert.itemCount, "wrong item")
        case (.checkFailing, nil): "the server cannot be checked"
        case (.checkFailing, _?): plural(alert.itemCount, "item") + " that can no longer be read"
        }
    }

    /// The first twenty, and how many more there are.
    private static func folded(_ lines: [String], _ noun: String) -> [String] {
        lines.count <= 20 ? lines : lines.prefix(20) + ["  and \(lines.count - 20) more \(noun) (--json names all)"]
    }

    private static func counts(_ count: (ApplyReport.Change) -> Int) -> String {
        let changes: [ApplyReport.Change] = [.created, .changed, .unchanged, .removed]
        let words = changes.map { (count($0), $0) }.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return words.isEmpty ? "none given" : words.joined(separator: ", ")
    }

    /// What the database has and the files lack.
    private static func kept(_ report: ApplyReport) -> String? {
        let servers = report.keptServers.map { "server \($0)" }
        let packs = report.keptPacks.map { "pack \($0)" }
        let names = servers + packs
        guard !names.isEmpty else { return nil }
        let shown = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
        return "kept, although they are not in the files: \(shown) (--prune removes them)"
    }
}
