import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// Serves a router over HTTP/1 until the task is cancelled or the process asks its services to stop.
///
/// At most `maximumConnections` are open at the same time; the next ones wait. A client that is silent for `clientTimeout` is
/// sent away. `onRunning` is called with the port once it listens. At the end, requests have a few seconds to be answered.
///
/// - Throws: ``ListenFailure``.
func serve(
    _ router: Router<BasicRequestContext>, at host: String, port: Int, maximumConnections: Int,
    clientTimeout: Duration, logger: Logger, onRunning: @escaping @Sendable (_ port: Int) -> Void
) async throws {
    let places = ConnectionPlaces(maximum: maximumConnections)
    let timeout = TimeAmount(clientTimeout)
    let application = Application(
        router: router,
        // Evaluated for each connection.
        server: .http1(
            configuration: .init(additionalChannelHandlers: [ClientWatch(places: places, timeout: timeout)])),
        configuration: ApplicationConfiguration(
            address: .hostname(host, port: port), serverName: "driftwatch",
            availableConnectionsDelegate: .maximum(maximumConnections, logger: logger)),
        onServerRunning: { channel in onRunning(channel.localAddress?.port ?? port) },
        logger: logger)
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    var configuration = ServiceGroupConfiguration(services: [application], logger: quiet)
    configuration.maximumGracefulShutdownDuration = .seconds(5)
    let group = ServiceGroup(configuration: configuration)
    // Not a child task: a server that is cancelled drops a connection that it is just accepting, and that ends the process.
    // It stops gracefully instead.
    let serving = Task { try await group.run() }
    do {
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            Task { await group.triggerGracefulShutdown() }
        }
    } catch let error as IOError {
        throw ListenFailure(error)
    }
}
