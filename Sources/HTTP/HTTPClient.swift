/// Sends requests one after the other over kept-alive connections.
///
/// What libcurl honours holds here: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, unless the settings decline. No redirect is
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

    private let queue = TransferQueue()
    private let settings: Settings

    package init(settings: Settings = Settings()) {
        self.settings = settings
    }

    /// Sends `request` and returns the whole reply.
    ///
    /// A connection that the server closed while it was idle is replaced without notice. Cancelling the task ends
    /// the request within about a second: at once while it waits for its turn.
    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPReply {
        try await queue.perform(within: request.deadline) { [settings] handle, deadline, isCancelled in
            handle.perform(request, until: deadline, settings, isCancelled: isCancelled)
        }
    }

    /// Cancels what is under way and drops the connections; further requests are refused as cancelled.
    package func close() { queue.close() }
}
