/// The message that shows an alert at a destination as it is now: it is edited when the alert changes, and what happened is
/// posted in the thread below it.
package struct ParentMessage: Hashable, Sendable, Codable {
    /// As the settings name it.
    package var channel: String
    package var channelID: String
    /// Of the message in that channel.
    package var remoteID: String
    /// It is about several alerts, so that it shows none of them as it is now: it is not edited.
    package var shared: Bool

    enum CodingKeys: String, CodingKey {
        case channel, shared
        case channelID = "channel_id"
        case remoteID = "remote_id"
    }

    package init(channel: String, channelID: String, remoteID: String, shared: Bool = false) {
        self.channel = channel
        self.channelID = channelID
        self.remoteID = remoteID
        self.shared = shared
    }
}
