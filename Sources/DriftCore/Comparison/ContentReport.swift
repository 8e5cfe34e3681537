/// What may be told of a file whose content is not the wanted one.
struct ContentReport {
    private(set) var expected: [String: String] = [:]
    private(set) var actual: [String: String] = [:]
    /// Only where both contents are text.
    private(set) var diff: String?

    /// `bytes` are those of the file, where the probe brought them.
    init(
        of path: String, at entry: FileEntry, expected wanted: FileExpectation.Content, actual digest: SHA256Digest,
        bytes: [UInt8]?
    ) {
        if case .template(let name, _) = wanted { expected["template"] = name }
        guard Masking.mayReadContent(of: path, at: entry) else {
            // The hash of a short secret can be guessed, so it is not shown either.
            expected["content_hash"] = Masking.mask
            actual = ["content_hash": Masking.mask, "note": "content not shown"]
            return
        }
        expected["content_hash"] = wanted.digest.description
        actual["content_hash"] = digest.description
        guard let bytes else { return }
        guard SHA256Digest(of: bytes) == digest else {
            actual["note"] = "changed while it was read"
            return
        }
        guard !TextLines.isBinary(bytes) else {
            actual["note"] = "binary"
            return
        }
        let new = TextLines(bytes)
        var newMasked = MaskedText(new)
        guard case .template(_, let wantedBytes) = wanted else {
            hideHash(in: &actual, of: newMasked)
            return
        }
        guard !TextLines.isBinary(wantedBytes) else {
            hideHash(in: &actual, of: newMasked)
            actual["note"] = "a binary file is expected"
            return
        }
        let old = TextLines(wantedBytes)
        var oldMasked = MaskedText(old)
        oldMasked.adoptMasks(of: newMasked, here: old, there: new)
        newMasked.adoptMasks(of: oldMasked, here: new, there: old)
        hideHash(in: &expected, of: oldMasked)
        hideHash(in: &actual, of: newMasked)
        diff = Self.diff(path, old, new, oldMasked, newMasked)
    }

    /// Who knows the rest of a file can try secrets against its hash, so the hash shown is that of the masked text.
    private func hideHash(in pairs: inout [String: String], of text: MaskedText) {
        guard text.hasSecrets else { return }
        pairs["content_hash"] = nil
        pairs["masked_content_hash"] = SHA256Digest(of: Array(text.lines.joined(separator: "\n").utf8)).description
    }

    /// Compares what is really there and shows what is masked, so that a changed secret still shows as a change.
    private static func diff(
        _ path: String, _ old: TextLines, _ new: TextLines, _ oldMasked: MaskedText, _ newMasked: MaskedText
    ) -> String {
        let label = SafeText.line(path)
        return UnifiedDiff(from: old, to: new).rendered(
            oldLabel: "expected \(label)", newLabel: "actual \(label)", limits: .init()
        ) { line in
            switch line {
            case .kept(let index, _), .removed(let index): SafeText.contentLine(oldMasked.lines[index])
            case .added(let index): SafeText.contentLine(newMasked.lines[index])
            }
        }
    }
}
