import CLibpq

/// Asks the server to cancel what one connection is doing.
///
/// libpq's call blocks (it makes a connection of its own), and a dead server can hold it for long: every
/// request gets a thread, and nobody waits for it. That a request may arrive late and hit the *next* statement
/// is why a connection that was ever cancelled is closed and never used again.
@safe
final class ServerCancel: Sendable {
    // Written never after its creation, and PQcancel only reads it; freed when the last request is through.
    private nonisolated(unsafe) let request: OpaquePointer

    init?(of connection: OpaquePointer) {
        guard let request = unsafe PQgetCancel(connection) else { return nil }
        unsafe self.request = unsafe request
    }

    deinit { unsafe PQfreeCancel(request) }

    func send() {
        startThread(named: "postgres-cancel") { [self] in
            var message = [CChar](repeating: 0, count: 256)
            _ = unsafe PQcancel(request, &message, Int32(message.count))
        }
    }
}
