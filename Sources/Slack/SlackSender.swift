package import DriftCore
package import Foundation
package import HTTP

/// Sends notifications to one Slack channel, without retries.
///
/// A webhook posts each as a message of its own. A bot posts one message per alert, edits it with every change, and tells
/// what happened in the thread below it. An edit may be repeated, a post may not: so the edit comes first, and a
/// notification takes one post at the most. Slack has no key that makes a repeated post harmless
/// (`client_msg_id` is for its own clients), so a post whose reply was lost may appear twice.
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
        let place: SlackMessage.Place
        switch destination {
        case .webhook:
            guard !notification.facts.kind.isOnlyAnEdit else { return .notNeeded("a webhook cannot edit a message") }
            place = .webhook
        case .bot(_, let channel, _):
            if notification.facts.status != nil { return await show(notification, in: channel) }
            place = .channel(channel)
        }
        return await post(SlackMessage(notification, baseURL: baseURL, in: place), for: notification).reply
    }

    /// Edits the alert's message and replies to it; posts one if there is none, or if it is gone.
    ///
    /// A message about several alerts is not edited: it gets replies only.
    private func show(_ notification: OutboundNotification, in channel: String) async -> DeliveryReply {
        guard let parent = notification.parent, parent.channel == channel else {
            return await postParent(notification, in: channel)
        }
        guard !parent.shared else { return await reply(notification, to: parent, calls: 0) }
        let edit = SlackMessage(stateOf: notification, baseURL: baseURL, in: .edit(parent))
        let edited = await call("chat.update", edit, for: notification)
        if edited.parentIsGone { return await postParent(notification, in: channel, calls: 1) }
        switch edited.reply {
        case .sent: return await reply(notification, to: parent, calls: 1)
        // The edit may have been made, which does no harm, and nothing was posted: there is no doubt.
        case .noReply(let reason): return .serverError("the edit had no reply: \(reason)")
        default: return edited.reply
        }
    }

    /// After so many calls.
    private func reply(
        _ notification: OutboundNotification, to parent: ParentMessage, calls: Int
    ) async -> DeliveryReply {
        guard notification.facts.kind != .alertRefreshed else {
            return calls > 0
                ? .sent(remoteID: parent.remoteID) : .notNeeded("a message about several alerts is not edited")
        }
        let posted = await post(SlackMessage(notification, baseURL: baseURL, in: .thread(parent)), for: notification)
        if posted.parentIsGone { return await postParent(notification, in: parent.channel, calls: calls + 1) }
        guard case .sent(let id, _, _) = posted.reply else { return posted.reply }
        return .sent(remoteID: id, calls: calls + 1)
    }

    /// Of one alert, says what is true; of several, what happened.
    private func postParent(
        _ notification: OutboundNotification, in channel: String, calls: Int = 0
    ) async -> DeliveryReply {
        let isShared = !notification.others.isEmpty
        let message =
            isShared
            ? SlackMessage(notification, baseURL: baseURL, in: .channel(channel))
            : SlackMessage(stateOf: notification, baseURL: baseURL, in: .channel(channel))
        let posted = await post(message, for: notification)
        guard case .sent(let id, _, _) = posted.reply else { return posted.reply }
        var parent: ParentMessage?
        if let id, let channelID = posted.channelID {
            parent = ParentMessage(channel: channel, channelID: channelID, remoteID: id, shared: isShared)
        }
        return .sent(remoteID: id, parent: parent, calls: calls + 1)
    }

    private func post(_ message: SlackMessage, for notification: OutboundNotification) async -> SlackReply {
        await call("chat.postMessage", message, for: notification)
    }

    private func call(
        _ method: String, _ message: SlackMessage, for notification: OutboundNotification
    ) async -> SlackReply {
        do {
            var request = HTTPRequest(
                method: .post, url: "", deadline: notification.deadline(first: deadline))
            request.headers = [("Content-Type", "application/json; charset=utf-8")]
            switch destination {
            case .webhook(let url):
                request.url = url
            case .bot(let token, _, let api):
                request.url = "\(api.hasSuffix("/") ? String(api.dropLast()) : api)/\(method)"
                request.headers.append(("Authorization", "Bearer \(token)"))
            }
            request.body = try message.json()
            return try await destination.read(client.send(request), now: now())
        } catch let error as HTTPError {
            return SlackReply(destination.classify(error, now: now()))
        } catch {
            return SlackReply(.badMessage("the message could not be encoded"))
        }
    }
}

/// One reply of Slack's.
struct SlackReply: Hashable, Sendable {
    let reply: DeliveryReply
    /// The message that was to be edited, or replied to, cannot be.
    let parentIsGone: Bool
    let channelID: String?

    init(_ reply: DeliveryReply, parentIsGone: Bool = false, channelID: String? = nil) {
        self.reply = reply
        self.parentIsGone = parentIsGone
        self.channelID = channelID
    }
}
