import DriftCore

/// Puts the answers to topics together.
///
/// One answer is `topic NAME`, lines that belong to the topic alone, and `topic-end NONCE NAME WORD`. Whatever the lines
/// hold, they cannot end it: the nonce is this session's. A later answer replaces an earlier one, and one of a probe that
/// root runs replaces only what the login user was denied.
struct TopicRecords {
    private struct Open {
        var name: String
        var isInner: Bool
        /// How its last line begins.
        var end: [UInt8]
        var lines: [ArraySlice<UInt8>] = []
    }

    private enum Ending {
        case whole([ArraySlice<UInt8>])
        /// Root may be able to say more.
        case partial([ArraySlice<UInt8>])
        case denied
        case missed(UnreadableReason)
    }

    private let request: ProbeRequest
    private let questions: [TopicQuestion]
    private var open: Open?
    private var endings: [String: Ending] = [:]
    /// What root said of topics that were answered in part.
    private var additions: [String: [ArraySlice<UInt8>]] = [:]
    /// Whether root was asked about what the login user was denied.
    private var askedRoot = false

    init(_ request: ProbeRequest) {
        self.request = request
        questions = request.topics
    }

    /// Whether the next line belongs to a topic.
    var isOpen: Bool { open != nil }

    mutating func askRoot() { askedRoot = true }

    /// Begins an answer.
    ///
    /// - Returns: Whether the topic was asked about.
    mutating func begin(_ name: ArraySlice<UInt8>, isInner: Bool) -> Bool {
        let name = String(decoding: name, as: UTF8.self)
        guard questions.contains(where: { $0.topic.name == name }), !isInner || wasDenied(name) else { return false }
        let nonce = isInner ? request.innerNonce : request.nonce
        open = Open(name: name, isInner: isInner, end: Array("topic-end \(nonce) \(name) ".utf8))
        return true
    }

    /// Whether there is more of the topic than the login user was told.
    private func wasDenied(_ name: String) -> Bool {
        switch endings[name] {
        case .denied, .partial: true
        case .whole, .missed, nil: false
        }
    }

    /// Takes in a line of the open answer, or its end.
    mutating func add(_ line: ArraySlice<UInt8>) {
        guard let open else { return }
        guard line.starts(with: open.end) else {
            self.open?.lines.append(line)
            return
        }
        self.open = nil
        let word = line.dropFirst(open.end.count)
        if open.isInner, case .partial = endings[open.name] {
            if word.isEqual(to: "ok") || word.isEqual(to: "partial") { additions[open.name] = open.lines }
            return
        }
        endings[open.name] =
            switch word {
            case _ where word.isEqual(to: "ok"): .whole(open.lines)
            case _ where word.isEqual(to: "partial"): open.isInner ? .whole(open.lines) : .partial(open.lines)
            case _ where word.isEqual(to: "denied"): open.isInner ? .missed(.permissionDenied) : .denied
            case _ where word.isEqual(to: "slow"): .missed(.slow)
            case _ where word.isEqual(to: "unsupported"): .missed(.unsupported)
            case _ where word.isEqual(to: "error"): .missed(.readError)
            default: .missed(.malformedAnswer)
            }
    }

    /// The writer of the open answer was ended.
    mutating func abandon() {
        guard let open else { return }
        self.open = nil
        // What root could not say in time, the login user was denied all the same.
        if !open.isInner { endings[open.name] = .missed(.slow) }
    }

    /// What was answered; `gap` says why nothing of a topic is known.
    func answers(gap: (String) -> UnreadableReason?) -> TopicAnswers {
        var answers = TopicAnswers()
        for question in questions {
            let name = question.topic.name
            switch (gap(name), endings[name]) {
            case (let reason?, _): answers.miss(question.topic, because: reason)
            case (nil, .whole(let lines)): answers.read(question.topic, lines)
            case (nil, .partial(let lines)):
                answers.read(
                    question.topic, lines, asRoot: additions[name], denial: askedRoot ? .sudoRefused : .permissionDenied
                )
            case (nil, .missed(let reason)): answers.miss(question.topic, because: reason)
            case (nil, .denied): answers.miss(question.topic, because: askedRoot ? .sudoRefused : .permissionDenied)
            // The probe was out of time before it came to this topic.
            case (nil, nil): answers.miss(question.topic, because: .slow)
            }
        }
        return answers
    }
}
