extension Check {
    /// Identifies a result: two checks have the same fingerprint exactly if the same is to be said of their items.
    ///
    /// It covers the keys, the types, the expected and actual values, the reasons, the causes, the remarks and the descriptions, in
    /// the order of the keys. It does not cover diffs: they follow from the rest, and how much of them is shown may change between versions.
    package var fingerprint: SHA256Digest {
        var canon = Canon()
        canon.add("driftwatch-findings-1")
        for outcome in outcomes.filter(\.isWorthSaying).sorted(by: { $0.key < $1.key }) {
            switch outcome.finding {
            case .ok:
                canon.add("remark")
                canon.add(outcome.key.rawValue)
                canon.add(outcome.remark ?? "")
            case .unreadable(let reason):
                canon.add("unreadable")
                canon.add(outcome.key.rawValue)
                canon.add(reason.rawValue)
                if let remark = outcome.remark { canon.add(remark) }
            case .notApplicable(let why):
                canon.add("not_applicable")
                canon.add(outcome.key.rawValue)
                canon.add(why)
            case .wrong(let mismatches): canon.add("wrong", outcome.key, mismatches)
            case .notable(let mismatches): canon.add("notable", outcome.key, mismatches)
            case .exempt(let mismatches, .waived(let waiver)):
                canon.add("waived", outcome.key, mismatches)
                for text in [waiver.reason, waiver.author, waiver.until ?? ""] { canon.add(text) }
            case .exempt(let mismatches, .due(let start)):
                canon.add("due", outcome.key, mismatches)
                canon.add(start)
            }
            for mismatch in outcome.unconfirmed.sorted(by: { $0.type < $1.type }) {
                canon.add("unconfirmed")
                canon.add(outcome.key.rawValue)
                canon.add(mismatch.type.rawValue)
                canon.add(mismatch.expected)
                canon.add(mismatch.actual)
            }
            if let reason = outcome.unseenContent {
                canon.add("unseen_content")
                canon.add(outcome.key.rawValue)
                canon.add(reason.rawValue)
            }
            if let description = outcome.description {
                canon.add("description")
                canon.add(outcome.key.rawValue)
                canon.add(description)
            }
        }
        return SHA256Digest(of: canon.bytes)
    }
}

extension Check {
    /// Identifies what changed, wherever it did: the same mismatches, with the same things there, have the same key.
    ///
    /// It covers the diff, which of a long content says more than the actual values, but not what is expected, nor the path in
    /// the diff's head: they may name the server.
    package func changeKey(of added: Set<MismatchID>) -> String {
        var canon = Canon()
        canon.add("driftwatch-change-1")
        canon.add(packName.rawValue)
        for mismatch in mismatches.filter({ added.contains($0.id) }).sorted(by: { $0.id < $1.id }) {
            canon.add(mismatch.key.rawValue)
            canon.add(mismatch.type.rawValue)
            canon.add(mismatch.actual)
            canon.add(mismatch.diff.map(Self.withoutPaths) ?? "")
        }
        return String(SHA256Digest(of: canon.bytes).description.dropFirst("sha256:".count).prefix(20))
    }

    private static func withoutPaths(_ diff: String) -> String {
        diff.hasPrefix("--- ")
            ? diff.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(2).joined(separator: "\n") : diff
    }
}

/// Texts written one after another so that no two sequences give the same bytes: each with its length before it.
private struct Canon {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ text: String) {
        bytes.append(contentsOf: "\(text.utf8.count):".utf8)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(_ cause: Cause) {
        add("cause")
        add(cause.kind.rawValue)
        add([cause.package, cause.from, cause.to, cause.changedAt].map { $0 ?? "" }.joined(separator: "\n"))
        add((cause.loggedIn ?? []).joined(separator: "\n"))
    }

    mutating func add(_ what: String, _ key: ItemKey, _ mismatches: [Mismatch]) {
        for mismatch in mismatches.sorted(by: { $0.type < $1.type }) {
            add(what)
            add(key.rawValue)
            add(mismatch.type.rawValue)
            add(mismatch.expected)
            add(mismatch.actual)
            if let cause = mismatch.cause { add(cause) }
        }
    }

    mutating func add(_ pairs: [String: String]) {
        add(String(pairs.count))
        for (key, value) in pairs.sorted(by: { $0.key < $1.key }) {
            add(key)
            add(value)
        }
    }
}
