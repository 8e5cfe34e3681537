package import DriftCore
internal import Synchronization

/// Sends nothing: keeps what it is given, and replies by script.
package final class RecordingSender: NotificationSender {
    /// Each notification from the first on, as it comes in; what one consumer took, no other gets.
    package let notifications: AsyncStream<OutboundNotification>
    private let continuation: AsyncStream<OutboundNotification>.Continuation
    private let reply: @Sendable (OutboundNotification, Int) async -> DeliveryReply
    private let log = Mutex<[OutboundNotification]>([])

    /// Replies by `script`, then with `otherwise` for good.
    package convenience init(_ script: [DeliveryReply] = [], otherwise: DeliveryReply = .sent(remoteID: nil)) {
        self.init { _, index in index < script.count ? script[index] : otherwise }
    }

    /// Asks `reply` about each notification, given its number from 0; it may wait, so that a sending stays under way.
    package init(reply: @escaping @Sendable (OutboundNotification, Int) async -> DeliveryReply) {
        self.reply = reply
        (notifications, continuation) = AsyncStream.makeStream()
    }

    /// What it was given so far, in order.
    package var sent: [OutboundNotification] { log.withLock { $0 } }

    /// Waits for the next notification that was not yet taken from `notifications`.
    package func nextNotification() async -> OutboundNotification? {
        await notifications.first { _ in true }
    }

    package func send(_ notification: OutboundNotification) async -> DeliveryReply {
        let index = log.withLock { log in
            log.append(notification)
            return log.count - 1
        }
        continuation.yield(notification)
        return await reply(notification, index)
    }
}
