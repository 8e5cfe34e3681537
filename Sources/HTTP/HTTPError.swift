/// Why there is no reply.
///
/// Its text names the host at the most: never a path, a query, a header or a body, as webhook URLs are secrets.
package struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The host, or the proxy, has no address.
        case resolve
        /// Refused, no route, or the connection broke before the reply was whole.
        case connect
        /// No trust in the certificate, or no common protocol.
        case tls
        /// The deadline passed.
        case timeout
        /// The reply passed its cap.
        case tooLarge = "too_large"
        /// The task was cancelled, or the client closed.
        case cancelled
        /// Not an absolute `http` or `https` URL.
        case badURL = "bad_url"
        /// What answered does not speak HTTP.
        case notHTTP = "not_http"
        case other
    }

    package let kind: Kind
    /// `host:port` of the URL, where it has one.
    package let host: String?
    private let detail: String
    /// Whether the whole request was sent: then the server may have acted on it.
    package let isSent: Bool
    /// Status and headers of the reply, where these arrived before the failure.
    package let head: HTTPReply?

    init(_ kind: Kind, host: String?, detail: String, isSent: Bool = false, head: HTTPReply? = nil) {
        self.kind = kind
        self.host = host
        self.detail = detail
        self.isSent = isSent
        self.head = head
    }

    /// Of a bounded set, for metrics and logs.
    package var label: String { "http_\(kind.rawValue)" }

    package var description: String {
        guard let host else { return detail }
        return "\(host): \(detail)"
    }
}
