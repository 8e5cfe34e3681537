import ArgumentParser
import DriftCore
import DriftStore
import Postgres
import Presentation

struct StatusCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show servers and packs, what is wrong first, and the counts.",
        discussion: """
            STATE is drifted (something is known to be wrong), incomplete (nothing is, but the last finished check could \
            not judge all), compliant (all was judged and right), unknown (nothing was judged yet) or disabled. LAST is \
            the verdict of the newest check, `failed` where the server could not be looked at. Times are in the \
            schedule's zone; with --json, in UTC.

            With --check the exit status tells, for cron and Nagios: 1 if something drifted; 4 if something is \
            incomplete, failed, stale or never checked although it should have been, if a slot is overdue, if there is \
            no schedule or no scheduler or worker is alive, if the schedule or a queue is paused, or if messages are \
            not delivered; else 0.

            Examples:
              driftwatch status --check
              driftwatch status --label role=web --state drifted
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var selection: SelectionOptions

    @Option(
        help: ArgumentHelp(
            "Only lines that are counted as this: \(StateOption.names).", valueName: "state"))
    var state: StateOption?

    @Flag(help: "Exit with 1 on drift, with 4 on what cannot be told.")
    var check = false

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let filter = FleetFilter(selection.selection, state: state?.state)
        let empty = StatusText(asJSON: output.asJSON, palette: context.console.palette)
        let (status, text) = try await context.withDatabase { database in
            try await database.read { transaction in
                let unknown = try FleetReader.unknownNames(in: filter.selection, in: transaction)
                if let server = unknown.servers.first { throw CommandFailure.unknown(.server(server)) }
                if let pack = unknown.pack { throw CommandFailure.unknown(.pack(pack)) }
                var text = empty
                let status = try FleetStatus(filter, in: transaction) { text.add($0, $1) }
                return (status, text)
            }
        }
        // Only now: while a reader waits at a pager, no transaction is open, and all lines are of one moment: a server that
        // drifts in the meantime is not missed between two pages.
        context.console.print(text.lines)
        if output.asJSON {
            context.console.print(text.jsonEnd(with: status))
        } else {
            show(status, text, context.console)
        }
        return check ? status.exitStatus : .fine
    }

    private func show(_ status: FleetStatus, _ text: StatusText, _ console: Console) {
        if text.lines.isEmpty {
            console.print(filterIsEmpty ? Self.listing(status.times).whenEmpty : "nothing matches")
        }
        for problem in status.problems + status.notices {
            console.print(console.palette.coloured(visible(status.times.local(problem)), .yellow))
        }
        console.print(status.summary)
    }

    private var filterIsEmpty: Bool { selection.selection == ServerSelection() && state == nil }

    static func listing(_ times: Times) -> Listing<FleetLine> {
        Listing(
            whenEmpty: "no servers yet: driftwatch apply loads an inventory",
            columns: [
                .init("server_id", "SERVER") { .text($0.serverID.rawValue) },
                .init("display_name") { .text($0.displayName) },
                .init("pack_name", "PACK") { .text($0.packName?.rawValue) },
                .init("state", "STATE", colour: { FleetLineText.tone($0).colour }) {
                    .text($0.packName == nil ? nil : FleetLineText.state($0))
                },
                .init("standing") { .text($0.standing?.rawValue) },
                .init("since", "SINCE") { .time($0.since) },
                .init("last_verdict", "LAST") { .text($0.lastVerdict?.rawValue) },
                .init("last_reason") { .text($0.lastReason) },
                .init("last_checked_at", "CHECKED") { .time($0.lastVerdictAt ?? $0.lastCheckedAt) },
                .init("last_finished_at") { .time($0.lastCheckedAt) },
                .init("last_check_id") { .number($0.lastCheckID) },
                .init("item_count") { .number($0.itemCount) },
                .init("mismatch_count", "WRONG") { .number($0.packName == nil ? nil : $0.mismatchCount) },
                .init("unreadable_count", "UNREADABLE") { .number($0.unreadableCount) },
                .init("waived_count") { .number($0.waivedCount) },
                .init("due_count") { .number($0.dueCount) },
                .init("flapping_since") { .time($0.flappingSince) },
                .init("unreadable_since") { .time($0.unreadableSince) },
                .init("dark_count") { .number($0.darkCount) },
                .init("stale") { .flag($0.isStale) },
                .init("outdated") { .flag($0.isOutdated) },
                .init("failing_since") { .time($0.failingSince) },
                .init("failing_reason") { .text($0.failingReason) },
                .init("failing_streak") { .number($0.failingStreak) },
                .init("disabled") { .flag($0.isDisabled) },
                .init("disabled_reason") { .text($0.disabledReason) },
                .init("alert_id") { .number($0.alertID) },
                .init("alert_status") { .text($0.alertStatus) },
                .init("expect") { .text($0.expect.rawValue) },
                .init("failing_alert_id") { .number($0.failingAlertID) },
                .init("failing_alert_status") { .text($0.failingAlertStatus) },
                .init("dark_alert_id") { .number($0.darkAlertID) },
                .init("dark_alert_status") { .text($0.darkAlertStatus) },
                .init("note", "NOTE") {
                    .text(
                        $0.packName == nil ? "no packs" : FleetLineText($0, times: times).notes.joined(separator: ", "))
                },
            ])
    }
}

/// The lines as they are printed.
struct StatusText: Sendable {
    private let asJSON: Bool
    private let palette: Palette
    private var widths: [Int] = []
    private(set) var lines = TextSpool()

    init(asJSON: Bool, palette: Palette) {
        self.asJSON = asJSON
        self.palette = palette
    }

    mutating func add(_ batch: [FleetLine], _ times: Times) {
        let listing = StatusCommand.listing(times)
        if asJSON {
            lines.append(lines.isEmpty ? "{\n  \"assignments\": [\n" : ",\n")
            lines.append(batch.map { "    " + listing.json($0).pretty(depth: 2) }.joined(separator: ",\n"))
        } else {
            let shown = listing.lines(batch, palette, times: times, widths: &widths)
            lines.append(shown.joined(separator: "\n") + "\n")
        }
    }

    /// What follows the lines.
    func jsonEnd(with status: FleetStatus) -> String {
        let end = lines.isEmpty ? "{\n  \"assignments\": []" : "\n  ]"
        return end + ",\n" + status.json.pretty.dropFirst(2)
    }
}

extension FleetLineText.Tone {
    fileprivate var colour: Palette.Colour? {
        switch self {
        case .bad: .red
        case .trouble, .unsure: .yellow
        case .good: .green
        case .quiet: .faint
        }
    }
}

/// What `--state` takes: the words of the counts.
enum StateOption: String, CaseIterable, ExpressibleByArgument {
    case drifted, failed, incomplete
    case neverChecked = "never-checked"
    case compliant, stale, outdated, disabled

    static let names = allCases.map(\.rawValue).joined(separator: ", ")

    var state: FleetFilter.State {
        switch self {
        case .drifted: .standing(.drifted)
        case .failed: .standing(.failed)
        case .incomplete: .standing(.incomplete)
        case .neverChecked: .standing(.unknown)
        case .compliant: .standing(.compliant)
        case .disabled: .standing(.disabled)
        case .stale: .stale
        case .outdated: .outdated
        }
    }

    /// `unknown` means that nothing has been checked yet.
    init?(argument: String) {
        guard let state = Self(rawValue: argument == "unknown" ? "never-checked" : argument) else { return nil }
        self = state
    }
}
