import Foundation

extension Pack {
    /// Which version of the pack this is: a SHA-256 over all that changes a check.
    ///
    /// Equal for packs that judge and show alike: the bytes of templates count, while names and descriptions, of the pack, its
    /// items and its templates, do not, nor does the order in which the files were written. The same in every
    /// process and release: what is hashed is the list of length-prefixed fields below, items by the bytes of their
    /// keys. A new kind of field is added only where it is set, so that old packs keep their digests.
    ///
    /// What a later version adds it must digest as this one does without understanding it, so that
    /// a stored pack can be checked against its digest by workers that are not upgraded yet.
    package var digest: SHA256Digest {
        var canonical = CanonicalBytes()
        canonical.add("driftwatch-pack", "1")
        let ordered = expectations.map { ($0, Array($0.key.rawValue.utf8)) }
            .sorted { $0.1.lexicographicallyPrecedes($1.1) }
        for (expectation, key) in ordered {
            canonical.add("item", bytes: key)
            canonical.add(expectation.subject)
        }
        return SHA256Digest(of: canonical.bytes)
    }
}

extension Expectation {
    /// What is wanted, as a SHA-256: equal where the same is judged and shown, whatever names and descriptions say.
    package var wanted: SHA256Digest {
        var canonical = CanonicalBytes()
        canonical.add(subject)
        return SHA256Digest(of: canonical.bytes)
    }
}

/// Fields as `name length:bytes` and a newline, so that no two lists of fields have the same bytes.
private struct CanonicalBytes {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ name: String, bytes value: [UInt8]) {
        bytes += "\(name) \(value.count):".utf8
        bytes += value
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Adds nothing for nil.
    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        add(name, bytes: Array(value.utf8))
    }

    mutating func add(_ subject: Expectation.Subject) {
        switch subject {
        case .file(let file):
            add("state", file.state.rawValue)
            add("mode", file.mode.map(FileMode.text))
            add("owner", file.owner)
            add("group", file.group)
            switch file.content {
            case .hash(let digest): add("content_hash", digest.description)
            case .template(_, let bytes): add("template", bytes: bytes)
            case nil: break
            }
            add("target", file.target)
            add("show", file.show == .worldReadable ? nil : file.show.rawValue)
        case .package(let package):
            add("state", package.state.rawValue)
            add("min_version", package.minimumVersion)
        case .setting(let setting):
            add("type", setting.kind.rawValue)
            add("expected", setting.expected)
        case .service(let service):
            add("enabled", service.enabled?.description)
            add("running", service.running?.description)
        case .unknown(let unknown):
            add(unknown)
        }
    }

    /// The fields of today first, as above, and then the others as they are stored, in the order of their names.
    private mutating func add(_ unknown: UnknownExpectation) {
        let today = Self.fields[unknown.section] ?? (inKey: [], digested: [])
        for name in today.digested {
            guard let value = unknown.fields[name] else { continue }
            if name == "template", let bytes = value.templateBytes {
                add(name, bytes: bytes)
            } else {
                add(name, value.canonical)
            }
        }
        let others = unknown.fields.keys.filter { !today.digested.contains($0) && !today.inKey.contains($0) }
        for name in others.sorted(by: { $0.precedesBytewise($1) }) { add(name, unknown.fields[name]?.canonical) }
    }

    /// By section: the fields that the key is made of, and those that are digested, in their order.
    private static let fields: [String: (inKey: Set<String>, digested: [String])] = [
        ResolvedFile.section: (
            ["path"], ["state", "mode", "owner", "group", "content_hash", "template", "target", "show"]
        ),
        ResolvedPackage.section: (["name"], ["state", "min_version"]),
        ResolvedSetting.section: (["key", "file"], ["type", "expected"]),
        ResolvedService.section: (["name"], ["enabled", "running"]),
    ]
}

extension StoredValue {
    /// The contents of a stored template.
    fileprivate var templateBytes: [UInt8]? {
        guard case .object(let template) = self else { return nil }
        if let text = template["text"]?.text { return Array(text.utf8) }
        return template["base64"]?.text.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
    }
}
