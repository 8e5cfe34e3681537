import Logging

/// Connects, listens, and begins again when the connection is lost, until told to stop; blocks its thread.
struct ListenLoop: Sendable {
    let settings: DatabaseSettings
    let channel: String
    let stop: Interrupt
    let logger: Logger

    func run(_ yield: (Notification) -> Void) {
        var backoff = Backoff()
        while !stop.isRaised {
            do {
                try listen {
                    backoff = Backoff()
                    yield($0)
                }
            } catch {
                logger.info(
                    "listening interrupted", metadata: ["db.channel": "\(channel)", "error.label": "\(error.label)"])
                logger.debug("listening interrupted", metadata: ["error": "\(error)"])
            }
            stop.wait(for: backoff.next())
        }
    }

    /// Returns when told to stop.
    private func listen(_ yield: (Notification) -> Void) throws(DatabaseError) {
        let wire = try Wire.connect(ConnectionOptions(settings), logger: logger)
        defer { wire.close() }
        let deadline = settings.connectTimeout > .zero ? ContinuousClock.now + settings.connectTimeout : nil
        var patience = Patience(deadline: deadline)
        guard wire.sendSimple("LISTEN \(quotedIdentifier(channel))") else {
            throw DatabaseError(.connection, "the connection to the server was lost")
        }
        _ = try wire.answer(&patience)
        logger.info("listening", metadata: ["db.channel": "\(channel)"])
        yield(Notification(payload: nil))
        while let payloads = try wire.notifications(stop) {
            for payload in payloads { yield(Notification(payload: payload)) }
        }
    }
}

/// Pauses between attempts: doubling from a quarter of a second to ten, each shortened by up to a half.
struct Backoff {
    private var ceiling = Duration.milliseconds(250)

    mutating func next(random: Double = .random(in: 0..<1)) -> Duration {
        defer { ceiling = min(ceiling * 2, .seconds(10)) }
        return ceiling * (1 - random / 2)
    }
}
