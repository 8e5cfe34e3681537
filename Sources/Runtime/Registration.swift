package import Logging
package import Postgres
import ServiceLifecycle

/// Keeps a process's row in `workers` up to date, for people and health checks.
///
/// Leases do not depend on it.
package struct Registration: Service {
    /// What the row says.
    package struct Process: Sendable {
        package var workerID: String
        /// `scheduler`, `worker`, `notifier` or `web`.
        package var role: String
        package var host: String
        package var pid: Int
        package var version: String
        package var concurrency: Int?
        package var queues: [String]
        /// The account of the machine that it runs as.
        package var account: String?
        /// Settings that people should see, as a JSON object without secrets.
        package var settings: JSONText

        package init(
            workerID: String, role: String, host: String, pid: Int, version: String, concurrency: Int? = nil,
            queues: [String] = [], account: String? = nil, settings: JSONText = JSONText("{}")
        ) {
            self.workerID = workerID
            self.role = role
            self.host = host
            self.pid = pid
            self.version = version
            self.concurrency = concurrency
            self.queues = queues
            self.account = account
            self.settings = settings
        }
    }

    private let database: Database
    private let process: Process
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        database: Database, process: Process, clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.database = database
        self.process = process
        self.clock = clock
        self.logger = logger
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            await Loop(every: .seconds(15), clock: clock, logger: logger, complaint: "process not registered").run {
                if try await !touch("running") { try await register() }
            }
        }
        _ = try? await touch("draining")
    }

    /// Records that the process has stopped; called when everything else has ended.
    package func sayStopped() async {
        _ = try? await touch("stopped")
    }

    private func touch(_ state: String) async throws -> Bool {
        try await database.withTransaction(cancellation: .shielded) { transaction in
            try transaction.one("select driftwatch.touch_worker(\(process.workerID), \(state))", as: Bool.self)
        }
    }

    private func register() async throws {
        _ = try await database.execute(
            """
            select driftwatch.register_worker(
                \(process.workerID), \(process.role), \(process.host), \(process.pid), \(process.version),
                \(process.concurrency), \(process.queues), \(process.account), \(process.settings)::jsonb)
            """)
    }
}
