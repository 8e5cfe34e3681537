package import DriftCore
internal import Redaction

/// Turns the bytes of a session into facts.
///
/// The bytes are hostile. Whatever is missing, contradicts itself or makes no sense becomes unreadable, or fails the
/// whole; nothing but an explicit record makes a file missing, and nothing but a whole environment a variable unset. The
/// work is linear in their number, and ends early where the task is cancelled.
package enum ProbeAnswer {
    /// - Returns: Nil when the script's answer never began.
    package static func facts(in bytes: [UInt8], to request: ProbeRequest) throws(ProbeFailure) -> Facts? {
        try read(bytes, to: request)?.facts
    }

    /// The facts, and whether the script says that it can be asked again.
    static func read(
        _ bytes: [UInt8], to request: ProbeRequest
    ) throws(ProbeFailure) -> (facts: Facts, knowsRounds: Bool)? {
        var lines = AnswerLines(bytes)
        guard let opening = lines.skip(to: prefix(request.nonce)) else { return nil }
        if opening.starts(with: "speaks ".utf8) {
            throw ProbeFailure(
                .probeOutdated,
                detail: "the server's probe \(VisibleText.plain(opening)), this worker \(ProbeScript.version)")
        }
        guard opening.elementsEqual("begin \(request.version)".utf8) else {
            throw ProbeFailure(
                .malformedAnswer, detail: "the answer begins with \"\(VisibleText.plain(opening))\"")
        }
        if request.version == 1 { return (try FirstVersionAnswer.facts(from: &lines, to: request), false) }
        var reader = AnswerReader(request)
        return (try reader.facts(from: &lines), reader.knowsRounds)
    }

    /// Whether a script that was asked in no version of its own says that it speaks `version`.
    static func speaks(_ version: Int, in bytes: [UInt8], nonce: String) -> Bool {
        var lines = AnswerLines(bytes)
        guard let opening = lines.skip(to: prefix(nonce)) else { return false }
        let words = opening.split(separator: UInt8(ascii: " "))
        return words.first?.isEqual(to: "speaks") == true
            && words.dropFirst().contains { AnswerNumber.parsed($0) == version }
    }

    static func prefix(_ nonce: String) -> [UInt8] { Array("driftwatch-probe \(nonce) ".utf8) }
}

/// Reads an answer of the current version, line by line.
struct AnswerReader {
    private enum Place {
        case outer
        /// Behind `elevate`: what `sudo` prints is noise until the probe that root runs begins, and after its end.
        case elevating
        case inner
    }

    private let request: ProbeRequest
    private let prefix: [UInt8]
    private let innerPrefix: [UInt8]
    private let cut = Array("cut ".utf8)
    private let elevated: [UInt8]
    private var place = Place.outer
    private var files: FileSections
    private var packages: PackageRecords
    private var environment = EnvironmentRecords()
    private var topicRecords: TopicRecords
    private var home: String?
    /// What the script can answer, and has answered.
    private var topics: Set<String> = []
    private var answered: Set<String> = []

    /// Whether the script says that it can be asked again.
    var knowsRounds: Bool { topics.contains("rounds") }

    init(_ request: ProbeRequest) {
        self.request = request
        prefix = ProbeAnswer.prefix(request.nonce)
        innerPrefix = ProbeAnswer.prefix(request.innerNonce)
        elevated = Array("elevated \(request.nonce)".utf8)
        files = FileSections(request)
        topicRecords = TopicRecords(request)
        packages = PackageRecords(providedNames: request.questions.providedNames)
    }

    mutating func facts(from lines: inout AnswerLines) throws(ProbeFailure) -> Facts {
        var count = 0
        // One line behind: `cut` says that the line before it is not whole.
        var last: ArraySlice<UInt8>?
        while let line = lines.next() {
            count += 1
            if count.isMultiple(of: 1024), Task.isCancelled { throw ProbeFailure(.cancelled) }
            if line.starts(with: cut), readCut(by: line.dropFirst(cut.count)) {
                last = nil
                continue
            }
            if let last { try read(last) }
            last = line
            if line.starts(with: prefix) {
                try end(line.dropFirst(prefix.count))
                return facts()
            }
        }
        throw ProbeFailure(.truncated, detail: "the answer has no end marker")
    }

    /// A probe ended its own child, and with that whatever the child had started.
    ///
    /// - Returns: Whether it is one of the two probes.
    private mutating func readCut(by nonce: ArraySlice<UInt8>) -> Bool {
        if place == .inner, nonce.elementsEqual(request.innerNonce.utf8) {
            topicRecords.abandon()
            return true
        }
        guard nonce.elementsEqual(request.nonce.utf8) else { return false }
        topicRecords.abandon()
        leaveInner()
        return true
    }

    /// The probe that root runs has not ended its answer.
    private mutating func leaveInner() {
        if place == .inner { files.endInner(isWhole: false) }
        place = .outer
    }

    private mutating func read(_ line: ArraySlice<UInt8>) throws(ProbeFailure) {
        if place != .outer, line.elementsEqual(elevated) {
            topicRecords.abandon()
            leaveInner()
            return
        }
        if topicRecords.isOpen {
            topicRecords.add(line)
            return
        }
        if place != .outer {
            if line.starts(with: innerPrefix) {
                let mark = line.dropFirst(innerPrefix.count)
                if place == .elevating, mark.elementsEqual("begin \(ProbeScript.version)".utf8) {
                    place = .inner
                    files.beginInner()
                } else if place == .inner, mark.starts(with: "end ".utf8) {
                    place = .elevating
                    files.endInner(isWhole: true)
                } else {
                    throw nonsense(line)
                }
                return
            }
            if place == .elevating { return }
        }
        let (tag, rest) = line.cut()
        guard try readTopic(tag, rest) || files.add(tag, rest) else { throw nonsense(line) }
    }

    /// What belongs to the whole answer, or to another topic than files.
    private mutating func readTopic(_ tag: ArraySlice<UInt8>, _ rest: ArraySlice<UInt8>) throws(ProbeFailure) -> Bool {
        if tag.isEqual(to: "topic") { return topicRecords.begin(rest, isInner: place == .inner) }
        // The probe that root runs is asked about files and topics; only what the outer one says of itself counts.
        // An empty line, such as before `cut`, is not a record.
        if place == .inner {
            return tag.isEqual(to: "topics") || tag.isEqual(to: "answered") || (tag.isEmpty && rest.isEmpty)
        }
        // Most lines of an answer are fields of packages.
        if tag.isEmpty || tag.last == UInt8(ascii: ":") { return packages.add(field: tag, rest) }
        switch tag {
        case _ where tag.isEqual(to: "env"): environment.add(rest)
        case _ where tag.isEqual(to: "unset"): environment.addUnset(rest)
        case _ where tag.isEqual(to: "pkgs"): packages.end(rest)
        case _ where tag.isEqual(to: "envs"): environment.end(rest)
        case _ where tag.isEqual(to: "topics"):
            topics.formUnion(rest.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) })
        case _ where tag.isEqual(to: "answered"): answered.insert(String(decoding: rest.prefix(64), as: UTF8.self))
        case _ where tag.isEqual(to: "elevate"):
            place = .elevating
            files.askRoot()
            topicRecords.askRoot()
        case _ where tag.isEqual(to: "home"):
            let path = VisibleText.value(rest)
            guard path.hasPrefix("/"), home == nil || home == path else {
                throw ProbeFailure(
                    .malformedAnswer, detail: "the home is not a path: \(VisibleText.plain(rest))")
            }
            home = path
        default: return false
        }
        return true
    }

    private mutating func end(_ mark: ArraySlice<UInt8>) throws(ProbeFailure) {
        let (word, count) = mark.cut()
        guard word.isEqual(to: "end") else {
            throw ProbeFailure(.malformedAnswer, detail: "the answer's end is not an end marker")
        }
        topicRecords.abandon()
        guard AnswerNumber.parsed(count) == answered.count else {
            throw ProbeFailure(.malformedAnswer, detail: "the answer's count is not that of its topics")
        }
        if place == .inner { files.endInner(isWhole: false) }
        files.end()
    }

    private func nonsense(_ line: ArraySlice<UInt8>) -> ProbeFailure {
        ProbeFailure(.malformedAnswer, detail: "a record makes no sense: \(VisibleText.plain(line))")
    }

    /// Why nothing of a topic is known; nil if its records say what is.
    private func gap(_ topic: String) -> UnreadableReason? {
        if !topics.contains(topic) { return .unsupported }
        return answered.contains(topic) ? nil : .malformedAnswer
    }

    private func facts() -> Facts {
        var facts = Facts(home: home)
        for file in request.questions.files { facts.files[ServerPath(file.path)] = .unreadable(.unsupported) }
        let gapInFiles = gap("files") ?? (files.canStat ? nil : .unsupported)
        for (item, file) in request.files.enumerated() {
            let key = ServerPath(file.path)
            if let gapInFiles {
                facts.files[key] = .unreadable(gapInFiles)
            } else if home == nil && file.path.hasPrefix("~/") {
                facts.files[key] = .unreadable(.unknownAccount)
            } else {
                facts.files[key] = files.records[item]?.fact(file, home: home) ?? .unreadable(.slow)
            }
        }
        if request.questions.packages { facts.packages = gap("packages").map { .unreadable($0) } ?? packages.facts }
        for name in request.questions.environment {
            facts.environment[name] = .unreadable(.unsupported)
        }
        for name in request.environment {
            facts.environment[name] = gap("environment").map { .unreadable($0) } ?? environment.fact(name)
        }
        facts.topics = topicRecords.answers(gap: gap)
        return facts
    }
}
