import ArgumentParser
import DriftCore
import DriftStore
import Logging
import Postgres
import Remote

struct DoctorCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine everything that a check needs, and say how to mend it.",
        discussion: """
            Looks at the database, its schema and clock, the processes at work, the schedule, where messages go, and, \
            from here and with one login each, at the servers: name, port, host key, login, shell, probe, sudo. \
            Without names: all servers. Nothing is changed. Exits with 1 if something is wrong, 3 if the database is \
            not reachable.

            Example:
              driftwatch doctor web-1
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var budgets: BudgetOptions

    @Argument(help: "The servers.")
    var servers: [ServerID] = []

    var settingOptions: [SettingName: (option: String, value: String?)] { budgets.settings }

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let report = DoctorReport(context.console)
        var status = ExitStatus.fine
        do {
            let lines = try await context.withDatabase { database in
                try await DatabaseExamination(database, report).run(namedServers: servers)
            }
            try await examine(lines, context, report)
        } catch {
            let failure = ErrorReport(error)
            guard failure.status == .dependency else { throw error }
            report.add("database", .wrong, failure.oneLine)
            status = .dependency
        }
        await SlackExamination(context, report).run()
        return report.hasFaults ? status.combined(with: .badNews) : status
    }

    /// Several at once: most of the time is waiting.
    private func examine(_ lines: [ServerLine], _ context: CommandContext, _ report: DoctorReport) async throws {
        let remote: RemoteSettings
        do { remote = try remoteSettings(context.settings) } catch {
            report.add("ssh", .wrong, "\(error)", hint: error.hint ?? "without it no server is looked at from here")
            return
        }
        let prober = RemoteProber(
            settings: remote, localServers: Set(lines.map(\.id)), logger: Logger(label: "driftwatch.remote"))
        try await stoppable {
            await withTaskGroup(of: (Int, ServerDiagnosis).self) { group in
                var next = 0
                var done: [Int: ServerDiagnosis] = [:]
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
                        if !Task.isCancelled { report.add(lines[printed].id, diagnosis) }
                        printed += 1
                    }
                }
            }
        }
    }
}
