internal import Redaction

/// What may be shown about a file whose content is wrong.
///
/// A hash is shown only if the two sides have different ones. If only secrets differ, the hashes of the masked texts are
/// equal; then a note says so instead.
struct ContentReport {
    private var expected: [String: EvidenceValue] = [:]
    private var actual: [String: EvidenceValue] = [:]
    /// Only where both contents are text.
    private(set) var diff: String?

    var sides: Sides { Sides(expected: expected, actual: actual) }

    /// `bytes` are those of the file, where the probe brought them.
    init(
        of path: String, at entry: FileEntry, expected wanted: FileExpectation.Content, actual digest: SHA256Digest,
        bytes: [UInt8]?, show: FileExpectation.Show
    ) {
        var template: ComparedText?
        let source = wanted.source
        if let source {
            expected["template"] = source.words
            template = ComparedText(source.bytes)
        }
        guard show != .hidden, Masking.mayReadContent(of: path, at: entry) else {
            // The hash of a short secret can be guessed, so it is not shown either.
            actual["note"] = "the content differs, and is not shown"
            return
        }
        Self.tell(wanted.digest, of: template, in: &expected)
        // A text that was not seen may be the template's but for the secrets.
        if template?.masked.hasSecrets != true { Self.tell(digest, of: nil, in: &actual) }
        // An old probe on the server may send more than it was asked for.
        guard show == .text || entry.isWorldReadable else {
            actual["note"] = "private, the text is not shown"
            return
        }
        guard let bytes else {
            if source != nil { actual["note"] = .word(Self.whyUnsent(entry)) }
            return
        }
        guard SHA256Digest(of: bytes) == digest else {
            actual["note"] = "changed while it was read"
            return
        }
        guard var new = ComparedText(bytes) else {
            actual["note"] = "binary"
            return
        }
        guard var old = template else {
            Self.tell(digest, of: new, in: &actual)
            if source != nil { actual["note"] = "a binary file is expected" }
            return
        }
        old.adoptMasks(of: new)
        new.adoptMasks(of: old)
        let comparison = TextComparison(of: path, expected: old, actual: new)
        diff = comparison.diff
        Self.tell(wanted.digest, of: old, in: &expected)
        Self.tell(digest, of: new, in: &actual)
        guard let hash = expected[Self.maskedHash], hash == actual[Self.maskedHash] else { return }
        expected[Self.maskedHash] = nil
        actual[Self.maskedHash] = nil
        // With the lines, so that results in which other secrets differ have different fingerprints.
        let lines = comparison.hiddenLines
        actual["note"] = .word(
            lines.isEmpty ? Mismatch.hiddenDifference : TextComparison.words(forHidden: lines).lowercasedFirst)
    }

    /// For a content that was not read but whose size proves that it is wrong.
    init(
        of path: String, at entry: FileEntry, expected template: (source: EvidenceValue, size: Int), actual size: Int,
        because reason: UnreadableReason, show: FileExpectation.Show
    ) {
        expected = ["template": template.source]
        guard show != .hidden && Masking.mayReadContent(of: path, at: entry) else {
            actual = ["note": .word("the size differs, and is not shown; not read: \(reason.words)")]
            return
        }
        expected["size"] = .word(String(template.size))
        actual = ["size": .word(String(size)), "note": .word("the size differs; not read: \(reason.words)")]
    }

    private static let maskedHash = "masked_content_hash"
    /// Up to how many bytes the probe sends a text.
    private static let sentBytes = 65536

    private static func whyUnsent(_ entry: FileEntry) -> String {
        guard let size = entry.followed?.size, size > sentBytes else {
            return "only the hash was compared: the server did not send the text"
        }
        return "only the hash was compared, of all \(size) bytes: texts of more than \(sentBytes) are not sent"
    }

    /// Somebody who knows the rest of a file could guess its secrets from its hash, so the hash of the masked text is shown.
    private static func tell(_ digest: SHA256Digest, of text: ComparedText?, in pairs: inout [String: EvidenceValue]) {
        guard let masked = text?.masked, masked.hasSecrets else {
            pairs["content_hash"] = .word(digest.description)
            return
        }
        pairs["content_hash"] = nil
        pairs[maskedHash] = .word(SHA256Digest(of: masked.joined).description)
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
