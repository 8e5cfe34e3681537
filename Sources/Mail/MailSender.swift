package import DriftCore
package import Foundation
package import HTTP

/// Hands notifications to a mail server, each once, without retries.
package struct MailSender: NotificationSender {
    private let destination: MailDestination
    private let client: SMTPClient
    private let baseURL: URL?
    private let deadline: Duration
    private let now: @Sendable () -> Date

    /// `deadline` is longer than that of other senders: mail servers look into what they take.
    package init(
        destination: MailDestination, client: SMTPClient, baseURL: URL?, deadline: Duration = .seconds(25),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.destination = destination
        self.client = client
        self.baseURL = baseURL
        self.deadline = deadline
        self.now = now
    }

    package func send(_ notification: OutboundNotification) async -> DeliveryReply {
        let message = MailMessage(notification, to: destination, baseURL: baseURL, date: now())
        do {
            return destination.classify(
                try await client.send(
                    SMTPRequest(
                        host: destination.host, port: destination.port, security: destination.security,
                        login: destination.login, from: destination.from, to: destination.to, message: message.bytes,
                        deadline: deadline)))
        } catch {
            return .unreachable(destination.line("\(error)"))
        }
    }
}

extension MailDestination {
    /// Classifies by the server's last answer, and by whether the mail itself was handed over when it came.
    package func classify(_ report: SMTPReport) -> DeliveryReply {
        let last = report.answers.last
        guard let error = report.error else { return .sent(remoteID: last.map { line($0.text) }) }
        // 354 asks for the mail. What comes after it is about the mail, what comes before about us, the sender or who gets it.
        let isAsked = report.answers.contains { $0.code == 354 }
        if let last, last.code >= 400 {
            let reason = line("\(last.code) \(last.text)")
            switch last.code {
            // Closing: it asks everybody to come later.
            case 421: return .pace(RetryAfter.fallback)
            case ..<500: return .serverError(reason)
            // Too large.
            case 552: return .badMessage(reason)
            default: return isAsked ? .badMessage(reason) : .badDestination(reason)
            }
        }
        let reason = line("\(error)")
        switch error.kind {
        case .badURL: return .badDestination(reason)
        // It was asked what it can, and STARTTLS was not in its answer.
        case .tls where security == .startTLS && last?.code == 250:
            return .unreachable("\(reason); it offers no STARTTLS")
        case .resolve, .connect, .tls, .timeout, .tooLarge, .cancelled, .notHTTP, .other:
            return report.isSent ? .noReply(reason) : .unreachable(reason)
        }
    }
}
