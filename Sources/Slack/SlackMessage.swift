package import DriftCore
package import Foundation

/// What is posted to Slack, within its limits: 50 blocks, 3000 characters a section, 10 fields of 2000, a header of
/// 150, and 12 000 in all, where Slack's own unwritten limit begins near 13 000.
///
/// They hold by construction: ``MessageText`` cuts every part, and the parts are few. Text from outside is in
/// `plain_text` only, where no markup is read; the one `mrkdwn` text is the link with a label of our own.
package struct SlackMessage: Hashable, Sendable, Encodable {
    package struct Text: Hashable, Sendable, Encodable {
        var type: String
        var text: String
        var emoji: Bool?
        var verbatim: Bool?

        static func plain(_ text: String) -> Text { Text(type: "plain_text", text: text, emoji: false) }
        static func markup(_ text: String) -> Text { Text(type: "mrkdwn", text: text, verbatim: true) }
    }

    package struct Block: Hashable, Sendable, Encodable {
        var type: String
        var text: Text?
        var fields: [Text]?
        var elements: [Text]?
    }

    /// Only where a bot posts; a webhook knows its own.
    package var channel: String?
    /// What notifications and screen readers show.
    package var text: String
    package var blocks: [Block]?
    /// Names may contain `*`, `_` and backticks.
    private let mrkdwn = false
    /// Slack is not to fetch our pages.
    private let unfurlLinks = false
    private let unfurlMedia = false

    enum CodingKeys: String, CodingKey {
        case channel, text, blocks, mrkdwn
        case unfurlLinks = "unfurl_links"
        case unfurlMedia = "unfurl_media"
    }

    package init(_ notification: OutboundNotification, baseURL: URL?, channel: String? = nil) {
        let text =
            MessageText(checking: notification, baseURL: baseURL, escaping: .slack)
            ?? MessageText(notification.facts, outboxID: notification.outboxID, baseURL: baseURL, escaping: .slack)
        self.channel = channel
        switch notification.form {
        case .rich:
            self.text = [text.summary, text.remark, text.resolves, text.identity].compactMap { $0 }.joined(
                separator: "\n")
            blocks = Self.blocks(text)
        case .plain:
            self.text = text.lines(withExcerpts: false).joined(separator: "\n")
            blocks = nil
        }
    }

    /// The body of the request, its keys sorted.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(self))
    }

    private static func blocks(_ text: MessageText) -> [Block] {
        var fields = ["\(text.serverLabel)\n\(text.server)"]
        if let pack = text.pack { fields.append("Pack\n\(pack)") }
        if let count = text.count { fields.append("Wrong\n\(count)") }
        fields.append("When\n\(text.since)")
        if let labels = text.labels { fields.append("Labels\n\(labels)") }
        var blocks = [Block(type: "header", text: .plain(text.headline))]
        if text.headline != text.title { blocks.append(Block(type: "section", text: .plain(text.title))) }
        blocks.append(Block(type: "section", fields: fields.map(Text.plain)))
        let items = text.items + (text.more > 0 ? ["+\(text.more) more"] : [])
        if !items.isEmpty {
            let heading = text.added.map { ["\($0):"] } ?? []
            blocks.append(Block(type: "section", text: .plain((heading + items).joined(separator: "\n"))))
        }
        blocks += text.excerpts.map { Block(type: "section", text: .plain($0)) }
        if let remark = text.remark { blocks.append(Block(type: "section", text: .plain(remark))) }
        if let resolves = text.resolves { blocks.append(Block(type: "section", text: .plain(resolves))) }
        switch text.link {
        case .page(let url):
            blocks.append(Block(type: "section", text: .markup("<\(url)|\(text.linkLabel)>")))
        case .command(let command):
            blocks.append(Block(type: "section", text: .plain(command)))
        case nil:
            break
        }
        blocks.append(Block(type: "context", elements: [.plain(text.identity)]))
        return blocks
    }
}
