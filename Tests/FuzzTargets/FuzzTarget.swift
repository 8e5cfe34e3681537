import DriftCore
import Redaction
import Remote

/// What a server may send, read by everything that reads it: no bytes may crash it, or take long.
///
/// `scripts/fuzz` looks for such bytes, and the tests replay those that are kept in `Tests/Corpus`.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// The bytes of a session.
    case answer
    /// The text of a file, and words of a server.
    case redaction
    /// A template and the text of a file, with a NUL between them.
    case diff

    /// Nil if all is well, else what is wrong.
    ///
    /// A first byte 0x1F asks for the rest to be stretched: its first half repeated, then its second. A fuzzer finds what
    /// takes long only in long inputs, and works with short ones.
    package func fault(in bytes: [UInt8]) -> String? {
        let isStretched = bytes.first == 0x1F
        let bytes = isStretched ? Array(bytes.dropFirst()) : bytes
        switch self {
        case .answer where isStretched:
            return answerFault(Array("driftwatch-probe d1 begin \(ProbeScript.version)\n".utf8) + Self.stretched(bytes))
        case .answer: return answerFault(bytes)
        case .redaction: return redactionFault(isStretched ? Self.stretched(bytes) : bytes)
        case .diff:
            let texts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map(Array.init)
            guard texts.count == 2 else { return nil }
            return diffFault(texts.map { isStretched ? Self.stretched($0) : $0 })
        }
    }

    private static func stretched(_ bytes: [UInt8]) -> [UInt8] {
        [bytes.prefix(bytes.count / 2), bytes.suffix((bytes.count + 1) / 2)].flatMap { part in
            part.isEmpty ? [] : (0..<(16_384 / part.count)).flatMap { _ in part }
        }
    }

    private static let questions = ProbeQuestions(
        files: [
            .init(path: "/etc/motd", expectedHashes: [SHA256Digest(of: Array("right\n".utf8))]),
            .init(path: "/link"), .init(path: "~/.gitconfig", expectedHashes: [SHA256Digest(of: [])], show: .text),
        ],
        packages: true, environment: ["EDITOR", "LANG"])
    /// In every version that is spoken.
    private static let requests = [1, ProbeScript.version].map { ProbeRequest(questions, nonce: "d1", version: $0) }
    private static let pack = Pack(
        name: PackName(rawValue: "base"),
        expectations: [
            Expectation(
                .file(
                    .init(path: "/etc/motd", mode: 0o644, content: .template(name: "t", bytes: Array("right\n".utf8))))),
            Expectation(.file(.init(path: "/link", state: .symlink, target: "there"))),
            Expectation(.file(.init(path: "~/.gitconfig", content: .hash(SHA256Digest(of: [])), show: .text))),
            Expectation(.package(.init(name: "curl", minimumVersion: "7.88"))),
            Expectation(.setting(.init(name: "EDITOR", expected: "vim", kind: .environmentVariable))),
        ])

    private func answerFault(_ bytes: [UInt8]) -> String? {
        Self.requests.lazy.compactMap { answerFault(bytes, to: $0) }.first
    }

    /// The facts are of what was asked and of nothing else, and can be judged and stored.
    private func answerFault(_ bytes: [UInt8], to request: ProbeRequest) -> String? {
        let facts: Facts?
        do { facts = try ProbeAnswer.facts(in: bytes, to: request) } catch {
            return Self.fault(inShown: error.detail, limit: 4096)
        }
        guard let facts else { return nil }
        if facts.files.keys.contains(where: { key in !Self.questions.files.contains { $0.path == key.text } }) {
            return "a file that was not asked for"
        }
        if facts.environment.keys.contains(where: { !Self.questions.environment.contains($0) }) {
            return "a variable that was not asked for"
        }
        return Self.fault(inStored: Comparison.judge(facts, against: Self.pack, digest: SHA256Digest(of: [])))
    }

    /// A masked text has the lines of the original, and masking it again changes nothing that matters.
    private func redactionFault(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        let masked = Masking.masked(text)
        func lines(_ text: String) -> Int { text.utf8.count { $0 == UInt8(ascii: "\n") } }
        if lines(masked) != lines(text) { return "\(lines(text)) line feeds became \(lines(masked))" }
        let name = String(decoding: bytes.prefix(64), as: UTF8.self)
        _ = Masking.value(text, ofKey: name)
        _ = Masking.mayReadContent(of: "/" + name)
        return Self.fault(inShown: Masking.safeValue(text), limit: 8192)
    }

    private func diffFault(_ parts: [[UInt8]]) -> String? {
        let content = FileExpectation.Content.template(name: "t", bytes: parts[0])
        let pack = Pack(
            name: PackName(rawValue: "base"), expectations: [Expectation(.file(.init(path: "/a", content: content)))])
        let root = Account(name: "root", number: 0)
        let entry = FileEntry(
            status: FileStatus(type: .file, mode: 0o644, owner: root, group: root, size: parts[1].count),
            content: .read(SHA256Digest(of: parts[1]), bytes: parts[1]))
        let check = Comparison.judge(
            Facts(files: ["/a": .present(entry)]), against: pack, digest: SHA256Digest(of: []))
        if (check.verdict == .compliant) != (parts[0] == parts[1]) { return "\(check.verdict.rawValue)" }
        return Self.fault(inStored: check)
    }

    /// What is stored can be read again, holds nothing invisible, and is short.
    private static func fault(inStored check: Check) -> String? {
        guard let json = try? check.detailsJSON(), let stored = try? StoredItems(json: json) else {
            return "cannot be stored"
        }
        if stored != StoredItems(check.outcomes) { return "is stored as something else" }
        for mismatch in check.mismatches {
            for value in Array(mismatch.expected.values) + Array(mismatch.actual.values) {
                if let fault = fault(inShown: value, limit: 8192) { return fault }
            }
            guard let diff = mismatch.diff else { continue }
            if diff.utf8.count > 24 * 1024 { return "a diff of \(diff.utf8.count) bytes" }
            for line in diff.split(separator: "\n") {
                if let fault = fault(inShown: String(line).replacing("\t", with: " "), limit: 16 * 1024) {
                    return fault
                }
            }
        }
        return nil
    }

    private static func fault(inShown text: String, limit: Int) -> String? {
        if text.utf8.count > limit { return "\(text.utf8.count) bytes are shown" }
        let bad = text.unicodeScalars.first { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
        return bad.map { "U+\(String($0.value, radix: 16)) is shown" }
    }
}
