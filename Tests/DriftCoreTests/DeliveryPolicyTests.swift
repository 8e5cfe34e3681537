import DriftCore
import Testing

@Suite("DeliveryPolicy")
struct DeliveryPolicyTests {
    private static let policy = DeliveryPolicy()
    private static let day = Duration.seconds(24 * 3600)

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
    ]

    private static let cases = replies.flatMap { reply in histories.map { Case(reply: reply, history: $0) } }

    @Test("every reply has one decision, whatever came before", arguments: cases)
    func everyReplyHasOneDecision(_ one: Case) {
        let decision = Self.policy.decide(one.reply, one.history, random: 1)
        let history = one.history
        switch one.reply {
        case .sent(let id): #expect(decision == .markSent(remoteID: id))
        case .pace(let asked): #expect(decision == .waitDestination(max(asked, .seconds(1))))
        case .badMessage(let reason):
            #expect(decision == (history.triedPlain ? .dead(reason: reason) : .retryPlain(reason: reason)))
        case .badDestination(let reason):
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
