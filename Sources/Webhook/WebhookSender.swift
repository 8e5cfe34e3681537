package import DriftCore
package import Foundation
package import HTTP
internal import Messages
internal import Presentation

/// Posts notifications as signed JSON, each once, without retries.
package struct WebhookSender: NotificationSender {
    private let destination: WebhookDestination
    private let client: HTTPClient
    private let baseURL: URL?
    private let deadline: Duration
    private let now: @Sendable () -> Date

    /// `deadline` holds for a first attempt; a repeat gets two and a half times as long.
    package init(
        destination: WebhookDestination, client: HTTPClient, baseURL: URL?, deadline: Duration = .seconds(10),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.destination = destination
        self.client = client
        self.baseURL = baseURL
        self.deadline = deadline
        self.now = now
    }

    package func send(_ notification: OutboundNotification) async -> DeliveryReply {
        do {
            return destination.classify(try await client.send(request(notification)), now: now())
        } catch {
            return destination.classify(error, now: now())
        }
    }

    private func request(_ notification: OutboundNotification) -> HTTPRequest {
        let body = Array(NotificationForm.document(of: notification, baseURL: baseURL).line.utf8)
        let timestamp = String(Int(now().timeIntervalSince1970))
        return HTTPRequest(
            method: .post, url: destination.url,
            headers: [
                ("Content-Type", "application/json; charset=utf-8"),
                ("Driftwatch-Delivery", notification.messageID),
                ("Driftwatch-Timestamp", timestamp),
                ("Driftwatch-Signature", destination.signature(of: body, at: timestamp)),
            ],
            body: body, deadline: notification.deadline(first: deadline))
    }
}

extension WebhookDestination {
    /// Classifies a reply by its status: receivers differ in what they write into a body, so nobody reads it.
    func classify(_ reply: HTTPReply, now: Date) -> DeliveryReply {
        let reason = "HTTP \(reply.status)"
        return switch reply.status {
        case 200..<300: .sent(remoteID: nil)
        case 300..<400: .badDestination("\(reason), a redirect")
        case 400, 413, 415, 422: .badMessage(reason)
        case 429:
            .pace(RetryAfter.wait(asked: [reply.headers["Retry-After"]], date: reply.headers["Date"], now: now))
        // A proxy that had no reply itself.
        case 504, 524: .noReply(reason)
        case 408, 425, 500...: .serverError(reason)
        // It is not there any more, or does not know us: what waits must not be thrown away.
        default: .badDestination(reason)
        }
    }

    /// Classifies a failure to get a whole reply: by its status if one arrived, else by whether the message was sent.
    func classify(_ error: HTTPError, now: Date) -> DeliveryReply {
        // With a status, the body does not matter, be it too long or cut off.
        if let head = error.head { return classify(head, now: now) }
        let reason = line("\(error)")
        return switch error.kind {
        case .badURL: .badDestination(reason)
        case .notHTTP: .unreachable(reason)
        case .resolve, .connect, .tls, .timeout, .cancelled, .tooLarge, .other:
            error.isSent ? .noReply(reason) : .unreachable(reason)
        }
    }
}
