import ArgumentParser
import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation

struct DiffCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show expected against actual, as the last check found it.",
        discussion: """
            Prints what a stored check found, with unified diffs of files; no server is asked. Where the check is not \
            kept any more, prints what is remembered, without diffs. Characters that cannot be seen, or that look like \
            others, are named where lines would look alike: ‹U+00A0›, ‹2 spaces›, ‹0xE9›. ‹masked› stands for what looks \
            like a secret. Exits with 0, 1 or 4 as the check's verdict was.

            Example:
              driftwatch diff web-1 --pack base
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The server.")
    var server: ServerID

    @Option(help: "This pack only.")
    var pack: PackName?

    @Option(name: .customLong("check"), help: ArgumentHelp("The check, by its id.", valueName: "id"))
    var checkID: Int64?

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let (found, times) = try await context.withDatabase { database in
            try await database.read { transaction in
                (try checks(in: transaction), try Times(in: transaction))
            }
        }
        if output.asJSON {
            context.console.print(JSONValue.list(found.map(\.json)).pretty)
        } else {
            for found in found { found.print(times, to: context.console) }
        }
        return found.reduce(.fine) { $0.combined(with: $1.verdict.exitStatus) }
    }

    private func checks(in transaction: borrowing Transaction) throws -> [Found] {
        if let checkID {
            guard
                let named = try CheckReader.pack(of: checkID, on: server, in: transaction),
                pack == nil || pack == named,
                let check = try CheckReader.check(server, named, checkID, in: transaction)
            else {
                if try CheckReader.isForgotten(checkID, in: transaction) {
                    throw CommandFailure(
                        .usage, "check \(checkID) is not kept any more",
                        hint: "driftwatch diff \(server) shows the newest")
                }
                throw CommandFailure.unknown(.check(checkID, of: server, pack))
            }
            return [.check(check)]
        }
        guard let line = try ServersReader.server(server, in: transaction) else {
            throw CommandFailure.unknown(.server(server))
        }
        let wanted = line.packs.filter { pack == nil || $0 == pack }
        guard !wanted.isEmpty else { throw CommandFailure.unknown(.assignment(server, pack)) }
        var checks: [Found] = []
        for pack in wanted {
            let newest = try CheckReader.check(server, pack, in: transaction)
            if let newest { checks.append(.check(newest)) }
            // What is known of a server that cannot be looked at now is what the last finished check found.
            guard newest == nil || newest?.verdict == .failed,
                let line = try FleetReader.status(
                    FleetFilter(ServerSelection(servers: [server], pack: pack)), in: transaction
                ).first, let id = line.rememberedCheckID
            else { continue }
            if let finished = try CheckReader.check(server, pack, id, in: transaction) {
                checks.append(.check(finished))
            } else {
                let known = try AssignmentReader.view(server, pack, in: transaction)?.outcomes ?? []
                checks.append(.remembered(line, known))
            }
        }
        guard !checks.isEmpty else {
            throw CommandFailure(.unknown, "\(server) was never checked", hint: "driftwatch check \(server)")
        }
        return checks
    }
}

/// What there is to show of a pack.
private enum Found: Sendable {
    case check(CheckView)
    /// Where its check is not kept.
    case remembered(FleetLine, [ItemOutcome])

    var verdict: Verdict {
        switch self {
        case .check(let check): check.verdict
        case .remembered(let line, _):
            switch line.shownState {
            case .drifted: .drifted
            case .compliant: .compliant
            case .incomplete, .unknown, nil: .incomplete
            }
        }
    }

    /// In one shape; without `check_id` where the check is not kept any more.
    var json: JSONValue {
        switch self {
        case .check(let check): return .check(check)
        case .remembered(let line, let outcomes):
            return .object([
                ("check_id", .null), ("server_id", .text(line.serverID.rawValue)),
                ("pack_name", .optional(line.packName?.rawValue)), ("verdict", .text(verdict.rawValue)),
                ("item_count", .optional(line.itemCount)), ("mismatch_count", .optional(line.mismatchCount)),
                ("unreadable_count", .optional(line.unreadableCount)), ("waived_count", .optional(line.waivedCount)),
                ("due_count", .optional(line.dueCount)), ("checked_at", .optional(line.lastCheckedAt)),
                ("items", .items(outcomes)),
            ])
        }
    }

    func print(_ times: Times, to console: Console) {
        switch self {
        case .check(let check):
            let sum = verdictLine(
                check.verdict, reason: check.reason, items: check.itemCount, wrong: check.mismatchCount,
                unreadable: check.unreadableCount, waived: check.waivedCount, due: check.dueCount, console: console)
            console.print(
                "\(check.serverID) \(check.packName): \(sum) (check \(check.id) of \(times.text(check.checkedAt)))")
            if let items = check.items {
                console.print(lines: OutcomeText(items, console: console, times: times).lines)
            } else {
                console.print(
                    check.hasNewerDetails
                        ? "  its details were stored by a later version" : "  its details are not kept any more")
            }
        case .remembered(let line, let outcomes):
            let sum = verdictLine(
                verdict, items: line.itemCount ?? 0, wrong: line.mismatchCount, unreadable: line.unreadableCount ?? 0,
                waived: line.waivedCount ?? 0, due: line.dueCount ?? 0, console: console)
            let age = line.lastCheckedAt.map { " of \(times.text($0))" } ?? ""
            let pack = line.packName?.rawValue ?? ""
            console.print("\(line.serverID) \(pack): \(sum) (the check\(age) is not kept any more)")
            console.print(lines: OutcomeText(outcomes, console: console, times: times).lines)
        }
    }
}
