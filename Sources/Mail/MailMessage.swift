package import DriftCore
package import Foundation
internal import Messages

/// A notification as a mail: plain text in UTF-8, with the headers by which mail programs put the mails of an alert together.
///
/// What comes from outside reaches a header only as an encoded word or as visible ASCII in one line, so no name can add a header.
package struct MailMessage: Hashable, Sendable {
    /// Headers, an empty line and the text, each line ending in CR and LF.
    package let bytes: [UInt8]

    /// `date` is when it is sent.
    package init(_ notification: OutboundNotification, to destination: MailDestination, baseURL: URL?, date: Date) {
        let message = MessageText.about(notification, baseURL: baseURL, escaping: .none)
        var headers = [
            ("From", "Driftwatch <\(destination.from)>"),
            ("To", destination.to.joined(separator: ",\r\n ")),
            ("Subject", Self.encoded(message.headline)),
            ("Date", Self.date(date)),
            ("Message-ID", Self.id(notification.messageID, destination)),
        ]
        if let thread = notification.threadID, thread != notification.messageID {
            let id = Self.id(thread, destination)
            headers += [("In-Reply-To", id), ("References", id)]
        }
        headers += [
            // No program is to answer it.
            ("Auto-Submitted", "auto-generated"), ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "base64"),
        ]
        let text = message.lines(withExcerpts: notification.form == .rich).joined(separator: "\r\n") + "\r\n"
        bytes = Array(
            (headers.map { "\($0): \($1)\r\n" }.joined() + "\r\n" + base64(Array(text.utf8), inLines: true) + "\r\n")
                .utf8)
    }

    private static func id(_ id: String, _ destination: MailDestination) -> String { "<\(id)@\(destination.domain)>" }

    private static func date(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
        return formatter.string(from: date)
    }

    /// A header's text (RFC 2047): as it stands if it is short visible ASCII, else in encoded words, so that no line has more than 78 characters.
    static func encoded(_ text: String) -> String {
        let isPlain =
            text.utf8.count <= 60 && text.utf8.allSatisfy { (0x20..<0x7f).contains($0) } && !text.contains("=?")
        if isPlain { return text }
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            // A character is never cut: each word stands for itself.
            if words[words.count - 1].count + bytes.count > 39 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(base64($0))?=" }.joined(separator: "\r\n ")
    }
}

func base64(_ bytes: [UInt8], inLines: Bool = false) -> String {
    let options: Data.Base64EncodingOptions =
        !inLines ? [] : [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]
    return Data(bytes).base64EncodedString(options: options)
}
