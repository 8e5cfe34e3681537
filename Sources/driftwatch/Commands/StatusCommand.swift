import ArgumentParser
import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation

struct StatusCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show every server and pack, and how the whole does.",
        discussion: """
            STATE is what is remembered; LAST is the verdict of the newest check, `failed` where the server could not be \
            looked at. With --check the exit status tells, for cron and Nagios: 1 if something drifted, 4 if a check \
            failed or is stale, a first one is missing after ten minutes, or a slot is overdue, else 0.

            Example:
              driftwatch status --check
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Exit with 1 on drift, with 4 on what failed, is stale or overdue.")
    var check = false

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let status = try await context.withDatabase { database in
            try await database.read { transaction in
                FleetStatus(
                    lines: try FleetReader.status(in: transaction),
                    schedule: try SchedulesReader.schedule(in: transaction),
                    workersAlive: try WorkersReader.alive(in: transaction).count { $0.process == "worker" })
            }
        }
        if output.asJSON {
            context.console.print(status.json(Self.listing).pretty)
        } else {
            Self.listing.print(status.lines, asJSON: false, to: context.console)
            context.console.print(status.summary)
        }
        return check ? status.exitStatus : .fine
    }

    static let listing = Listing<FleetLine>(
        whenEmpty: "no servers yet: driftwatch apply loads an inventory",
        columns: [
            .init("server_id", "SERVER") { .text($0.serverID.rawValue) },
            .init("display_name") { .text($0.displayName) },
            .init("pack_name", "PACK") { .text($0.packName?.rawValue) },
            .init("state", "STATE", colour: colour) { .text($0.isDisabled ? "disabled" : $0.shownState?.rawValue) },
            .init("since", "SINCE") { .time($0.since) },
            .init("last_verdict", "LAST") { .text($0.lastVerdict?.rawValue) },
            .init("last_reason") { .text($0.lastReason) },
            .init("last_checked_at", "CHECKED") { .time($0.lastVerdictAt) },
            .init("last_check_id") { .number($0.lastCheckID) },
            .init("mismatch_count", "WRONG") { .number($0.mismatchCount) },
            .init("unreadable_count") { .number($0.unreadableCount) },
            .init("stale") { .flag($0.isStale) },
            .init("disabled") { .flag($0.isDisabled) },
            .init("disabled_reason") { .text($0.disabledReason) },
            .init("failing_streak") { .number($0.failingStreak) },
            .init("alert_id") { .number($0.alertID) },
            .init("alert_status") { .text($0.alertStatus) },
            .init("note", "NOTE") { .text($0.note) },
        ])

    @Sendable private static func colour(_ line: FleetLine) -> Console.Colour? {
        if line.isDisabled { return .faint }
        switch line.standing {
        case .drifted: return .red
        case .compliant: return line.isStale ? .yellow : .green
        case .failed, .incomplete, .unknown, .disabled, nil: return .yellow
        }
    }
}

extension FleetLine {
    fileprivate var note: String? {
        var notes: [String] = []
        if packName == nil { notes.append("no packs") }
        if isDisabled, let disabledReason { notes.append(disabledReason) }
        if isStale { notes.append("stale") }
        if isCheckOverdue, !isDisabled { notes.append(wasChecked ? "check overdue" : "first check overdue") }
        if lastVerdict == .failed, let lastReason { notes.append(lastReason) }
        if let unreadableCount, unreadableCount > 0 { notes.append("\(unreadableCount) unreadable") }
        if mismatchCount > 0, alertID == nil, !isDisabled { notes.append("not alerted") }
        if let alertID { notes.append("alert \(alertID)\(alertStatus == "acknowledged" ? " acknowledged" : "")") }
        return notes.isEmpty ? nil : notes.joined(separator: ", ")
    }
}
