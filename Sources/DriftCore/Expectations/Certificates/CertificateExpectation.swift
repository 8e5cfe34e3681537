/// A file with a certificate that must be valid, and the certificates that follow it.
package struct CertificateExpectation: Hashable, Sendable {
    package var path: String
    /// For how many days it must still be valid.
    package var minDays: Int?
    /// The host names and addresses that it must be valid for, in order, each once.
    package private(set) var names: [String]?
    /// The common name or the organisation of who issued it.
    package var issuer: String?

    package init(path: String, minDays: Int? = nil, names: [String]? = nil, issuer: String? = nil) {
        self.path = path
        self.minDays = minDays
        self.names = names.map(NameList.sorted)
        self.issuer = issuer
    }
}

extension CertificateExpectation: KnownKind {
    static let section = Expectation.Section.certificates
    var noun: String { "certificate" }
    var key: ItemKey { ItemKey(rawValue: "certificate:\(path)") }
    var item: String { path }
    var subject: Expectation.Subject { .certificate(self) }

    init?(_ fields: inout StoredFields) {
        guard let path = fields.text("path") else { return nil }
        self.init(
            path: path, minDays: fields.whole("min_days").flatMap { Int(exactly: $0) }, names: fields.texts("names"),
            issuer: fields.text("issuer"))
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        fields[text: "path"] = path
        fields[whole: "min_days"] = minDays.map(Int64.init)
        fields[texts: "names"] = names
        fields[text: "issuer"] = issuer
        return fields
    }

    func ask(_ questions: inout QuestionSet) { questions.ask(CertificateFacts.self, about: path) }

    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        // The common name and the organisation may both be meant.
        nil
    }
}

// MARK: Judgement

extension CertificateExpectation {
    func evidence(in facts: Facts) -> Evidence {
        let seen: CertificateFacts
        switch facts.topics.seen(CertificateFacts.self) {
        case .failure(let reason): return .unreadable(reason)
        case .success(let answer): seen = answer
        }
        switch seen.file(path) {
        case .failure(let reason): return .unreadable(reason)
        case .success(.missing):
            return .wrong(.missingFile, expected: ["state": "file"], actual: ["state": "missing"])
        case .success(.none):
            return .wrong(
                .wrongCertificate, expected: ["certificate": "in PEM form"], actual: ["certificate": "none in the file"]
            )
        case .success(.chain(let chain)):
            guard let now = seen.now else { return .unreadable(.malformedAnswer) }
            return evidence(on: chain, at: now)
        }
    }

    private func evidence(on chain: [Certificate], at now: Int64) -> Evidence {
        guard let leaf = chain.first else { return .unreadable(.malformedAnswer) }
        var evidence = Evidence.none
        judgeDays(of: chain, at: now, &evidence)
        var difference = Difference()
        if let late = chain.first(where: { $0.notBefore.seconds > now }) {
            difference.add("valid", expected: "now", actual: "only from \(late.notBefore.day)")
        }
        if let names, let missing = names.first(where: { !leaf.covers($0) }) {
            difference.add(
                "names", expected: NameList.shown(names),
                actual: leaf.names.isEmpty ? "none" : "\(NameList.shown(leaf.names)); not \(missing)")
        }
        if let issuer, !leaf.issuerNames.contains(where: { $0.hasSameBytes(as: issuer) }) {
            let found = leaf.issuerNames.isEmpty ? "unnamed" : leaf.issuerNames.joined(separator: ", ")
            difference.add("issuer", expected: issuer, actual: leaf.isSelfSigned ? "itself (\(found))" : found)
        }
        if let place = chain.indices.dropLast().first(where: { chain[$0].issuer != chain[$0 + 1].subject }) {
            difference.add(
                "chain", expected: "each certificate issued by the next",
                actual: "number \(place + 1) is not issued by number \(place + 2)")
        }
        difference.add(to: &evidence, as: .wrongCertificate)
        if leaf.isSelfSigned { evidence.addRemark("the certificate is self-signed") }
        return evidence
    }

    /// A chain is valid as long as the first of its certificates to expire.
    private func judgeDays(of chain: [Certificate], at now: Int64, _ evidence: inout Evidence) {
        guard
            let (place, first) = chain.enumerated().min(by: {
                $0.element.notAfter.seconds < $1.element.notAfter.seconds
            })
        else {
            return
        }
        let left = first.notAfter.seconds - now
        let wanted = Int64(minDays ?? 0)
        guard left < wanted * 86400 || left < 0 else { return }
        let days = left < 0 ? "expired" : "\(left / 86400)"
        let which = place == 0 ? "" : ", certificate \(place + 1) of the file"
        evidence.add(
            .expiringCertificate, expected: ["days_left": "at least \(wanted)"],
            actual: ["days_left": "\(days) (until \(first.notAfter.day)\(which))"])
    }
}
