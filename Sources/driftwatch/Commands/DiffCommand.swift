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
            Prints what a stored check found, with unified diffs of files; no server is asked. Characters that cannot be \
            seen, or that look like others, are named where lines would look alike: ‹U+00A0›, ‹2 spaces›, ‹0xE9›. \
            ‹masked› stands for what looks like a secret. Exits with 0, 1 or 4 as the check's verdict was.

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
        let found = try await context.withDatabase { database in
            try await database.read { transaction -> [CheckView] in try checks(in: transaction) }
        }
        let status = found.reduce(ExitStatus.fine) { $0.combined(with: $1.verdict.exitStatus) }
        guard !output.asJSON else {
            context.console.print(JSONValue.list(found.map(JSONValue.check)).pretty)
            return status
        }
        for check in found {
            let verdict = verdictLine(
                check.verdict, reason: check.reason, items: check.itemCount, wrong: check.mismatchCount,
                unreadable: check.unreadableCount, console: context.console)
            context.console.print(
                "\(check.serverID) \(check.packName): \(verdict) (check \(check.id) of \(shortTime(check.checkedAt)))")
            if let items = check.items {
                context.console.print(lines: OutcomeText(items, console: context.console).lines)
            } else {
                context.console.print(
                    check.hasNewerDetails
                        ? "  its details were stored by a later version" : "  its details are no longer kept")
            }
        }
        return status
    }

    private func checks(in transaction: borrowing Transaction) throws -> [CheckView] {
        if let checkID {
            guard
                let named = try CheckReader.pack(of: checkID, on: server, in: transaction),
                pack == nil || pack == named,
                let check = try CheckReader.check(server, named, checkID, in: transaction)
            else {
                throw CommandFailure(
                    .usage, "there is no check \(checkID) of \(server)\(pack.map { " against \($0)" } ?? "")",
                    hint: "driftwatch diff \(server) shows the newest")
            }
            return [check]
        }
        guard let line = try ServersReader.server(server, in: transaction) else {
            throw CommandFailure.noServer(server)
        }
        let wanted = line.packs.filter { pack == nil || $0 == pack }
        guard !wanted.isEmpty else {
            throw CommandFailure(.usage, "\(server) is not checked against \(pack?.rawValue ?? "any pack")")
        }
        let remembered = try FleetReader.status(in: transaction).filter { $0.serverID == server }
        var checks: [CheckView] = []
        for pack in wanted {
            guard let newest = try CheckReader.check(server, pack, in: transaction) else { continue }
            checks.append(newest)
            // What is known of a server that cannot be looked at now is what the last finished check found.
            if newest.verdict == .failed, let id = remembered.first(where: { $0.packName == pack })?.rememberedCheckID,
                let finished = try CheckReader.check(server, pack, id, in: transaction)
            {
                checks.append(finished)
            }
        }
        guard !checks.isEmpty else {
            throw CommandFailure(.unknown, "\(server) was never checked", hint: "driftwatch check \(server)")
        }
        return checks
    }
}
