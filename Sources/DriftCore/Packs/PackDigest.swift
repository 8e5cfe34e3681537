extension Pack {
    /// Which version of the pack this is: a SHA-256 over all that changes a check.
    ///
    /// Equal for packs that judge and show alike: the bytes of templates count, while names and descriptions, of the pack, its
    /// items and its templates, do not, nor does the order in which the files were written. The same in every
    /// process and release: what is hashed is the list of length-prefixed fields below, items by the bytes of their
    /// keys, and the stored fields of an item by the bytes of their names.
    ///
    /// What a later version stores is digested without understanding it, so a stored pack can be checked against its
    /// digest by workers that are not upgraded yet.
    package var digest: SHA256Digest {
        var canonical = CanonicalBytes()
        canonical.add("driftwatch-pack", "1")
        let ordered = expectations.map { ($0, Array($0.key.rawValue.utf8)) }
            .sorted { $0.1.lexicographicallyPrecedes($1.1) }
        for (expectation, key) in ordered {
            canonical.add("item", bytes: key)
            canonical.add(expectation.stored)
        }
        return SHA256Digest(of: canonical.bytes)
    }
}

extension Expectation {
    /// What is wanted, as a SHA-256: equal where the same is judged and shown, whatever names and descriptions say.
    package var wanted: SHA256Digest {
        var canonical = CanonicalBytes()
        canonical.add(stored)
        return SHA256Digest(of: canonical.bytes)
    }

    /// All that changes a check, as it is stored.
    var stored: [String: StoredValue] {
        var fields = subject.kind.stored
        if severity != .warning { fields[text: "severity"] = severity.rawValue }
        if let condition { fields["when"] = condition.stored }
        fields[text: "from"] = start?.text
        return fields
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

    mutating func add(_ name: String, _ value: String) { add(name, bytes: Array(value.utf8)) }

    mutating func add(_ fields: [String: StoredValue]) {
        for (name, value) in fields.sorted(by: { $0.key.precedesBytewise($1.key) }) {
            if name == "template", let bytes = value.templateBytes {
                add(name, bytes: bytes)
            } else {
                add(name, value.canonical)
            }
        }
    }
}
