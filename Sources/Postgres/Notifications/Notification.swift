/// A wake-up from `LISTEN`.
package struct Notification: Sendable, Hashable {
    /// What the sender passed along; nil when listening has just begun, or begun again: anything may have
    /// been missed before.
    package let payload: String?
}

/// The wake-ups of one channel, newest only: a consumer that is busy finds one when it comes back.
///
/// Never fails: listening survives the server's restart. Ends when the task is cancelled or the database closed.
package struct Notifications: AsyncSequence, Sendable {
    let stream: AsyncStream<Notification>

    package func makeAsyncIterator() -> AsyncStream<Notification>.Iterator { stream.makeAsyncIterator() }
}

extension Database {
    /// Listens to `channel` on a connection of its own, from the first call until the sequence is dropped.
    ///
    /// This is only a hint, so poll as well: behind a pooler in transaction mode nothing arrives.
    package func notifications(on channel: String) -> Notifications {
        let (stream, continuation) = AsyncStream.makeStream(of: Notification.self, bufferingPolicy: .bufferingNewest(1))
        guard let listener = listeners.add({ continuation.finish() }) else {
            continuation.finish()
            return Notifications(stream: stream)
        }
        continuation.onTermination = { [listeners] _ in listeners.stop(listener) }
        if settings.pooler == .none {
            let loop = ListenLoop(
                settings: settings, channel: channel, stop: listener.stop, isShort: { self.isShort }, logger: logger)
            startThread(named: "postgres-listen") {
                loop.run { continuation.yield($0) }
                continuation.finish()
            }
        }
        return Notifications(stream: stream)
    }
}
