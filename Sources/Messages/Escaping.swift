internal import Redaction

/// How text from outside is made fit for one medium.
package enum Escaping: Hashable, Sendable {
    /// Terminals and logs: nothing to escape once the text is printable.
    case none
    /// Slack decodes exactly `&amp;`, `&lt;` and `&gt;`, in `plain_text` as in `mrkdwn`, so exactly these are made.
    case slack

    /// Makes `text` printable, then escapes it, cut between two graphemes so that it has at most `limit` characters.
    ///
    /// They are counted after escaping, in UTF-16, which is never less than what Slack counts. What was cut ends
    /// with "…"; no entity is ever cut.
    package func fit(_ text: String, _ limit: Int) -> String {
        var pieces: [String] = []
        var length = 0
        // How many pieces leave room for the "…".
        var kept = 0
        for character in VisibleText.message(text, atMost: limit) {
            let piece = escape(character)
            length += piece.utf16.count
            guard length <= limit else { return limit > 0 ? pieces.prefix(kept).joined() + "…" : "" }
            pieces.append(piece)
            if length < limit { kept = pieces.count }
        }
        return pieces.joined()
    }

    private func escape(_ character: Character) -> String {
        guard self == .slack else { return String(character) }
        // A combining mark may hang on to the character, so scalars decide.
        var escaped = ""
        for scalar in character.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// One line without what could steer a terminal or reorder a message.
package func printable(_ text: String) -> String { VisibleText.message(text) }
