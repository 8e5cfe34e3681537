package import DriftCore
package import Foundation
package import HTTP

/// Posts notifications to one Slack channel, each once, without retries.
package struct SlackSender: NotificationSender {
    private let destination: SlackDestination
    private let client: HTTPClient
    private let baseURL: URL?
    private let deadline: Duration
    private let now: @Sendable () -> Date

    /// `deadline` holds for a first attempt.
    ///
    /// A repeat gets two and a half times as long: what answers late may answer then.
    /// `now` is asked only where a reply names an instant to wait for and has no `Date` of its own.
    package init(
        destination: SlackDestination, client: HTTPClient, baseURL: URL?, deadline: Duration = .seconds(10),
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
            return try await destination.classify(client.send(request(notification)), now: now())
        } catch let error as HTTPError {
            return destination.classify(error, now: now())
        } catch {
            return .badMessage("the message could not be encoded")
        }
    }

    private func request(_ notification: OutboundNotification) throws -> HTTPRequest {
        var request = HTTPRequest(
            method: .post, url: "", deadline: notification.isRepeat ? deadline * 5 / 2 : deadline)
        request.headers = [("Content-Type", "application/json; charset=utf-8")]
        var channel: String?
        switch destination {
        case .webhook(let url):
            request.url = url
        case .bot(let token, let name, let api):
            request.url = (api.hasSuffix("/") ? String(api.dropLast()) : api) + "/chat.postMessage"
            request.headers.append(("Authorization", "Bearer \(token)"))
            channel = name
        }
        request.body = try SlackMessage(notification, baseURL: baseURL, channel: channel).json()
        return request
    }
}
