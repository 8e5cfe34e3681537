package import DriftCore
package import Foundation

/// Writes notifications for people at a terminal.
package struct ConsoleSender: NotificationSender {
    private let baseURL: URL?
    private let write: @Sendable (String) throws -> Void

    /// `write` gets one whole message at a time, several lines without the last line break; it throws where nobody
    /// can have read it.
    package init(baseURL: URL?, write: @escaping @Sendable (String) throws -> Void) {
        self.baseURL = baseURL
        self.write = write
    }

    package func send(_ notification: OutboundNotification) async -> DeliveryReply {
        guard !notification.facts.kind.isOnlyAnEdit else { return .notNeeded("what is printed cannot be edited") }
        let text = MessageText.about(notification, baseURL: baseURL, escaping: .none)
        do { try write(text.lines().joined(separator: "\n")) } catch {
            return .unreachable("standard output cannot be written")
        }
        return .sent(remoteID: nil)
    }
}
