extension ProbeQuestions {
    /// All that `packs` ask about, each thing once; what this version cannot judge is not asked.
    package init(packs: [Pack]) {
        var files: [ServerPath: File] = [:]
        var asksPackages = false
        var provided: Set<String> = []
        var names: Set<String> = []
        for expectation in packs.lazy.flatMap(\.expectations) {
            switch expectation.subject {
            case .file(let file):
                let path = ServerPath(file.path)
                var question = files[path] ?? File(path: path.text)
                if let hash = file.expectedHash { question.expectedHashes.insert(hash) }
                question.show = question.show.combined(with: file.show)
                files[path] = question
            case .package(let package):
                asksPackages = true
                provided.insert(package.name)
            case .setting(let setting):
                if setting.kind == .environmentVariable { names.insert(setting.key) }
            case .service, .unknown:
                break
            }
        }
        self.init(
            files: files.sorted { $0.key < $1.key }.map(\.value), packages: asksPackages,
            providedNames: provided.sorted(), environment: names.sorted())
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
