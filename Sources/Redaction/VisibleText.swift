/// Makes text from outside harmless, each medium in its own way, all by the table of ``SignKind``; in linear time.
package enum VisibleText {
    package static let valueLimit = 1024

    // MARK: evidence

    /// One line that hides nothing, cut after `limit` Unicode scalars with a note of how many were left out.
    ///
    /// Control characters become their pictures (`␛`, `␊`); what cannot be seen, or looks like a space, becomes its
    /// number (`‹U+202E›`). Of a text that it has made it makes the same; ``ShownText`` also tells marks from content.
    package static func line(_ text: String, limit: Int = valueLimit) -> String {
        if text.utf8.count <= limit, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        var result = String.UnicodeScalarView()
        // The count is of the original's scalars, so that an escape never makes a text seem cut.
        var count = 0
        for scalar in text.unicodeScalars {
            count += 1
            guard count <= limit else { continue }
            if let picture = scalar.picture {
                result.append(picture)
            } else if scalar.kind == .plain {
                result.append(scalar)
            } else {
                result.append(contentsOf: "‹\(scalar.codePoint)›".unicodeScalars)
            }
        }
        return String(result) + (count > limit ? "… (\(count - limit) more characters)" : "")
    }

    // MARK: what a server sent

    /// Bytes as text to compare and store: broken UTF-8, NUL and control characters but newline and tab become U+FFFD.
    ///
    /// They are replaced, not dropped, so that no wrong value can turn into a right one.
    package static func value(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let isControl = { (scalar: Unicode.Scalar) in
            let value = scalar.value
            return (value < 0x20 && value != 0x09 && value != 0x0A) || (0x7F...0x9F).contains(value)
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return mapped(text) { isControl($0) ? "\u{FFFD}" : $0 }
    }

    /// Bytes as one line of at most `limit` scalars, without what would move the cursor, end the line or turn its
    /// direction.
    package static func plain(_ bytes: some Collection<UInt8>, limit: Int = 200) -> String {
        let bytes = Array(bytes.prefix(limit * 4))
        if bytes.count <= limit, bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        var kept = String.UnicodeScalarView()
        // Counting what is kept would begin at its start each time.
        var count = 0
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar.kind {
            case .plain, .blank, .joiner: kept.append(scalar)
            case .tab: kept.append(" ")
            case .lineBreak, .control, .invisible, .unknown: continue
            }
            count += 1
            if count == limit { break }
        }
        return String(kept)
    }

    // MARK: media

    /// For web pages: tabs stay, U+FFFD stands for what a page must not repeat; HTML is the template's matter.
    package static func page(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { !$0.kind.isVisible && $0 != "\t" }) else { return text }
        return mapped(text) { $0.kind.isVisible || $0 == "\t" ? $0 : "\u{FFFD}" }
    }

    /// For terminals and logs, on one line: what a terminal would take as a command, or would not show, becomes
    /// `\u{…}`.
    package static func terminal(_ text: String) -> String {
        let isSafe = { (scalar: Unicode.Scalar) in scalar.kind == .plain || scalar.kind == .blank }
        guard !text.unicodeScalars.allSatisfy(isSafe) else { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": shown.append(contentsOf: "\\n".unicodeScalars)
            case "\t": shown.append(contentsOf: "\\t".unicodeScalars)
            case "\r": shown.append(contentsOf: "\\r".unicodeScalars)
            case _ where isSafe(scalar): shown.append(scalar)
            default: shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            }
        }
        return String(shown)
    }

    /// Many lines, each as ``terminal(_:)`` makes it; tabs stay.
    package static func terminalLines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { terminal(String($0)) }
                .joined(separator: "\t")
        }
    }

    /// For chat messages, on one line: line breaks and tabs become spaces, what cannot be seen is dropped, but the
    /// joiners stay.
    ///
    /// Of a longer text only the first `limit` scalars that are kept, and one more: the rest would be cut off anyway.
    package static func message(_ text: String, atMost limit: Int = .max) -> String {
        var kept = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            switch scalar.kind {
            case .plain, .blank, .joiner, .unknown: kept.append(scalar)
            case .tab, .lineBreak: kept.append(" ")
            case .control, .invisible: continue
            }
            count += 1
            if count > limit { break }
        }
        return String(kept)
    }

    /// For messages about a file, between backticks, at most 60 scalars.
    package static func quoted(_ text: String) -> String {
        let shown = terminal(String(String.UnicodeScalarView(text.unicodeScalars.prefix(60))))
        return "`\(shown)\(text.unicodeScalars.count > 60 ? "…" : "")`"
    }

    private static func mapped(_ text: String, _ change: (Unicode.Scalar) -> Unicode.Scalar) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(change(scalar)) }
        return String(result)
    }
}
