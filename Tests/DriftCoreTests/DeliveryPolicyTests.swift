import DriftCore
import Testing

@Suite("DeliveryPolicy")
struct DeliveryPolicyTests {
    private static let policy = DeliveryPolicy()
    private static let day = Duration.seconds(24 * 3600)

    @Test
    func aWaitIsLoggedInWholeSeconds() {
        #expect("\(DeliveryDecision.backOffRow(.milliseconds(4309), reason: "x"))" == "next try in 5 s: x")
    }

    /// Every kind of reply, with every kind of history.
    struct Case: Sendable, CustomTestStringConvertible {
        var reply: DeliveryReply
        var history: DeliveryHistory
        var testDescription: String { "\(reply), \(history)" }
    }

    private static let histories: [DeliveryHistory] = [1, 2, 7, 8, 1000].flatMap { rowAttempt in
        [1, 2, 50].flatMap { destinationAttempt in
            [false, true].flatMap { triedPlain in
                [Duration.zero, day - .seconds(1), day, .seconds(-5), day * 365].map { age in
                    DeliveryHistory(
                        rowAttempt: rowAttempt, destinationAttempt: destinationAttempt, triedPlain: triedPlain, age: age
                    )
                }
            }
        }
    }

    private static let replies: [DeliveryReply] = [
        .sent(remoteID: nil), .sent(remoteID: "1700000000.000100"), .pace(.seconds(5)), .pace(.zero),
        .badMessage("no_text"), .badDestination("no_service"), .unreachable("refused"), .serverError("HTTP 500"),
        .noReply("timeout"), .notUnderstood("HTTP 200"),
    ]

    private static let cases = replies.flatMap { reply in histories.map { Case(reply: reply, history: $0) } }

    @Test("every reply has one decision, whatever came before", arguments: cases)
    func everyReplyHasOneDecision(_ one: Case) {
        let decision = Self.policy.decide(one.reply, one.history, random: 1)
        let history = one.history
        switch one.reply {
        case .sent(let id, let parent, let calls):
            #expect(decision == .markSent(remoteID: id, parent: parent, rest: .seconds(calls)))
        case .notNeeded(let reason): #expect(decision == .fold(reason: reason))
        case .pace(let asked): #expect(decision == .waitDestination(max(asked, .seconds(1))))
        case .badMessage(let reason):
            #expect(decision == (history.triedPlain ? .dead(reason: reason) : .retryPlain(reason: reason)))
        case .badDestination(let reason):
            #expect(decision == .pauseDestination(reason: reason, probeAfter: .seconds(900)))
        case .noReply(let reason):
            let rest: [Int: Duration] = [1: .zero, 2: .zero, 50: .seconds(300)]
            #expect(
                rest[history.destinationAttempt].map {
                    decision
                        == .repeatLater(
                            .seconds(60), rest: $0, reason: "no reply; it may have been delivered: \(reason)")
                } == true)
        case .notUnderstood(let reason):
            #expect(decision == .pauseDestination(reason: reason, probeAfter: .seconds(900)))
        case .unreachable(let reason):
            let waits: [Int: Duration] = [1: .seconds(5), 2: .seconds(10), 50: .seconds(300)]
            #expect(
                waits[history.destinationAttempt].map { decision == .backOffDestination($0, reason: reason) } == true)
        case .serverError(let reason):
            let waits: [Int: Duration] = [
                1: .seconds(5), 2: .seconds(10), 7: .seconds(300), 8: .seconds(300), 1000: .seconds(300),
            ]
            let isDead = history.age >= Self.day && history.rowAttempt >= 8
            #expect(
                waits[history.rowAttempt].map {
                    decision == (isDead ? .dead(reason: reason) : .backOffRow($0, reason: reason))
                } == true)
        }
    }

    @Test(
        "waits double from 5 s to 5 min",
        arguments: zip([1, 2, 3, 4, 5, 6, 7, 8, 64, Int.max], [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]))
    func waitsDouble(attempt: Int, seconds: Int) {
        let history = DeliveryHistory(rowAttempt: attempt, destinationAttempt: attempt)
        #expect(
            Self.policy.decide(.serverError("x"), history, random: 1) == .backOffRow(.seconds(seconds), reason: "x"))
        #expect(
            Self.policy.decide(.unreachable("x"), history, random: 1)
                == .backOffDestination(.seconds(seconds), reason: "x"))
    }

    @Test(
        "a message that may have been delivered is sent three times at the most, ever later",
        arguments: [(1, 60), (2, 900)])
    func aDoubtfulMessageIsRepeatedTwice(attempt: Int, seconds: Int) {
        let history = DeliveryHistory(doubtfulAttempt: attempt)
        let reason = "no reply; it may have been delivered: x"
        #expect(
            Self.policy.decide(.noReply("x"), history, random: 1)
                == .repeatLater(.seconds(seconds), rest: .zero, reason: reason))
        #expect(Self.policy.decideUnsent(history) == nil)
    }

    @Test func theThirdAttemptWithoutAReplyIsTheLast() {
        let third = DeliveryHistory(destinationAttempt: 4, doubtfulAttempt: 3)
        #expect(
            Self.policy.decide(.noReply("x"), third, random: 1)
                == .giveUp(
                    rest: .seconds(10), reason: "no reply to 3 attempts; it may have been delivered: x"))
        #expect(Self.policy.decideUnsent(third) == nil)
        let fourth = DeliveryHistory(doubtfulAttempt: 4)
        #expect(
            Self.policy.decideUnsent(fourth)
                == .drop(reason: "the result of 3 attempts is not known; it may have been delivered"))
    }

    @Test(
        "a destination that answers nobody rests from its third silence on",
        arguments: zip([1, 2, 3, 4, 9, 50], [0, 0, 5, 10, 300, 300]))
    func aSilentDestinationRests(silences: Int, seconds: Int) {
        let decision = Self.policy.decide(.noReply("x"), DeliveryHistory(destinationAttempt: silences), random: 1)
        guard case .repeatLater(_, let rest, _) = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(rest == .seconds(seconds))
    }

    @Test(
        "an answer that is not understood is probed for ever less often", arguments: zip([1, 2, 3], [900, 1800, 3600]))
    func aStrangeAnswerIsProbedLessOften(attempt: Int, seconds: Int) {
        #expect(
            Self.policy.decide(.notUnderstood("x"), DeliveryHistory(doubtfulAttempt: attempt), random: 1)
                == .pauseDestination(reason: "x", probeAfter: .seconds(seconds)))
    }

    @Test("an attempt that was never counted waits as the first", arguments: [0, -1, Int.min])
    func anUncountedAttemptWaitsAsTheFirst(attempt: Int) {
        let history = DeliveryHistory(rowAttempt: attempt, destinationAttempt: attempt)
        #expect(Self.policy.decide(.serverError("x"), history, random: 1) == .backOffRow(.seconds(5), reason: "x"))
    }

    @Test("waits are spread over their last quarter", arguments: [-1, 0, 0.25, 0.5, 0.999, 1, 7])
    func waitsAreSpread(random: Double) throws {
        let decision = Self.policy.decide(.unreachable("x"), DeliveryHistory(destinationAttempt: 3), random: random)
        guard case .backOffDestination(let wait, _) = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(wait >= .seconds(15) && wait <= .seconds(20))
        #expect((wait == .seconds(20)) == (random >= 1))
        #expect((wait == .seconds(15)) == (random <= 0))
    }

    @Test(
        "what a destination asks for is brought to between a second and a day",
        arguments: [
            (.seconds(-5), .seconds(1)), (.zero, .seconds(1)), (.milliseconds(1), .seconds(1)),
            (.milliseconds(1500), .milliseconds(1500)), (.seconds(5), .seconds(5)), (.seconds(3600), .seconds(3600)),
            (.seconds(7200), .seconds(7200)), (.seconds(86_400), .seconds(86_400)),
            (.seconds(86_401), .seconds(86_400)), (.seconds(Int64.max), .seconds(86_400)),
        ] as [(Duration, Duration)])
    func whatADestinationAsksForIsClamped(asked: Duration, wait: Duration) {
        #expect(Self.policy.decide(.pace(asked), DeliveryHistory(), random: 0) == .waitDestination(wait))
    }
}
