import ArgumentParser
import DriftCore
import DriftStore
import Foundation
import Logging
import Postgres
import Presentation
import Remote
import Runtime

struct ProbeCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Look at a server from here and print; record nothing.",
        discussion: """
            Uses the inventory and packs in the database, and ssh as a worker on this machine would. Neither a check nor \
            an alert comes of it. A server with `connection: local` is taken to be this machine.

            With --print-script it prints the script that looks, which may be pinned on servers as the key's forced \
            command.

            Examples:
              driftwatch probe web-1 --pack base
              driftwatch probe --print-script > /usr/local/lib/driftwatch/probe
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var budgets: BudgetOptions

    @Argument(help: "The server.")
    var server: ServerID?

    @Option(help: "Compare with this pack only.")
    var pack: PackName?

    @Flag(help: "Print the script that runs on servers, and do nothing else.")
    var printScript = false

    func validate() throws {
        if printScript && (server != nil || pack != nil || output.asJSON) {
            throw ValidationError("--print-script prints one script for all servers, and takes nothing else")
        }
        if !printScript && server == nil { throw ValidationError("Missing expected argument '<server>'") }
    }

    var settingOptions: [SettingOption] { budgets.settings }

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        guard let server else {
            context.console.print(ProbeScript.text)
            return .fine
        }
        let remote = try RemoteSettings(context.settings)
        let (line, packs, exemptions, times) = try await context.withDatabase { database in
            try await database.read { transaction in
                guard let line = try ServersReader.server(server, in: transaction) else {
                    throw CommandFailure.unknown(.server(server))
                }
                return (
                    line, try ServersReader.packs(of: server, in: transaction),
                    try StoredExemptions.on(server, in: transaction), try Times(in: transaction)
                )
            }
        }
        let wanted = packs.filter { pack == nil || $0.name == pack }
        guard !wanted.isEmpty else { throw CommandFailure.unknown(.assignment(server, pack)) }
        let prober = RemoteProber(
            settings: remote, localServers: [server], logger: Logger(label: "driftwatch.remote"))
        let facts: Facts
        do {
            facts = try await stoppable {
                try await prober.probe(line.target, asking: ProbeQuestions(packs: wanted, on: line.variables))
            }
        } catch let failure as ProbeFailure {
            let hint = ServerDiagnosis.hint(for: failure, on: line.target, knownHosts: remote.knownHosts)
            guard !output.asJSON else {
                context.console.print(Self.json(server, [], (failure, hint)).pretty)
                return .unknown
            }
            let text = verdictLine(
                .failed, reason: failure.reason.rawValue, items: 0, wrong: 0, unreadable: 0, waived: 0, due: 0,
                console: context.console)
            context.console.print("\(server): \(text) (\(visible(failure.detail)))")
            if let hint { context.console.note("  \(visible(hint))") }
            return .unknown
        }
        let checks = wanted.map {
            Comparison.judge(
                facts, against: $0, digest: $0.digest, on: line.variables, exempting: exemptions.of($0.name))
        }
        let status = checks.map(\.verdict.exitStatus).reduce(ExitStatus.fine) { $0.combined(with: $1) }
        guard !output.asJSON else {
            context.console.print(Self.json(server, checks, nil).pretty)
            return status
        }
        for check in checks {
            let verdict = verdictLine(
                check.verdict, items: check.itemCount, wrong: check.mismatchCount, unreadable: check.unreadableCount,
                waived: check.waivedCount, due: check.dueCount, console: context.console)
            context.console.print("\(server) \(check.packName): \(verdict)")
            context.console.print(lines: OutcomeText(check.outcomes, console: context.console, times: times).lines)
        }
        return status
    }

    private static func json(
        _ server: ServerID, _ checks: [Check], _ failure: (failure: ProbeFailure, hint: String?)?
    ) -> JSONValue {
        .object([
            ("server_id", .text(server.rawValue)), ("checks", .list(checks.map { .check($0, of: server) })),
            (
                "failure",
                failure.map { failure, hint in
                    .object([
                        ("reason", .text(failure.reason.rawValue)), ("detail", .text(failure.detail)),
                        ("hint", .optional(hint)),
                    ])
                } ?? .null
            ),
        ])
    }
}
