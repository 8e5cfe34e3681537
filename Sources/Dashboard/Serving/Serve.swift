import Hummingbird
import Logging
import NIOCore

/// Serves a router over HTTP/1 until the task is cancelled.
///
/// At most `maximumConnections` are open at the same time; the next ones wait. A client that is silent for `clientTimeout` is
/// sent away. `onRunning` is called with the port once it listens.
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
    do { try await application.run() } catch let error as IOError { throw ListenFailure(error) }
}
