package import DriftCore
package import Foundation

/// Writes notifications for people at a terminal.
package struct ConsoleSender: NotificationSender {
    private let baseURL: URL?
    private let write: @Sendable (String) -> Void

    /// `write` gets one whole message at a time, several lines without the last line break.
    package init(baseURL: URL?, write: @escaping @Sendable (String) -> Void) {
        self.baseURL = baseURL
        self.write = write
    }

    package func send(_ notification: OutboundNotification) async -> DeliveryReply {
        let text = MessageText(
            notification.facts, outboxID: notification.outboxID, baseURL: baseURL, escaping: .none)
        write(text.lines.joined(separator: "\n"))
        return .sent(remoteID: nil)
    }
}
