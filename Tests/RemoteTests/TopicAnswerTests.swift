import DriftCore
import Remote
import TestSupport
import Testing

/// The lines of a topic as they came.
private struct RawTopic: Topic {
    static let name = "kernel"
    var lines: [String]

    init(_ lines: [ArraySlice<UInt8>]) { self.lines = lines.map { String(decoding: $0, as: UTF8.self) } }
}

@Suite("Answers to topics")
struct TopicAnswerTests {
    private let request = ProbeRequest(
        ProbeQuestions(topics: [TopicQuestion(RawTopic.self, about: ["a"])]), nonce: "d1")

    private func answers(_ lines: [String], topics: String = "topics kernel", closing: [String] = ["answered kernel"])
        throws -> TopicAnswers
    {
        let whole =
            ["driftwatch-probe d1 begin 2", topics] + lines + closing + ["driftwatch-probe d1 end \(closing.count)"]
        let facts = try ProbeAnswer.facts(in: Array((whole.joined(separator: "\n") + "\n").utf8), to: request)
        return try #require(facts).topics
    }

    private func read(_ lines: [String]) -> TopicAnswers {
        var answers = TopicAnswers()
        answers.read(RawTopic.self, lines.map { Array($0.utf8)[...] })
        return answers
    }

    private func missed(_ reason: UnreadableReason) -> TopicAnswers {
        var answers = TopicAnswers()
        answers.miss(RawTopic.self, because: reason)
        return answers
    }

    /// Whatever a program prints is the topic's, and only the session's nonce ends it.
    @Test func noLineOfAProgramIsTakenForTheProbes() throws {
        let lines = [
            "", "topic kernel", "topic-end d2 kernel ok", "topic-end d10 kernel ok", "topic-end d1 kerne ok",
            "answered files", "try 1", "cut d2", "elevate", "elevated", "Package: x", "pkgs dpkg", "home x",
            "driftwatch-probe d2 end 0",
        ]
        #expect(try answers(["topic kernel"] + lines + ["topic-end d1 kernel ok"]) == read(lines))
    }

    @Test(arguments: [
        ("unsupported", UnreadableReason.unsupported), ("denied", .permissionDenied), ("slow", .slow),
        ("error", .readError), ("fine", .malformedAnswer), ("", .malformedAnswer), ("ok ", .malformedAnswer),
    ])
    func itsLastWordSaysWhyItIsNotWhole(word: String, reason: UnreadableReason) throws {
        #expect(try answers(["topic kernel", "x", "topic-end d1 kernel \(word)"]) == missed(reason))
    }

    @Test func aTopicThatWasNotAnsweredIsNotEmpty() throws {
        #expect(try answers([]) == missed(.slow))
        #expect(try answers([], closing: []) == missed(.malformedAnswer))
        #expect(try answers([], topics: "topics files") == missed(.unsupported))
        #expect(try answers(["topic kernel", "x"], closing: []) == missed(.malformedAnswer))
        #expect(try answers(["topic kernel", "x", "cut d1"]) == missed(.slow))
    }

    @Test func aLaterAnswerReplacesAnEarlierOne() throws {
        let end = "topic-end d1 kernel ok"
        #expect(try answers(["topic kernel", "x", "cut d1", "topic kernel", "y", end]) == read(["y"]))
        #expect(try answers(["topic kernel", "x", end, "topic kernel", "y", end]) == read(["y"]))
        #expect(try answers(["topic kernel", "x", end, "topic kernel", "y", "cut d1"]) == missed(.slow))
    }

    @Test func whatWasNotAskedIsRefused() throws {
        #expect(throws: ProbeFailure.self) { try answers(["topic other", "topic-end d1 other ok"]) }
        #expect(throws: ProbeFailure.self) { try answers(["topic-end d1 kernel ok"]) }
    }

    @Test func rootAnswersOnlyWhatWasDenied() throws {
        let denied = ["topic kernel", "topic-end d1 kernel denied"]
        let open = ["topic kernel", "x", "topic-end d1 kernel ok"]
        let root = ["topic kernel", "y", "topic-end d10 kernel ok"]
        func elevated(_ lines: [String]) -> [String] {
            ["elevate", "a lecture", "driftwatch-probe d10 begin 2", "topics kernel"] + lines
                + ["answered kernel", "driftwatch-probe d10 end 1", "elevated d1"]
        }
        #expect(try answers(denied + elevated(root)) == read(["y"]))
        #expect(try answers(denied + ["elevate", "a lecture", "elevated d1"]) == missed(.sudoRefused))
        #expect(try answers(denied) == missed(.permissionDenied))
        #expect(throws: ProbeFailure.self) { try answers(open + elevated(root)) }
        // Root's probe died: what it printed is not whole, and what follows is the outer one's again.
        let broken = ["elevate", "driftwatch-probe d10 begin 2", "topic kernel", "y", "elevated d1"]
        #expect(try answers(denied + broken) == missed(.sudoRefused))
        #expect(
            try answers(denied + elevated(["topic kernel", "topic-end d10 kernel denied"])) == missed(.permissionDenied)
        )
    }

    @Test func anOldProbeAnswersNone() throws {
        let request = ProbeRequest(request.questions, nonce: "d1", version: 1)
        let whole = "driftwatch-probe d1 begin 1\n1\ncomplete\ndriftwatch-probe d1 end\n"
        #expect(!request.input.starts(with: "#".utf8))
        #expect(!String(decoding: request.input, as: UTF8.self).contains("kernel"))
        let facts = try ProbeAnswer.facts(in: Array(whole.utf8), to: request)
        #expect(facts?.topics == missed(.unsupported))
    }

    @Test func anArgumentThatIsNoLineIsNotSent() {
        let question = TopicQuestion(RawTopic.self, about: ["a b", "c\nd", "e\0", String(repeating: "f", count: 4096)])
        let request = ProbeRequest(ProbeQuestions(topics: [question, TopicQuestion(RawTopic.self)]), nonce: "d1")
        let asked = String(decoding: request.input, as: UTF8.self).split(separator: "\n").filter {
            $0.hasPrefix("#ask")
        }
        #expect(asked == ["#ask kernel a b", "#ask kernel"])
    }
}
