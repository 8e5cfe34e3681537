import NIOCore
import Synchronization

/// The connections that are open, and which of them is closed when they are too many.
///
/// A connection either waits for us, while we work on its answer, or for its client: for the rest of a request, for the
/// next one, or until the client takes what was sent. Only those that wait for their client are closed, the one that
/// waits longest first. So a client that opens connections and leaves them idle cannot keep others out.
final class ConnectionPlaces: Sendable {
    private struct Entry {
        var close: @Sendable () -> Void
        /// Nil while it waits for us.
        var waitsSince: NIODeadline?
    }

    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])
    private let comfortable: Int

    /// From seven eighths of `maximum` on there is a new connection only for an old one.
    init(maximum: Int) { comfortable = maximum - max(1, maximum / 8) }

    /// `connection` is new, or waits for its client from now on; `close` closes it.
    func waits(_ connection: AnyObject, close: @escaping @Sendable () -> Void) {
        let own = ObjectIdentifier(connection)
        let closed = entries.withLock { entries -> [Entry] in
            entries[own] = Entry(close: close, waitsSince: .now())
            let surplus = entries.count - comfortable
            guard surplus > 0 else { return [] }
            let waiting = entries.compactMap { id, entry in id == own ? nil : entry.waitsSince.map { (id, $0) } }
            return waiting.sorted { $0.1 < $1.1 }.prefix(surplus).compactMap { entries.removeValue(forKey: $0.0) }
        }
        for entry in closed { entry.close() }
    }

    /// `connection` waits for us.
    func works(_ connection: AnyObject) {
        entries.withLock { $0[ObjectIdentifier(connection)]?.waitsSince = nil }
    }

    func leaves(_ connection: AnyObject) {
        entries.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }
}
