package import DriftCore
internal import Redaction

/// Turns the bytes of a session into facts.
///
/// The bytes are hostile. Whatever is missing, contradicts itself or makes no sense becomes unreadable, or fails the
/// whole; nothing but an explicit record makes a file missing or a variable unset.
package enum ProbeAnswer {
    /// - Returns: Nil when the script's answer never began.
    package static func facts(in bytes: [UInt8], to request: ProbeRequest) throws(ProbeFailure) -> Facts? {
        guard let frame = try AnswerFrame(bytes, nonce: request.nonce) else { return nil }
        var files = [FileRecords](repeating: FileRecords(), count: request.paths.count)
        var packages = PackageRecords()
        var environment: EnvironmentAnswer?
        var home: String?
        var canStat = true

        for record in frame.records {
            let fields = record.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
            let tag = VisibleText.plain(fields[0], limit: 20)
            switch tag {
            case "home": home = VisibleText.value(record.dropFirst("home ".count))
            case "stats": canStat = false
            case "pkg": packages.add(record.dropFirst("pkg ".count))
            case "pkgs": packages.end(record.dropFirst("pkgs ".count))
            case "env": environment = EnvironmentAnswer(record.dropFirst("env ".count), nonce: request.nonce)
            default:
                guard fields.count > 1, let item = AnswerNumber.parsed(fields[1]), files.indices.contains(item),
                    files[item].add(tag, fields.count > 2 ? fields[2] : [])
                else {
                    throw ProbeFailure(
                        .malformedAnswer, detail: "a record makes no sense: \(VisibleText.plain(record))")
                }
            }
        }
        if let path = home, !path.hasPrefix("/") {
            throw ProbeFailure(.malformedAnswer, detail: "the home is no path: \(VisibleText.plain(path.utf8))")
        }

        var facts = Facts(home: home)
        for file in request.questions.files {
            facts.files[ServerPath(file.path)] = .unreadable(.unsupported)
        }
        if canStat {
            let expected = Dictionary(
                request.questions.files.map { (ServerPath($0.path), $0.expectedHashes) },
                uniquingKeysWith: { $0.union($1) })
            for (path, records) in zip(request.paths, files) {
                let isOrphan = home == nil && path.hasPrefix("~/")
                let key = ServerPath(path)
                facts.files[key] =
                    isOrphan
                    ? .unreadable(.unknownAccount) : records.fact(path, expecting: expected[key] ?? [], home: home)
            }
        }
        if request.questions.packages { facts.packages = packages.facts }
        for name in request.questions.environment {
            facts.environment[name] =
                request.unaskable.contains(name)
                ? .unreadable(.unsupported) : environment?.fact(name) ?? .unreadable(.malformedAnswer)
        }
        return facts
    }
}
