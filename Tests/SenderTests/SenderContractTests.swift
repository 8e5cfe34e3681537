import DriftCore
import Foundation
import TestSupport
import Testing

/// What holds of every sender, whatever it sends to.
@Suite("every sender", .timeLimit(.minutes(2)))
struct SenderContractTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: Kind
        let behaviour: Behaviour
        var testDescription: String { "\(kind.testDescription) \(behaviour)" }
    }

    static let cases = Kind.all.flatMap { kind in kind.behaviours.map { Case(kind: kind, behaviour: $0) } }

    @Test(arguments: cases)
    func whatTheOtherSideDoesIsClassified(example: Case) async throws {
        let (sender, received) = try example.kind.make(example.behaviour)
        let reply = await sender.send(notification())
        let isAsWanted =
            switch (example.behaviour, reply) {
            case (.accepts, .sent), (.refusesTheMessage, .badMessage), (.refusesEverything, .badDestination),
                (.asksToWait, .pace), (.isInTrouble, .serverError), (.saysNothing, .noReply),
                (.isNotThere, .unreachable):
                true
            default: false
            }
        #expect(isAsWanted, "\(reply)")
        #expect(!"\(reply)".contains(secret), "\(reply)")
        if example.behaviour == .asksToWait, case .pace(let wait) = reply { #expect(wait >= .seconds(1)) }
        if example.behaviour == .accepts { #expect(received().count == 1) }
        #expect(reply.leavesDoubt == (example.behaviour == .saysNothing))
    }

    /// In what it sends or writes.
    @Test(arguments: Kind.all)
    func aRepeatCarriesTheSameID(kind: Kind) async throws {
        let (sender, received) = try kind.make(.accepts)
        for isRepeat in [false, true] {
            guard case .sent = await sender.send(notification(isRepeat: isRepeat)) else {
                Issue.record("it is not sent")
                return
            }
        }
        let texts = received()
        #expect(texts.count == 2)
        let ids = texts.map { text in
            text.firstMatch(of: /Message-ID: (\S+)/).map { String($0.1) }
                ?? text.firstMatch(of: /"delivery":"(.*?)"/).map { String($0.1) }
                ?? text.firstMatch(of: /alert 42 · outbox 7/).map { String($0.0) }
        }
        #expect(ids[0] != nil && ids[0] == ids[1], "\(ids)")
    }

    /// Names, paths and people that would add a header, a line, a mention or a key, and far too much of everything.
    @Test(arguments: Kind.all)
    func hostileTextsStayTexts(kind: Kind) async throws {
        var generator = SeededGenerator(seed: 11)
        let (sender, received) = try kind.make(.accepts)
        for _ in 0..<20 {
            for form in [OutboundNotification.Form.rich, .plain] {
                let facts = hostileFacts(using: &generator)
                guard case .sent = await sender.send(notification(facts, form: form)) else {
                    Issue.record("it is not sent: \(facts)")
                    return
                }
            }
        }
        let texts = received()
        #expect(texts.count == 40)
        for text in texts {
            #expect(text.utf8.count < 200_000)
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 || "\r\n\t".unicodeScalars.contains($0) })
            // Only Slack makes a mention of it.
            if kind.testDescription.hasPrefix("slack") { #expect(!text.contains("<!channel>")) }
        }
    }
}
