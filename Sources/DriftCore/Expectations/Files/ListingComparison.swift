internal import Redaction

/// Judges many files by one expectation: those that a pattern finds, and those in or below a folder.
struct ListingComparison {
    let wanted: FileExpectation
    let facts: Facts
    /// So many offenders are named.
    private static let named = 5

    /// Judges the files that the expectation's pattern finds.
    func judgeMatches(_ evidence: inout Evidence) {
        guard let listing = listing(.match(wanted.path), &evidence) else { return }
        let judged = listing.entries.map { entry in
            let link = FileEntry.Link(target: "", destination: listing.ends[entry.path])
            let found = FileEntry(status: entry.status, link: entry.status.type == .symlink ? link : nil)
            return (path: entry.path, evidence: FileComparison.evidence(on: wanted, fact: .present(found), facts))
        }
        add(judged, &evidence)
        if listing.entries.count < wanted.atLeast, listing.gap == nil {
            evidence.add(
                .missingFile, expected: ["at_least": String(wanted.atLeast)],
                actual: ["matches": String(listing.entries.count)])
        }
    }

    /// Judges what lies in a folder and below it.
    func judgeFolder(_ evidence: inout Evidence) {
        if let only = wanted.only, let listing = listing(.names(wanted.path), &evidence) {
            let others = listing.names.filter { name in !only.contains { $0.matches(name) } }.sorted()
            if !others.isEmpty {
                var actual = ["entry": others.prefix(Self.named).joined(separator: ", ")]
                if others.count > Self.named { actual["note"] = "\(others.count) entries in all" }
                evidence.add(
                    .unexpectedEntry, expected: ["only": only.map(\.text).joined(separator: ", ")], actual: actual)
            }
        }
        if let rule = wanted.tree, let listing = listing(.tree(wanted.path), &evidence) {
            add(
                listing.entries.map { (path: $0.path, evidence: FileComparison.traits(rule, of: $0.status)) }, &evidence
            )
        }
    }

    private func listing(_ question: ListingFacts.Question, _ evidence: inout Evidence) -> ListingFacts.Listing? {
        switch facts.topics.seen(ListingFacts.self).map({ $0[question] }) {
        case .failure(let reason):
            evidence.addUnseen(reason)
            return nil
        case .success(nil):
            evidence.addUnseen(.malformedAnswer)
            return nil
        case .success(let listing?):
            if let gap = listing.gap { evidence.addUnseen(gap) }
            return listing
        }
    }

    /// One mismatch of each type, which names the first files that it is about.
    private func add(_ judged: [(path: String, evidence: Evidence)], _ evidence: inout Evidence) {
        var found: [MismatchType: [(path: String, sides: Sides)]] = [:]
        for (path, own) in judged {
            for contradiction in own.contradictions {
                found[contradiction.type, default: []].append((path, contradiction.sides))
            }
            if let reason = own.unseen { evidence.addUnseen(reason) }
        }
        for (type, offenders) in found.sorted(by: { $0.key < $1.key }) {
            var actual: [String: String] = [:]
            for (path, sides) in offenders.prefix(Self.named) {
                actual[VisibleText.line(path)] = sides.actual.sorted { $0.key < $1.key }
                    .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            }
            if offenders.count > Self.named { actual["note"] = "\(offenders.count) files in all" }
            evidence.add(type, expected: offenders[0].sides.expected, actual: actual)
        }
    }
}
