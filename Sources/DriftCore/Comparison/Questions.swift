extension ProbeQuestions {
    /// All that `packs` ask about, each thing once; what this version cannot judge is not asked.
    package init(packs: [Pack]) {
        var hashes: [ServerPath: Set<SHA256Digest>] = [:]
        var asksPackages = false
        var names: Set<String> = []
        for expectation in packs.lazy.flatMap(\.expectations) {
            switch expectation.subject {
            case .file(let file):
                hashes[ServerPath(file.path), default: []].formUnion(file.expectedHash.map { [$0] } ?? [])
            case .package:
                asksPackages = true
            case .setting(let setting):
                if setting.kind == .environmentVariable { names.insert(setting.key) }
            case .service:
                break
            }
        }
        self.init(
            files: hashes.sorted { $0.key < $1.key }.map { File(path: $0.key.text, expectedHashes: $0.value) },
            packages: asksPackages, environment: names.sorted())
    }
}

extension FileExpectation {
    /// Only of a regular file that must have a certain content.
    fileprivate var expectedHash: SHA256Digest? { state == .file ? content?.digest : nil }
}

extension FileExpectation.Content {
    var digest: SHA256Digest {
        switch self {
        case .hash(let digest): digest
        case .template(_, let bytes): SHA256Digest(of: bytes)
        }
    }
}
