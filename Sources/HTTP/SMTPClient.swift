/// Hands mails to a mail server, one after the other.
///
/// A proxy of the environment does not count: mail servers are near.
package final class SMTPClient: Sendable {
    private let queue = TransferQueue()
    private let settings: HTTPClient.Settings

    /// A mail's deadline alone limits how long connecting takes.
    ///
    /// To libcurl, greeting and login belong to that, and mail servers let strangers wait for both.
    package init(certificateAuthorities: String? = nil) {
        settings = HTTPClient.Settings(
            certificateAuthorities: certificateAuthorities, connectTimeout: .seconds(3600), usesProxy: false)
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
