import DriftCore
internal import Redaction

/// Reads an answer of version 1, from scripts that are pinned on servers.
///
/// All records stand in one frame, those of a probe that root ran among them; before its end marker stand their number
/// and `complete`.
enum FirstVersionAnswer {
    static func facts(from lines: inout AnswerLines, to request: ProbeRequest) throws(ProbeFailure) -> Facts {
        let records = try records(from: &lines, nonce: request.nonce)
        var files = [FileRecords](repeating: FileRecords(), count: request.files.count)
        var packages = PackageRecords()
        var environment: FirstVersionEnvironment?
        var home: String?
        var canStat = true
        for record in records {
            let (tag, rest) = record.cut()
            switch tag {
            case _ where tag.isEqual(to: "home"): home = VisibleText.value(rest)
            case _ where tag.isEqual(to: "stats"): canStat = false
            case _ where tag.isEqual(to: "pkg"): packages.add(rest)
            case _ where tag.isEqual(to: "pkgs"): packages.end(rest)
            case _ where tag.isEqual(to: "env"): environment = FirstVersionEnvironment(rest, nonce: request.nonce)
            default:
                let (word, value) = rest.cut()
                guard let item = AnswerNumber.parsed(word), files.indices.contains(item), files[item].add(tag, value)
                else {
                    throw ProbeFailure(
                        .malformedAnswer, detail: "a record makes no sense: \(VisibleText.plain(record))")
                }
            }
        }
        if let path = home, !path.hasPrefix("/") {
            throw ProbeFailure(.malformedAnswer, detail: "the home is not a path: \(VisibleText.plain(path.utf8))")
        }

        var facts = Facts(home: home)
        for file in request.questions.files { facts.files[ServerPath(file.path)] = .unreadable(.unsupported) }
        if canStat {
            for (file, records) in zip(request.files, files) {
                let isOrphan = home == nil && file.path.hasPrefix("~/")
                facts.files[ServerPath(file.path)] =
                    isOrphan ? .unreadable(.unknownAccount) : records.fact(file, home: home)
            }
        }
        if request.questions.packages { facts.packages = packages.facts }
        for name in request.questions.environment { facts.environment[name] = .unreadable(.unsupported) }
        for name in request.environment {
            facts.environment[name] = environment?.fact(name) ?? .unreadable(.malformedAnswer)
        }
        for question in request.topics { facts.topics.miss(question.topic, because: .unsupported) }
        return facts
    }

    /// The records between the marks, proven complete.
    private static func records(
        from lines: inout AnswerLines, nonce: String
    ) throws(ProbeFailure) -> ArraySlice<ArraySlice<UInt8>> {
        let prefix = ProbeAnswer.prefix(nonce)
        var records: [ArraySlice<UInt8>] = []
        while let line = lines.next() {
            if records.count.isMultiple(of: 1024), Task.isCancelled { throw ProbeFailure(.cancelled) }
            guard line.starts(with: prefix) else {
                records.append(line)
                continue
            }
            guard line.dropFirst(prefix.count).isEqual(to: "end") else {
                throw ProbeFailure(.malformedAnswer, detail: "the answer's end is not an end marker")
            }
            guard records.last?.isEqual(to: "complete") == true, records.count >= 2 else {
                throw ProbeFailure(.truncated, detail: "the script stopped before it was complete")
            }
            guard AnswerNumber.parsed(records[records.count - 2]) == records.count - 1 else {
                throw ProbeFailure(.malformedAnswer, detail: "the answer's count is not that of its records")
            }
            return records.dropLast(2)
        }
        throw ProbeFailure(.truncated, detail: "the answer has no end marker")
    }
}
