import Dashboard
import Instruments
import Logging
import Postgres

/// The optional listener of a process: `/healthz`, `/readyz`, `/metrics`.
struct Monitoring: Sendable {
    let readiness = Readiness()
    private let address: ListenAddress?
    private let parts: [any ProcessPart]
    private let logger: Logger

    /// - Throws: ``SettingError``.
    init(_ sources: SettingSources, parts: [any ProcessPart], logger: Logger) throws {
        address = try sources.value(\.metricsListen)
        self.parts = parts
        self.logger = logger
    }

    /// Calls `body`, with the listener beside it if an address is set; ends with `body`.
    ///
    /// - Throws: ``CommandFailure`` if it cannot listen, before `body` is called; what `body` throws.
    func serving<Value: Sendable>(
        from database: Database, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let address else { return try await body() }
        let database = database.forCalls(
            .optional, leaseTimeout: .seconds(5), callDeadline: .seconds(5))
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = MonitoringServer(
            database: database,
            settings: MonitoringSettings(host: address.host, port: address.port) { port.yield($0) },
            readiness: readiness, instruments: { families }, logger: Logger(quietly: "driftwatch.metrics"))
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                do { try await server.run() } catch {
                    throw CommandFailure(
                        .dependency, "metrics on \(address.host):\(address.port): \(error)",
                        hint: "see DRIFTWATCH_METRICS_LISTEN")
                }
                return nil
            }
            group.addTask {
                guard let port = await ports.first(where: { _ in true }) else { return nil }
                logger.info("metrics", metadata: ["metrics.host": "\(address.host)", "metrics.port": "\(port)"])
                return try await body()
            }
            defer { group.cancelAll() }
            for try await value in group {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    private var families: [MetricFamily] {
        let build = MetricFamily(
            "driftwatch_build_info", .gauge, help: "Always 1; the labels tell the version and what the process does.",
            samples: parts.map { .init(labels: [.init("process", $0.role), .init("version", driftwatchVersion)], 1) })
        return [build] + ProcessUsage.families + parts.flatMap(\.instruments).map(\.family)
    }
}

extension Logger {
    /// For Hummingbird, which has a line for every start and stop of its own.
    fileprivate init(quietly label: String) {
        self.init(label: label)
        if logLevel == .info { logLevel = .notice }
    }
}
