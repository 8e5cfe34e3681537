import HTTPTypes
import Hummingbird
package import Instruments
package import Logging
import NIOCore
package import Postgres

/// `/healthz`, `/readyz` and `/metrics` of a process, on an address of their own.
///
/// They answer under any host name and say nothing about single servers.
///
/// | path | 200 | 503 |
/// |---|---|---|
/// | `/healthz` | the process runs, whatever the database does | never |
/// | `/readyz` | it is at work, and the database answers | it starts or stops, or the database does not answer |
/// | `/metrics` | always; what the database knows is left out while it does not answer | never |
package struct MonitoringServer: Sendable {
    private let settings: MonitoringSettings
    private let readiness: Readiness
    private let metrics: DatabaseMetrics
    private let instruments: @Sendable () -> [MetricFamily]
    private let logger: Logger

    /// `instruments` gives what the process knows without the database; of `database` one connection is used.
    package init(
        database: Database, settings: MonitoringSettings, readiness: Readiness,
        instruments: @escaping @Sendable () -> [MetricFamily], logger: Logger
    ) {
        self.settings = settings
        self.readiness = readiness
        metrics = DatabaseMetrics(database: database)
        self.instruments = instruments
        self.logger = logger
    }

    /// Serves until the task is cancelled.
    ///
    /// - Throws: ``ListenFailure``.
    package func run() async throws {
        try await serve(
            router, at: settings.host, port: settings.port, maximumConnections: settings.maximumConnections,
            clientTimeout: settings.clientTimeout, logger: logger, onRunning: settings.onRunning)
    }

    private var router: Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.get("/healthz") { _, _ in Response.plain("ok\n") }
        router.get("/readyz") { _, _ in await ready }
        router.get("/metrics") { _, _ in await exposition }
        return router
    }

    private var ready: Response {
        get async {
            if let reason = readiness.reasonAgainst {
                return .plain("\(reason)\n", status: .serviceUnavailable)
            }
            guard await metrics.answers else {
                return .plain("the database does not answer\n", status: .serviceUnavailable)
            }
            return .plain("ok\n")
        }
    }

    private var exposition: Response {
        get async {
            let known = await metrics.families
            let families = instruments() + known
            return Response(
                status: .ok, headers: [.contentType: Exposition.contentType, .cacheControl: "no-store"],
                body: .init(byteBuffer: ByteBuffer(string: Exposition.text(families))))
        }
    }
}

/// Where a process answers monitoring.
package struct MonitoringSettings: Sendable {
    package var host: String
    package var port: Int
    /// More than these wait to be let in.
    package var maximumConnections = 16
    package var clientTimeout: Duration = .seconds(10)
    /// Called with the port once it listens.
    package var onRunning: @Sendable (_ port: Int) -> Void

    package init(host: String, port: Int, onRunning: @escaping @Sendable (Int) -> Void) {
        self.host = host
        self.port = port
        self.onRunning = onRunning
    }
}
