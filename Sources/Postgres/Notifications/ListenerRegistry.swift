import Synchronization

/// The listeners of one database, so that closing it ends them.
final class ListenerRegistry: Sendable {
    struct Listener: Sendable {
        fileprivate let id: Int
        /// Raised when the listener shall end.
        let stop: Interrupt
        fileprivate let ticket: Interrupt.Ticket
        fileprivate let ended: @Sendable () -> Void
    }

    private struct State {
        var listeners: [Int: Listener] = [:]
        var seen = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// nil when the database is closed, or no file descriptor is left.
    ///
    /// `ended` is called by ``stopAll()``.
    func add(_ ended: @escaping @Sendable () -> Void) -> Listener? {
        guard let stop = try? Interrupt() else { return nil }
        return state.withLock { state in
            guard !state.isClosed else { return nil }
            state.seen += 1
            let listener = Listener(id: state.seen, stop: stop, ticket: stop.arm(), ended: ended)
            state.listeners[listener.id] = listener
            return listener
        }
    }

    func stop(_ listener: Listener) {
        state.withLock { _ = $0.listeners.removeValue(forKey: listener.id) }
        listener.stop.raise(listener.ticket)
    }

    func stopAll() {
        let listeners = state.withLock { state in
            state.isClosed = true
            defer { state.listeners = [:] }
            return state.listeners.values
        }
        for listener in listeners {
            listener.stop.raise(listener.ticket)
            listener.ended()
        }
    }
}
