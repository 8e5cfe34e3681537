import ArgumentParser
import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation
import Remote

struct CheckCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Have servers checked now, and print the verdict.",
        discussion: """
            Asks for one check per server, ahead of those of the schedule, waits for a worker to do it, and prints what \
            is wrong. A check by hand moves alerts as any other does. Exits with 0 if all comply, 1 if one drifted, 4 \
            if it could not be told.

            Example:
              driftwatch check web-1 web-2 --pack base
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "The servers.")
    var servers: [ServerID]

    @Option(help: "Print this pack only; all are checked.")
    var pack: PackName?

    @Option(help: ArgumentHelp("How long to wait, as 90s or 2m.", valueName: "span"))
    var timeout = TimeSpan(seconds: 120, description: "2m")

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withDatabase { database in
            var asked: [Asked] = []
            var status = ExitStatus.fine
            var named: Set<ServerID> = []
            for server in servers where named.insert(server).inserted {
                do {
                    asked.append(try await ask(for: server, context.actor, database))
                } catch let error as DatabaseError where error.sqlState == "DW001" {
                    let report = ErrorReport(error)
                    for line in report.lines { context.console.note(line) }
                    // What exists but may not be looked at now cannot be told.
                    let exists = try await database.read { try ServersReader.server(server, in: $0) != nil }
                    status = status.combined(with: exists ? .unknown : report.status)
                }
            }
            let deadline = ContinuousClock.now + timeout.duration
            for asked in asked {
                status = status.combined(
                    with: try await report(on: asked, until: deadline, context.console, database))
            }
            return status
        }
    }

    private struct Asked: Sendable {
        var server: ServerID
        var jobID: Int64
        /// What was remembered before: what is wrong at a first look alerts nobody.
        var states: [PackName: DriftState]
    }

    private func ask(for server: ServerID, _ actor: SQL, _ database: Database) async throws -> Asked {
        try await database.withTransaction { transaction in
            let states = try ServersReader.states(of: server, in: transaction)
            let job = try transaction.one("select driftwatch.enqueue_check(\(server), \(actor))", as: Int64.self)
            return Asked(server: server, jobID: job, states: states)
        }
    }

    private func report(
        on asked: Asked, until deadline: ContinuousClock.Instant, _ console: Console, _ database: Database
    ) async throws -> ExitStatus {
        guard let job = try await JobWait(database, console).untilOver(asked.jobID, deadline: deadline) else {
            console.note("driftwatch: \(asked.server): no answer within \(timeout); job \(asked.jobID) goes on waiting")
            return .unknown
        }
        let (checks, target) = try await database.read { transaction in
            let checks = try JobsReader.checks(of: job.id, in: transaction).map { check in
                (check, try CheckReader.check(check.serverID, check.packName, check.id, in: transaction)?.items)
            }
            return (checks, try ServersReader.server(asked.server, in: transaction)?.target)
        }
        guard !checks.isEmpty else {
            console.note(
                "driftwatch: \(asked.server): job \(job.id) ended as \(job.state) without a check: "
                    + visible(job.lastError ?? "no reason known"))
            return .unknown
        }
        let shown = checks.filter { pack == nil || $0.0.packName == pack }
        guard !shown.isEmpty else {
            console.note("driftwatch: \(asked.server) is not checked against \(pack?.rawValue ?? "any pack")")
            return .usage
        }
        for (check, items) in shown { print(check, items ?? [], asked, job.lastError, console) }
        let reason = shown.lazy.compactMap(\.0.reason).first.flatMap(ProbeFailure.Reason.init(rawValue:))
        if let reason, let target, let hint = ServerDiagnosis.hint(for: ProbeFailure(reason), on: target) {
            console.note("  \(visible(hint)); driftwatch doctor \(asked.server) tells more")
        }
        return shown.map(\.0.verdict.exitStatus).reduce(.fine) { $0.combined(with: $1) }
    }

    private func print(
        _ check: JobCheck, _ items: [ItemOutcome], _ asked: Asked, _ error: String?, _ console: Console
    ) {
        let verdict = verdictLine(
            check.verdict, reason: check.reason, items: check.itemCount, wrong: check.mismatchCount,
            unreadable: check.unreadableCount, console: console)
        let detail = check.verdict == .failed ? error.map { " (\(visible($0)))" } : nil
        console.print("\(check.serverID) \(check.packName): \(verdict)\(detail ?? "")")
        console.print(lines: OutcomeText(items, console: console).lines)
        let firstLooks = items.count { outcome in
            guard case .wrong(let mismatches) = outcome.finding else { return false }
            return mismatches.contains { asked.states[check.packName]?.isFirstLook(at: $0.id) == true }
        }
        if firstLooks > 0 {
            console.print("  first look: \(plural(firstLooks, "item")) already wrong, not alerted")
        }
    }
}
