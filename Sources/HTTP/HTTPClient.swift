internal import Dispatch
internal import Synchronization

/// Sends requests one after the other over kept-alive connections.
///
/// libcurl blocks, so it runs on a private serial queue and never on Swift's cooperative pool. What libcurl honours
/// holds here: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, unless the settings decline. No redirect is
/// followed, no cookie kept, no `.netrc` read. The process must ignore `SIGPIPE`.
package final class HTTPClient: Sendable {
    package struct Settings: Hashable, Sendable {
        /// PEM certificates to trust in place of the system's.
        package var certificateAuthorities: String?
        package var connectTimeout: Duration
        package var userAgent: String
        /// Whether the environment's proxies count; they know nothing of this machine's own addresses.
        package var usesProxy: Bool

        package init(
            certificateAuthorities: String? = nil, connectTimeout: Duration = .seconds(5),
            userAgent: String = "driftwatch", usesProxy: Bool = true
        ) {
            self.certificateAuthorities = certificateAuthorities
            self.connectTimeout = connectTimeout
            self.userAgent = userAgent
            self.usesProxy = usesProxy
        }
    }

    private struct State {
        var closed = false
        var live: [ObjectIdentifier: Exchange] = [:]
    }

    private let queue = DispatchQueue(label: "driftwatch.http")
    private let handle: EasyHandle
    private let settings: Settings
    private let state = Mutex(State())

    package init(settings: Settings = Settings()) {
        self.settings = settings
        handle = EasyHandle()
    }

    /// Sends `request` and returns the whole reply.
    ///
    /// A connection that the server closed while it was idle is replaced without notice. Cancelling the task ends
    /// the request within about a second: at once while it waits for its turn.
    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPReply {
        let exchange = Exchange(request)
        guard enlist(exchange) else { throw HTTPError(.cancelled, host: nil, detail: "the client is closed") }
        defer { state.withLock { $0.live[ObjectIdentifier(exchange)] = nil } }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                exchange.wait(continuation)
                queue.async { [handle, settings] in exchange.run(on: handle, settings) }
                // The queue cannot look at the clock while another request blocks it.
                DispatchQueue.global().asyncAfter(deadline: .now() + request.deadline.seconds) { [weak exchange] in
                    exchange?.expire()
                }
            }
        } onCancel: {
            exchange.cancel()
        }
        return try result.get()
    }

    /// Cancels what is under way and drops the connections; further requests are refused as cancelled.
    package func close() {
        let live = state.withLock { state in
            state.closed = true
            return Array(state.live.values)
        }
        for exchange in live { exchange.cancel() }
        queue.async { [handle] in handle.close() }
    }

    private func enlist(_ exchange: Exchange) -> Bool {
        state.withLock { state in
            guard !state.closed else { return false }
            state.live[ObjectIdentifier(exchange)] = exchange
            return true
        }
    }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
