package import DriftCore
package import Foundation
internal import Messages

/// What is posted to Slack, within its limits: 50 blocks, 3000 characters a section, 10 fields of 2000, a header of
/// 150, and 12 000 in all, where Slack's own unwritten limit begins near 13 000.
///
/// They hold by construction: ``MessageText`` cuts every part, and the parts are few. Text from outside is in
/// `plain_text` only, where no markup is read; the page's address is in a button with a label of our own.
package struct SlackMessage: Hashable, Sendable, Encodable {
    package struct Text: Hashable, Sendable, Encodable {
        var type = "plain_text"
        var text: String
        var emoji = false
    }

    package struct Block: Hashable, Sendable, Encodable {
        var type: String
        var text: Text?
        var fields: [Text]?
        var elements: [Text]?
    }

    /// Holds the button, and a bar in the colour of the state.
    ///
    /// A button in a *block* tells the app of each click, and Slack marks it with a warning if the app has no address that
    /// answers. One in an attachment only opens its page: neither a webhook nor a bot needs an address for it.
    package struct Attachment: Hashable, Sendable, Encodable {
        package struct Button: Hashable, Sendable, Encodable {
            var type = "button"
            var text: String
            var url: String
        }

        var fallback: String
        var color: Color
        var actions: [Button]
    }

    package enum Color: String, Hashable, Sendable, Encodable {
        case good, warning, danger
    }

    /// Where a bot puts a message; a webhook knows its own channel.
    package enum Place: Hashable, Sendable {
        case webhook
        case channel(String)
        /// Below a message, by its channel's id and its own.
        case thread(ParentMessage)
        /// In the place of a message.
        case edit(ParentMessage)
    }

    private let channel: String?
    private let ts: String?
    private let threadTS: String?
    /// What notifications and screen readers show.
    let text: String
    let blocks: [Block]?
    private let attachments: [Attachment]?
    /// Names may contain `*`, `_` and backticks.
    ///
    /// An edit has no such field, but `parse`.
    private let mrkdwn: Bool?
    private let parse: String?
    /// Slack is not to fetch our pages.
    private let unfurlLinks: Bool?
    private let unfurlMedia: Bool?

    enum CodingKeys: String, CodingKey {
        case channel, ts, text, blocks, attachments, mrkdwn, parse
        case threadTS = "thread_ts"
        case unfurlLinks = "unfurl_links"
        case unfurlMedia = "unfurl_media"
    }

    /// What happened.
    package init(_ notification: OutboundNotification, baseURL: URL?, in place: Place = .webhook) {
        let text = MessageText.about(notification, baseURL: baseURL, escaping: .slack)
        self.init(text, Color(of: notification.facts), notification.form, place)
    }

    /// What is true now of the alert.
    package init(stateOf notification: OutboundNotification, baseURL: URL?, in place: Place) {
        let text = MessageText.present(
            notification.facts, outboxID: notification.outboxID, baseURL: baseURL, escaping: .slack)
        self.init(text, Color(of: notification.facts), notification.form, place)
    }

    private init(_ text: MessageText, _ color: Color, _ form: OutboundNotification.Form, _ place: Place) {
        switch place {
        case .webhook: (channel, ts, threadTS) = (nil, nil, nil)
        case .channel(let name): (channel, ts, threadTS) = (name, nil, nil)
        case .thread(let parent): (channel, ts, threadTS) = (parent.channelID, nil, parent.remoteID)
        case .edit(let message): (channel, ts, threadTS) = (message.channelID, message.remoteID, nil)
        }
        let isPost = ts == nil
        (mrkdwn, unfurlLinks, unfurlMedia) = isPost ? (false, false, false) : (nil, nil, nil)
        parse = isPost ? nil : "none"
        switch form {
        case .rich:
            self.text = [text.summary, text.remark, text.resolves, text.identity].compactMap { $0 }.joined(
                separator: "\n")
            blocks = Self.blocks(text)
            attachments = Self.button(text).map {
                [Attachment(fallback: "\($0.text): \($0.url)", color: color, actions: [$0])]
            }
        case .plain:
            self.text = text.lines(withExcerpts: false).joined(separator: "\n")
            // An edit that does not name them keeps those that were there.
            (blocks, attachments) = isPost ? (nil, nil) : ([], [])
        }
    }

    /// The body of the request, its keys sorted.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(self))
    }

    private static func blocks(_ text: MessageText) -> [Block] {
        func section(_ text: String) -> Block { Block(type: "section", text: Text(text: text)) }
        var fields = ["\(text.serverLabel)\n\(text.server)"]
        if let pack = text.pack { fields.append("Pack\n\(pack)") }
        if let count = text.count { fields.append("Wrong\n\(count)") }
        fields.append("When\n\(text.since)")
        if let labels = text.labels { fields.append("Labels\n\(labels)") }
        var blocks = [Block(type: "header", text: Text(text: text.headline))]
        if text.headline != text.title { blocks.append(section(text.title)) }
        blocks.append(Block(type: "section", fields: fields.map { Text(text: $0) }))
        let items = text.items + (text.more > 0 ? ["+\(text.more) more"] : [])
        if !items.isEmpty {
            blocks.append(section((text.added.map { ["\($0):"] + items } ?? items).joined(separator: "\n")))
        }
        blocks += (text.excerpts + [text.remark, text.resolves].compactMap(\.self)).map(section)
        if case .command(let command) = text.link { blocks.append(section(command)) }
        blocks.append(Block(type: "context", elements: [Text(text: text.identity)]))
        return blocks
    }

    private static func button(_ text: MessageText) -> Attachment.Button? {
        guard case .page(let url) = text.link else { return nil }
        return Attachment.Button(text: text.linkLabel, url: url)
    }
}

extension SlackMessage.Color {
    fileprivate init(of facts: NotificationFacts) {
        self =
            switch facts.status {
            case .open: .danger
            case .acknowledged: .warning
            case .resolved: facts.resolution?.isProven == false ? .warning : .good
            // Of a test.
            case nil: .good
            }
    }
}
