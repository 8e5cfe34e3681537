internal import Redaction

extension FileExpectation {
    func ask(_ questions: inout QuestionSet) {
        if maximumAge != nil { questions.ask(ClockFacts.self) }
        if isPattern {
            questions.ask(ListingFacts.self, about: ListingFacts.Question.match(path).argument)
            return
        }
        // Only of a regular file is anything of the content asked.
        let isFile = state == .file
        questions.ask(
            path: path, expecting: isFile ? content?.digest : nil, needsText: isFile && needsText, show: show)
        if only != nil { questions.ask(ListingFacts.self, about: ListingFacts.Question.names(path).argument) }
        if tree != nil { questions.ask(ListingFacts.self, about: ListingFacts.Question.tree(path).argument) }
    }

    func evidence(in facts: Facts) -> Evidence {
        var evidence = Evidence.none
        let listings = ListingComparison(wanted: self, facts: facts)
        if isPattern {
            listings.judgeMatches(&evidence)
        } else {
            evidence = FileComparison.evidence(on: self, fact: facts.files[ServerPath(path)], facts)
            // Of a folder that is not there, only that is said.
            if case .present = facts.files[ServerPath(path)] { listings.judgeFolder(&evidence) }
        }
        return evidence
    }

    private var needsText: Bool { !contains.isEmpty || !lacks.isEmpty }
}

/// Judges one path.
enum FileComparison {
    /// Of `facts`, only the server's clock counts.
    static func evidence(on wanted: FileExpectation, fact: FileFact?, _ facts: Facts) -> Evidence {
        switch fact {
        case nil: .unreadable(.malformedAnswer)
        case .unreadable(let reason): .unreadable(reason)
        case .missing:
            wanted.state == .absent || wanted.isOptional ? .none : missing(wanted, actual: ["state": "absent"])
        case .present(let entry): evidence(on: wanted, entry: entry, facts)
        }
    }

    private static func evidence(on wanted: FileExpectation, entry: FileEntry, _ facts: Facts) -> Evidence {
        let observed: FileStatus
        switch wanted.state {
        case .absent:
            return .wrong(
                .unexpectedFile, expected: ["state": "absent"], actual: ["state": entry.status.type.rawValue])
        case .symlink:
            observed = entry.status
            if observed.type == .symlink, entry.link == nil { return .unreadable(.malformedAnswer) }
        case .file, .directory:
            // Only a symlink should have a target; if another item has one, do not ignore it.
            guard wanted.target == nil else { return .unreadable(.unsupported) }
            if entry.status.type == .symlink {
                guard let link = entry.link else { return .unreadable(.malformedAnswer) }
                guard let destination = link.destination else {
                    let dangling = ["state": "symlink", "target": link.target, "note": "leads nowhere"]
                    return missing(wanted, actual: dangling)
                }
                observed = destination
            } else {
                observed = entry.status
            }
        }
        guard observed.type.rawValue == wanted.state.rawValue else {
            // Mode and content of another type of file mean something else, so nothing more is compared.
            return .wrong(
                .wrongType, expected: ["state": wanted.state.rawValue], actual: ["state": observed.type.rawValue])
        }
        var evidence = Evidence.none
        judgeMode(wanted, observed, &evidence)
        judgeSize(wanted, observed, &evidence)
        judgeAge(wanted, observed, facts, &evidence)
        judgeOwners(wanted, observed, &evidence)
        judgeTarget(wanted, entry, &evidence)
        judgeContent(wanted, entry, &evidence)
        judgeLines(wanted, entry, &evidence)
        return evidence
    }

    /// The mode and the owners of something below a folder; the mode of a link means nothing.
    static func traits(_ rule: FileExpectation.TreeRule, of status: FileStatus) -> Evidence {
        var wanted = FileExpectation(path: "", owner: rule.owner, group: rule.group)
        if status.type != .symlink { wanted.maximumMode = rule.maximumMode }
        var evidence = Evidence.none
        judgeMode(wanted, status, &evidence)
        judgeOwners(wanted, status, &evidence)
        return evidence
    }

    private static func missing(_ wanted: FileExpectation, actual: [String: String]) -> Evidence {
        .wrong(.missingFile, expected: ["state": wanted.state.rawValue], actual: actual)
    }

    private static func judgeMode(_ wanted: FileExpectation, _ observed: FileStatus, _ evidence: inout Evidence) {
        if let mode = wanted.mode, mode & 0o7777 != observed.mode & 0o7777 {
            evidence.add(
                .wrongPermissions, expected: ["mode": octal(mode)], actual: ["mode": octal(observed.mode)])
        } else if let most = wanted.maximumMode, observed.mode & 0o7777 & ~most != 0 {
            evidence.add(
                .wrongPermissions, expected: ["max_mode": octal(most)], actual: ["mode": octal(observed.mode)])
        }
    }

    private static func judgeSize(_ wanted: FileExpectation, _ observed: FileStatus, _ evidence: inout Evidence) {
        guard let least = wanted.minimumSize, observed.size < least else { return }
        evidence.add(
            .tooSmall, expected: ["min_size": Quantity.size(least)], actual: ["size": Quantity.size(observed.size)])
    }

    /// A time of change in the future is not too old.
    private static func judgeAge(
        _ wanted: FileExpectation, _ observed: FileStatus, _ facts: Facts, _ evidence: inout Evidence
    ) {
        guard let most = wanted.maximumAge else { return }
        guard let modified = observed.modified else { return evidence.addUnseen(.unsupported) }
        switch facts.topics.seen(ClockFacts.self).map(\.now) {
        case .failure(let reason): evidence.addUnseen(reason)
        case .success(nil): evidence.addUnseen(.malformedAnswer)
        case .success(let now?):
            guard now - modified > most else { return }
            evidence.add(
                .tooOld, expected: ["max_age": Quantity.age(most)], actual: ["age": Quantity.age(now - modified)])
        }
    }

    private static func judgeLines(_ wanted: FileExpectation, _ entry: FileEntry, _ evidence: inout Evidence) {
        guard !wanted.contains.isEmpty || !wanted.lacks.isEmpty else { return }
        guard wanted.state == .file else { return evidence.addUnseenContent(.notRegular) }
        switch entry.content {
        case nil: evidence.addUnseenContent(.malformedAnswer)
        case .unreadable(let reason): evidence.addUnseenContent(reason)
        case .read(_, nil): evidence.addUnseenContent(entry.textWithheld ?? .malformedAnswer)
        case .read(let digest, let bytes?):
            // Another pack may allow more than this one, and an old probe may send more than it was asked for.
            guard wanted.show == .text || (wanted.show == .worldReadable && entry.isWorldReadable),
                Masking.mayReadContent(of: wanted.path, at: entry)
            else { return evidence.addUnseenContent(.privateText) }
            guard SHA256Digest(of: bytes) == digest else { return evidence.addUnseenContent(.readError) }
            guard let lines = LineComparison(bytes) else { return evidence.addUnseenContent(.notText) }
            lines.judge(contains: wanted.contains, &evidence)
            lines.judge(lacks: wanted.lacks, &evidence)
        }
    }

    private static func octal(_ mode: UInt16) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    private static func judgeOwners(_ wanted: FileExpectation, _ observed: FileStatus, _ evidence: inout Evidence) {
        var expected: [String: String] = [:]
        var actual: [String: String] = [:]
        for (key, name, account) in [
            ("owner", wanted.owner, observed.owner), ("group", wanted.group, observed.group),
        ] {
            guard let name, !matches(name, account) else { continue }
            expected[key] = name
            actual[key] = number(name) == nil ? account.name ?? String(account.number) : String(account.number)
        }
        if !expected.isEmpty { evidence.add(.wrongOwner, expected: expected, actual: actual) }
    }

    /// A name made of digits is looked up as a name too, as `chown` does.
    private static func matches(_ name: String, _ account: Account) -> Bool {
        account.name?.hasSameBytes(as: name) == true || number(name) == account.number
    }

    private static func number(_ name: String) -> Int? {
        name.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(name) : nil
    }

    private static func judgeTarget(_ wanted: FileExpectation, _ entry: FileEntry, _ evidence: inout Evidence) {
        guard let target = wanted.target, let link = entry.link else { return }
        if !link.target.hasSameBytes(as: target) {
            evidence.add(.wrongTarget, expected: ["target": target], actual: ["target": link.target])
        }
    }

    private static func judgeContent(_ wanted: FileExpectation, _ entry: FileEntry, _ evidence: inout Evidence) {
        guard let content = wanted.content else { return }
        guard wanted.state == .file else { return evidence.addUnseenContent(.notRegular) }
        switch entry.content {
        case nil: evidence.addUnseenContent(.malformedAnswer)
        case .unreadable(let reason):
            guard let report = sizeReport(of: wanted, entry, because: reason) else {
                return evidence.addUnseenContent(reason)
            }
            evidence.add(.wrongContent, report.sides)
        case .read(let digest, let bytes):
            guard digest != content.digest else { return }
            let report = ContentReport(
                of: wanted.path, at: entry, expected: content, actual: digest, bytes: bytes, show: wanted.show)
            evidence.add(.wrongContent, report.sides, diff: report.diff)
        }
    }

    /// A regular file whose size differs from its template's has a different content, even if it could not be read.
    private static func sizeReport(
        of wanted: FileExpectation, _ entry: FileEntry, because reason: UnreadableReason
    ) -> ContentReport? {
        guard reason.leavesSizeTrue, let (source, bytes) = wanted.content?.source,
            let size = entry.followed?.size, size != bytes.count
        else { return nil }
        return ContentReport(
            of: wanted.path, at: entry, expected: (source, bytes.count), actual: size, because: reason,
            show: wanted.show)
    }
}

extension UnreadableReason {
    /// Whether the size from `stat` is reliable: not in pseudo file systems, not in a malformed answer, and not for a file that
    /// changed while it was read.
    fileprivate var leavesSizeTrue: Bool {
        switch self {
        case .permissionDenied, .sudoRefused, .tooLarge, .privateText, .slow, .plantedLink, .unsupported: true
        case .notRegular, .notText, .special, .notAVersion, .unknownAccount, .directoryUnseen, .malformedAnswer,
            .readError,
            .undecided, .secretPlace, .malformedFile, .computedValue, .ambiguousValue, .notANumber, .missingVariable,
            .unusableVariable:
            false
        }
    }
}

extension FileEntry {
    /// What the path leads to in the end; nil if it dangles.
    var followed: FileStatus? { status.type == .symlink ? link?.destination : status }

    /// Whether the file's own mode lets every account of the server read it; the folders above may still forbid it.
    var isWorldReadable: Bool { followed.map { $0.mode & 0o004 != 0 } ?? false }
}
