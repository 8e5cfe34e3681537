import ArgumentParser
import DriftCore
import DriftStore
import Logging
import Postgres
import Remote
import Runtime

struct DoctorCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine everything that a check needs, and say how to fix it.",
        discussion: """
            Looks at the database, its schema and clock, the processes at work, the schedule, where messages go, and, \
            from here and with one login each, at the servers: ssh's settings, jump host, name, port, host key, own \
            key, login, shell, probe, sudo. Without names: all servers. Nothing is changed. Exits with 1 if something \
            is wrong, 3 if the database is not reachable.

            It logs in as the account that runs it, with that account's settings, and says where the workers have \
            others: then a server that is well from here is a note, not `ok`.

            Examples:
              driftwatch doctor web-1
              driftwatch doctor --json
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var budgets: BudgetOptions

    @Argument(help: "The servers.")
    var servers: [ServerID] = []

    var settingOptions: [SettingOption] { budgets.settings }

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let report = DoctorReport(context.console, asJSON: output.asJSON)
        defer { report.finish() }
        var status = ExitStatus.fine
        do {
            let (lines, workers) = try await context.withDatabase { database in
                try await DatabaseExamination(database, report).run(namedServers: servers)
            }
            try await examine(lines, workers, context, report)
        } catch {
            let failure = ErrorReport(error)
            guard failure.status == .dependency else { throw error }
            report.add("database", .wrong, failure.oneLine)
            status = .dependency
        }
        await SlackExamination(context, report).run()
        return report.hasFaults ? status.combined(with: .badNews) : status
    }

    /// Says how servers are examined from here.
    ///
    /// False if every running worker logs in differently.
    private func reportMeans(_ own: LoginMeans, _ workers: [WorkerLine], _ report: DoctorReport) -> Bool {
        report.add("ssh", .fine, "logs in to servers \(own.words)")
        let known = workers.compactMap { worker in LoginMeans(worker).map { (worker, $0) } }
        let others = Dictionary(grouping: known.filter { $0.1 != own }, by: \.1)
        for (means, workers) in others.sorted(by: { $0.key.words < $1.key.words }) {
            let hosts = Set(workers.map(\.0.host)).sorted().joined(separator: ", ")
            report.add(
                "ssh", .note, "differs from the worker on \(hosts), which logs in \(means.words)",
                hint: "to test what it does, run there: \(means.command)")
        }
        return known.isEmpty || others.values.map(\.count).reduce(0, +) < known.count
    }

    /// Several at once: most of the time is waiting.
    private func examine(
        _ lines: [ServerLine], _ workers: [WorkerLine], _ context: CommandContext, _ report: DoctorReport
    ) async throws {
        let remote: RemoteSettings
        do { remote = try RemoteSettings(context.settings) } catch {
            report.add(
                "ssh", .wrong, "\(error)", hint: error.hint ?? "no server can be examined from here until this is fixed"
            )
            return
        }
        let vouches = reportMeans(LoginMeans(remote, environment: context.environment), workers, report)
        let prober = RemoteProber(
            settings: remote, localServers: Set(lines.map(\.id)), logger: Logger(label: "driftwatch.remote"))
        try await stoppable {
            await withTaskGroup(of: (Int, ServerDiagnosis).self) { group in
                var next = 0
                var done: [Int: ServerDiagnosis] = [:]
                var advice: [ServerDiagnosis.Advice: [ServerID]] = [:]
                defer { self.report(advice, report) }
                var printed = 0
                while printed < lines.count {
                    while next < lines.count, next - printed < 8 {
                        let (index, target) = (next, lines[next].target)
                        group.addTask { (index, await prober.diagnose(target)) }
                        next += 1
                    }
                    guard let (index, diagnosis) = await group.next() else { return }
                    done[index] = diagnosis
                    while let diagnosis = done.removeValue(forKey: printed) {
                        if !Task.isCancelled { report.add(lines[printed].id, diagnosis, vouches: vouches) }
                        if let given = diagnosis.keyExchangeAdvice {
                            advice[given, default: []].append(lines[printed].id)
                        }
                        printed += 1
                    }
                }
            }
        }
    }

    /// Once for all servers that it is true of: it is about the ssh config here.
    private func report(_ advice: [ServerDiagnosis.Advice: [ServerID]], _ report: DoctorReport) {
        for (given, servers) in advice.sorted(by: { $0.key.finding < $1.key.finding }) {
            let more = servers.count - 3
            let names =
                servers.prefix(3).map(\.rawValue).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
            report.add("key exchange", .note, "\(given.finding) (\(names))", hint: given.hint)
        }
    }
}
