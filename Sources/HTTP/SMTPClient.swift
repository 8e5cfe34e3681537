/// Hands mails to a mail server, one after the other.
///
/// A proxy of the environment does not count: mail servers are near.
package final class SMTPClient: Sendable {
    private let queue = TransferQueue()
    private let settings: HTTPClient.Settings

    /// Of the settings, those of TLS and of the connection count.
    package init(certificateAuthorities: String? = nil, connectTimeout: Duration = .seconds(5)) {
        settings = HTTPClient.Settings(
            certificateAuthorities: certificateAuthorities, connectTimeout: connectTimeout, usesProxy: false)
    }

    /// Sends a mail once, without retries.
    ///
    /// - Throws: ``HTTPError`` only where the mail had no turn: its deadline passed, or it was cancelled.
    package func send(_ request: SMTPRequest) async throws(HTTPError) -> SMTPReport {
        try await queue.perform(within: request.deadline) { [settings] handle, deadline, isCancelled in
            .success(handle.perform(request, until: deadline, settings, isCancelled: isCancelled))
        }
    }

    package func close() { queue.close() }
}
