/// What may be told of a file whose content is not the wanted one.
struct ContentReport {
    var expected: [String: String] = [:]
    var actual: [String: String] = [:]
    var diff: String?

    init(
        path: String, linkTarget: String?, expected wanted: FileExpectation.Content, actual digest: SHA256Digest,
        bytes: [UInt8]?
    ) {
        if case .template(let name, _) = wanted { expected["template"] = name }
        guard Masking.mayReadContent(of: path, linkTarget: linkTarget) else {
            // The hash of a short secret can be guessed, so it is not shown either.
            expected["content_hash"] = Masking.mask
            actual = ["content_hash": Masking.mask, "note": "content not shown"]
            return
        }
        expected["content_hash"] = wanted.digest.description
        actual["content_hash"] = digest.description
    }
}
