import Testing

@testable import Remote

@Suite struct KeyExchangeTests {
    private let best = KeyExchange.best
    private let older = "sntrup761x25519-sha512@openssh.com"

    @Test func aBetterExchangeThatThisSSHKnowsIsRecommended() {
        for offered in [[older, best, "curve25519-sha256"], ["curve25519-sha256"], ["curve25519-sha256", best]] {
            let advice = KeyExchange(offered: offered, known: [older, best, "curve25519-sha256"]).advice
            #expect(advice?.finding == "\(offered[0]) is offered before \(best)")
            #expect(advice?.hint.contains("KexAlgorithms \(best),curve25519-sha256") == true)
        }
    }

    @Test func withoutThatExchangeOnlyThoseThatAreNotPostQuantumAreWarnedOf() {
        let weak = KeyExchange(offered: ["curve25519-sha256"], known: ["curve25519-sha256", older]).advice
        #expect(weak?.finding.contains("no post-quantum") == true)
        #expect(weak?.hint.contains(older) == true)
        let old = KeyExchange(offered: ["curve25519-sha256"], known: ["curve25519-sha256"]).advice
        #expect(old?.hint.contains("OpenSSH 9.9") == true)
        #expect(KeyExchange(offered: [older, "curve25519-sha256"], known: [older]).advice == nil)
    }

    @Test func nothingIsSaidWhereNothingIsToBeGained() {
        #expect(KeyExchange(offered: [best, "curve25519-sha256"], known: [best, older]).advice == nil)
        #expect(KeyExchange(offered: [], known: [best]).advice == nil)
    }
}
