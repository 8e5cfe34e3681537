import ArgumentParser
import DriftStore
import HTTP
import Postgres

struct HealthcheckCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Tell whether a process on this host is well, for containers.",
        discussion: """
            Exits with 0 when a process of that kind on this host (by its host name, so in a container: in that \
            container) was seen in the database within the last minute; for `web`, when its /healthz answers; for \
            `run`, when all four are well. That messages are not delivered makes no process unwell, as a restart would \
            not help: /healthz says so in its text, and /healthz/delivery answers 503.

            Example, in a Compose file:
              healthcheck: { test: ["CMD", "driftwatch", "healthcheck", "worker"] }
            """)

    enum Process: String, CaseIterable, ExpressibleByArgument {
        case scheduler, worker, notifier, web, run
    }

    @OptionGroup var common: CommonOptions

    @Argument(help: "scheduler, worker, notifier, web or run.")
    var process: Process

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        switch process {
        case .web: return try await askWeb(context)
        case .scheduler, .worker, .notifier: return try await askDatabase(process, context)
        case .run:
            for part in [Process.scheduler, .worker, .notifier] { _ = try await askDatabase(part, context) }
            return try await askWeb(context)
        }
    }

    private func askDatabase(_ process: Process, _ context: CommandContext) async throws -> ExitStatus {
        let host = hostName()
        let isAlive = try await context.withDatabase { settings in
            settings.leaseTimeout = .seconds(5)
        } _: { database in
            try await database.read { transaction in
                try WorkersReader.alive(in: transaction).contains { $0.process == process.rawValue && $0.host == host }
            }
        }
        guard isAlive else {
            throw CommandFailure(
                .badNews, "no \(process.rawValue) on \(host) was seen within the last minute", hint: "see its log")
        }
        return .fine
    }

    private func askWeb(_ context: CommandContext) async throws -> ExitStatus {
        let address = try context.settings.value(\.listen)
        let everywhere = ["0.0.0.0": "127.0.0.1", "::": "::1"]
        let host = everywhere[address.host] ?? address.host
        let url = "http://\(host.contains(":") ? "[\(host)]" : host):\(address.port)/healthz"
        let client = HTTPClient(settings: .init(usesProxy: false))
        defer { client.close() }
        do {
            let reply = try await client.send(HTTPRequest(url: url, deadline: .seconds(5)))
            guard reply.status == 200 else {
                throw CommandFailure(.badNews, "\(url) answers \(reply.status)", hint: "see the log of web")
            }
        } catch let error as HTTPError {
            throw CommandFailure(.dependency, "\(url): \(error)", hint: "see DRIFTWATCH_LISTEN, and the log of web")
        }
        return .fine
    }
}
