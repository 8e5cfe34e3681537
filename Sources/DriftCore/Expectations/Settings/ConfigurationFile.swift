internal import Redaction
internal import Synchronization

/// The text of a configuration file that a server sent.
enum ConfigurationFile {
    /// Nil if there is no such file.
    static func text(
        at path: String, showsPrivateText: Bool, in facts: Facts
    ) -> Result<[UInt8]?, UnreadableReason> {
        let entry: FileEntry
        switch facts.files[ServerPath(path)] {
        case nil: return .failure(.malformedAnswer)
        case .unreadable(let reason): return .failure(reason)
        case .missing: return .success(nil)
        case .present(let found): entry = found
        }
        // A link that leads nowhere is no file either.
        if let link = entry.link, link.destination == nil { return .success(nil) }
        switch entry.content {
        case nil: return .failure(.malformedAnswer)
        case .unreadable(let reason): return .failure(reason)
        case .read(_, let bytes):
            guard Masking.mayReadContent(of: path, at: entry) else { return .failure(.secretPlace) }
            // An old probe on the server may send more than it was asked for, and another item may show the text.
            guard showsPrivateText || entry.isWorldReadable else { return .failure(.privateText) }
            return bytes.map { .success($0) } ?? .failure(entry.textWithheld ?? .malformedAnswer)
        }
    }
}

/// Configuration files that were read already: several settings of one file read it once.
///
/// Takes no part in what facts are equal.
package final class ReadConfigurations: Hashable, Sendable {
    private struct Question: Hashable {
        var path: String
        var style: ConfigurationStyle?
        var bytes: [UInt8]
    }

    private let texts = Mutex<[Question: ConfigurationText?]>([:])

    package init() {}

    /// Nil if the text is not of its style.
    func text(_ bytes: [UInt8], path: String, style: ConfigurationStyle?) -> ConfigurationText? {
        let question = Question(path: path, style: style, bytes: bytes)
        if let known = texts.withLock({ $0[question] }) { return known }
        let text = try? ConfigurationText(bytes, path: path, style: style)
        texts.withLock { $0[question] = text }
        return text
    }

    package static func == (left: ReadConfigurations, right: ReadConfigurations) -> Bool { true }
    package func hash(into hasher: inout Hasher) {}
}
