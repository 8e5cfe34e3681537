import Synchronization

/// A wake-up from `LISTEN`.
package struct Notification: Sendable, Hashable {
    /// Nil when listening has just begun, or begun again: anything may have been missed before, on every channel.
    package let channel: String?
    /// What the sender passed along.
    package let payload: String?
}

/// The wake-ups of some channels, the newest of each only: a consumer that is busy finds one per channel when it comes back.
///
/// Never fails: listening survives the server's restart. Ends when the task is cancelled or the database closed.
package struct Notifications: AsyncSequence, Sendable {
    let mailbox: Mailbox

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let mailbox: Mailbox
        fileprivate var bell: AsyncStream<Void>.Iterator

        package mutating func next() async -> Notification? { await next(isolation: #isolation) }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> Notification? {
            while true {
                if let notification = mailbox.take() { return notification }
                guard await bell.next(isolation: actor) != nil else { return nil }
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(mailbox: mailbox, bell: mailbox.bell.makeAsyncIterator())
    }
}

/// Holds the newest notification of each channel until somebody takes it.
final class Mailbox: Sendable {
    let bell: AsyncStream<Void>
    let ringer: AsyncStream<Void>.Continuation
    private let waiting = Mutex<[Notification]>([])

    init() { (bell, ringer) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    func put(_ notification: Notification) {
        waiting.withLock { waiting in
            waiting.removeAll { $0.channel == notification.channel }
            waiting.append(notification)
        }
        ringer.yield()
    }

    func take() -> Notification? {
        waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}

extension Database {
    /// Listens to `channels` on one connection of its own, from the first call until the sequence is dropped.
    ///
    /// This is only a hint, so poll as well: behind a pooler in transaction mode nothing arrives.
    package func notifications(on channels: String...) -> Notifications { notifications(on: channels) }

    package func notifications(on channels: [String]) -> Notifications {
        let mailbox = Mailbox()
        // The registry must not keep the mailbox: when nobody has it any more, the listening ends.
        guard let listener = listeners.add({ [ringer = mailbox.ringer] in ringer.finish() }) else {
            mailbox.ringer.finish()
            return Notifications(mailbox: mailbox)
        }
        mailbox.ringer.onTermination = { [listeners] _ in listeners.stop(listener) }
        if settings.pooler == .none {
            let loop = ListenLoop(
                settings: settings, channels: channels, stop: listener.stop, isShort: { self.isShort }, logger: logger)
            startThread(named: "postgres-listen") { [weak mailbox] in
                loop.run { mailbox?.put($0) }
                mailbox?.ringer.finish()
            }
        }
        return Notifications(mailbox: mailbox)
    }
}
