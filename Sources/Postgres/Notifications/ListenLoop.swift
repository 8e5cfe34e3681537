import Logging

/// Connects, listens, and begins again when the connection is lost, until told to stop; blocks its thread.
struct ListenLoop: Sendable {
    let settings: DatabaseSettings
    let channels: [String]
    let stop: Interrupt
    /// Whether the process has too few connections: this one is given up, as polling does without it.
    let isShort: @Sendable () -> Bool
    let logger: Logger

    /// How often it asks whether others need its connection.
    private static let lookAround = Duration.seconds(5)

    func run(_ yield: (Notification) -> Void) {
        var backoff = Backoff()
        while !stop.isRaised {
            do {
                if !isShort() {
                    try listen {
                        backoff.reset()
                        yield($0)
                    }
                }
            } catch {
                logger.info(
                    "listening interrupted", metadata: ["db.channel": "\(names)", "error.label": "\(error.label)"])
                logger.debug("listening interrupted", metadata: ["error": "\(error)"])
            }
            stop.wait(for: backoff.next())
        }
    }

    /// Returns when told to stop, or when others need the connection.
    private func listen(_ yield: (Notification) -> Void) throws(DatabaseError) {
        let wire = try Wire.connect(ConnectionOptions(settings), logger: logger)
        defer { wire.close() }
        let deadline = settings.connectTimeout > .zero ? ContinuousClock.now + settings.connectTimeout : nil
        var patience = Patience(deadline: deadline)
        let statements = channels.map { "LISTEN \(quotedIdentifier($0))" }
        guard wire.sendSimple(statements.joined(separator: "; ")) else {
            throw DatabaseError(.connection, "the connection to the server was lost")
        }
        _ = try wire.answer(&patience)
        logger.info("listening", metadata: ["db.channel": "\(names)"])
        yield(Notification(channel: nil, payload: nil))
        while let notifications = try wire.notifications(stop, for: Self.lookAround), !isShort() {
            for notification in notifications { yield(notification) }
        }
    }

    private var names: String { channels.joined(separator: ",") }
}
