internal import Redaction

/// What may be told of a file whose content is not the wanted one.
struct ContentReport {
    private(set) var expected: [String: String] = [:]
    private(set) var actual: [String: String] = [:]
    /// Only where both contents are text.
    private(set) var diff: String?

    /// `bytes` are those of the file, where the probe brought them.
    init(
        of path: String, at entry: FileEntry, expected wanted: FileExpectation.Content, actual digest: SHA256Digest,
        bytes: [UInt8]?, show: FileExpectation.Show
    ) {
        var template: Text?
        if case .template(let name, let wantedBytes) = wanted {
            expected["template"] = name
            template = Text(wantedBytes)
        }
        guard show != .hidden, Masking.mayReadContent(of: path, at: entry) else {
            // The hash of a short secret can be guessed, so it is not shown either.
            expected["content_hash"] = Masking.mask
            actual = ["content_hash": Masking.mask, "note": "content not shown"]
            return
        }
        Self.tell(wanted.digest, of: template, in: &expected)
        // A text that was not seen may be the template's but for the secrets.
        actual["content_hash"] = template?.masked.hasSecrets == true ? Masking.mask : digest.description
        // An old probe on the server may send more than it was asked for.
        guard show == .text || entry.isWorldReadable else {
            actual["note"] = "private, the text is not shown"
            return
        }
        guard let bytes else { return }
        guard SHA256Digest(of: bytes) == digest else {
            actual["note"] = "changed while it was read"
            return
        }
        guard var new = Text(bytes) else {
            actual["note"] = "binary"
            return
        }
        if var old = template {
            old.adoptMasks(of: new)
            new.adoptMasks(of: old)
            Self.tell(wanted.digest, of: old, in: &expected)
            diff = Self.diff(path, old, new)
        } else if case .template = wanted {
            actual["note"] = "a binary file is expected"
        }
        Self.tell(digest, of: new, in: &actual)
    }

    /// For a content that was not read, where the sizes alone prove that it is not the wanted one.
    init(
        of path: String, at entry: FileEntry, expected template: (name: String, size: Int), actual size: Int,
        because reason: UnreadableReason, show: FileExpectation.Show
    ) {
        let isShown = show != .hidden && Masking.mayReadContent(of: path, at: entry)
        expected = ["template": template.name, "size": isShown ? String(template.size) : Masking.mask]
        actual = [
            "size": isShown ? String(size) : Masking.mask, "note": "the size differs; not read: \(reason.words)",
        ]
    }

    /// Who knows the rest of a file can try secrets against its hash, so the hash shown is that of the masked text.
    private static func tell(_ digest: SHA256Digest, of text: Text?, in pairs: inout [String: String]) {
        guard let masked = text?.masked, masked.hasSecrets else {
            pairs["content_hash"] = digest.description
            return
        }
        pairs["content_hash"] = nil
        pairs["masked_content_hash"] =
            SHA256Digest(of: masked.joined).description
    }

    /// Compares what is really there and shows what is masked, so that a changed secret still shows as a change.
    private static func diff(_ path: String, _ old: Text, _ new: Text) -> String {
        let label = VisibleText.line(path)
        return UnifiedDiff(from: old.lines, to: new.lines).rendered(
            oldLabel: "expected \(label)", newLabel: "actual \(label)", limits: .init()
        ) { line in
            switch line {
            case .kept(let index, _), .removed(let index): VisibleText.contentLine(old.masked[index])
            case .added(let index): VisibleText.contentLine(new.masked[index])
            }
        }
    }
}

/// A text as it is, and as it may be shown.
private struct Text {
    let lines: TextLines
    private(set) var masked: MaskedText

    /// Nil where the bytes are no text.
    init?(_ bytes: [UInt8]) {
        if TextLines.isBinary(bytes) { return nil }
        lines = TextLines(bytes)
        masked = MaskedText(bytes)
    }

    mutating func adoptMasks(of other: Text) {
        masked.adoptMasks(of: other.masked)
    }
}
