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
        }
        for server in report.servers where server.change != .unchanged {
            lines.append("server \(server.id): \(server.change)\(Self.details(of: server))")
        }
        if let schedule = report.schedule {
            let former = report.formerSchedule.map { "\($0.cron) \($0.timeZone) → " } ?? ""
            lines.append("schedule: \(former)\(schedule.cron) \(schedule.timeZone)")
        }
        lines.append("packs: \(Self.counts { report.count(ofPacks: $0) })")
        lines.append("servers: \(Self.counts { report.count(ofServers: $0) })")
        if let kept = Self.kept(report) { lines.append(kept) }
        if !report.firstChecks.isEmpty {
            lines.append("first checks \(dryRun ? "to enqueue" : "enqueued"): \(report.firstChecks.count)")
        }
        if report.wantsConfirmation { lines.append("that removes more than a fifth of the servers: it wants --yes") }
        if dryRun { lines.append("dry run: nothing was changed") }
        self.lines = lines.map(visible)
    }

    private static func details(of server: ApplyReport.ServerLine) -> String {
        var details = server.replacements.map { "\($0.name) \($0.old ?? "none") → \($0.new ?? "none")" }
        let packs = server.assigned.map { "+\($0)" } + server.unassigned.map { "-\($0)" }
        if !packs.isEmpty { details.append("packs \(packs.joined(separator: " "))") }
        return details.isEmpty ? "" : " (\(details.joined(separator: ", ")))"
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
        return "kept, although PATH lacks them: \(shown) (--prune removes them)"
    }
}
