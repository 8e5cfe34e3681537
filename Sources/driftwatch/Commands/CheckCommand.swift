import ArgumentParser
import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation
import Runtime

struct CheckCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Have servers checked now, and print the verdicts.",
        discussion: """
            Asks for one check per server, ahead of those of the schedule, waits for workers to do it, and prints what \
            they found, what is wrong first. A check by hand moves alerts as any other does. Of servers that are named, \
            those that comply are printed too; of servers that --all, --label or --pack select, they are counted.

            --pack beside names checks these servers, and prints that pack only. Alone, or beside --label, it selects \
            the servers that are checked against the pack.

            Exits with 0 if all comply, 1 if one drifted, 4 if it could not be told. Ctrl-C stops the waiting, not the \
            checks.

            Examples:
              driftwatch check web-1 web-2 --pack base
              driftwatch check --label role=web --timeout 5m
              driftwatch check --all --json
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var acting: ActingOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var selection: SelectionOptions

    @Flag(help: "All servers.")
    var all = false

    @Option(help: ArgumentHelp("How long to wait, as 90s or 2m.", valueName: "span"))
    var timeout = TimeSpan(seconds: 120, description: "2m")

    func validate() throws {
        let isSelective = !selection.labels.isEmpty || selection.pack != nil
        if !selection.servers.isEmpty && (all || !selection.labels.isEmpty) {
            throw ValidationError("Name the servers, or select them by --all or --label, not both")
        }
        if all && !selection.labels.isEmpty { throw ValidationError("--all means all servers: leave out --label") }
        if selection.servers.isEmpty && !all && !isSelective {
            throw ValidationError("No servers given: name them, or use --all, --label KEY=VALUE or --pack PACK")
        }
    }

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let person = try context.person()
        return try await context.withDatabase { database in
            let asked = try await database.withTransaction { try ask(person, in: $0) }
            let round = CheckRound(
                asked, database, ProgressLine(context.console, environment: context.environment))
            var isInterrupted = false
            let deadline = ContinuousClock.now + timeout.duration
            do { try await stoppable { try await round.wait(until: deadline) } } catch is CancellationError {
                isInterrupted = true
            }
            let answers = round.answers
            let report = CheckReport(asked, answers, pack: selection.pack)
            if output.asJSON {
                context.console.print(report.json.pretty)
            } else {
                report.print(to: context.console)
            }
            for note in report.notes { context.console.note(note) }
            let open = asked.open(after: answers)
            if isInterrupted {
                context.console.note(
                    "driftwatch: interrupted; the checks still run (driftwatch jobs list): "
                        + (open.isEmpty ? "none is left" : names(open)))
                return .interrupted
            }
            if !open.isEmpty {
                context.console.note(
                    "driftwatch: no answer within \(timeout) from \(names(open)); their checks still run (driftwatch jobs list)"
                )
            }
            return report.exitStatus
        }
    }

    /// Asks for all checks at once.
    private func ask(_ person: ActingPerson, in transaction: borrowing Transaction) throws -> AskedChecks {
        let isNamed = !selection.servers.isEmpty
        var selected = selection.selection
        // A server that the person named but that lacks the pack is an error; it is not skipped.
        if isNamed { selected.pack = nil }
        let lines = try ServersReader.list(selected, in: transaction)
        guard isNamed || !lines.isEmpty else {
            throw CommandFailure(
                .usage, all && selection.pack == nil ? "there are no servers yet" : "no server has \(selection.words)",
                hint: "driftwatch servers list shows them all")
        }
        var asked = AskedChecks(isNamed: isNamed, times: try Times(in: transaction))
        for line in lines { asked.targets[line.id] = line.target }
        var wanted = isNamed ? selection.servers : lines.map(\.id)
        if isNamed, let pack = selection.pack {
            for line in lines where !line.packs.contains(pack) {
                wanted.removeAll { $0 == line.id }
                let unknown = UnknownName.assignment(line.id, pack)
                asked.refusals.append(
                    .init(server: line.id, isKnown: false, reason: unknown.reason, hint: unknown.hint))
            }
        }
        asked.unverified = try ServersReader.unverified(of: wanted, in: transaction)
        let answers = try transaction.rows(
            """
            select server_id, job_id, refusal, hint from driftwatch.enqueue_checks(\(wanted), \(person.sql))
            """, as: (ServerID, Int64?, String?, String?).self)
        for (server, job, refusal, hint) in answers {
            if let job {
                asked.jobs[job] = server
            } else {
                asked.refusals.append(
                    .init(
                        server: server, isKnown: asked.targets[server] != nil, reason: refusal ?? "refused",
                        hint: hint))
            }
        }
        return asked
    }
}
