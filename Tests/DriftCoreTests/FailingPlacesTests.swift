import DriftCore
import TestSupport
import Testing

@Suite("FailingPlaces")
struct FailingPlacesTests {
    private static func server(
        _ address: String?, behind jump: String? = nil, from worker: String? = "wall"
    ) -> NotificationFacts.Failing {
        NotificationFacts.Failing(
            reason: "unreachable", jumpHost: jump, address: address, since: "", slots: 3, workerHost: worker)
    }

    @Test func allBehindOneJumpHostAreThereWhateverTheirAddresses() {
        let places = FailingPlaces([Self.server("a", behind: "bastion"), Self.server("192.0.2.1", behind: "bastion")])
        #expect(places.common == .jumpHost("bastion"))
    }

    @Test func allAtOneAddressAreThereAndAllInOneNetworkToo() {
        #expect(
            FailingPlaces([Self.server("nat.example"), Self.server("nat.example")]).common == .address("nat.example"))
        #expect(FailingPlaces([Self.server("192.0.2.1"), Self.server("192.0.2.254")]).common == .network("192.0.2"))
    }

    @Test func eachServerCountsInOnePlaceTheLargestFirst() {
        let places = FailingPlaces([
            Self.server("192.0.2.1"), Self.server("192.0.2.2"), Self.server("192.0.2.3"), Self.server("198.51.100.7"),
            Self.server("web-1"), Self.server("192.0.2.4", behind: "b"), Self.server("192.0.2.5", behind: "b"),
        ])
        #expect(
            places.parts == [
                FailingPlaces.Part(place: .network("192.0.2"), count: 3),
                FailingPlaces.Part(place: .jumpHost("b"), count: 2),
            ])
        #expect(places.elsewhere == 2 && places.common == nil)
    }

    @Test(arguments: [
        ("web-1", "web-2"), ("192.0.2.1", "192.0.3.1"), ("1.2.3.4.5", "1.2.3.4.6"), ("192.0.2.256", "192.0.2.257"),
        ("192.0.2.+1", "192.0.2.+2"), ("1.2.3.", "1.2.3."), ("2001:db8::1", "2001:db8::2"), ("1.2..4", "1.2..5"),
    ])
    func whatIsNoAddressOfOneNetworkIsNone(one: String, other: String) {
        let places = FailingPlaces([Self.server(one), Self.server(other)])
        #expect(!places.parts.contains { if case .network = $0.place { true } else { false } })
    }

    @Test func theWorkerIsNamedIfItTriedAllOfSeveral() {
        #expect(FailingPlaces([Self.server("a"), Self.server("b")]).workerHost == "wall")
        #expect(FailingPlaces([Self.server("a"), Self.server("b", from: "hall")]).workerHost == nil)
        #expect(FailingPlaces([Self.server("a"), Self.server("b", from: nil)]).workerHost == nil)
        #expect(FailingPlaces([Self.server("a")]).workerHost == nil)
    }

    /// Whatever the facts are, every server is counted once.
    @Test func everyServerIsCountedOnce() {
        var generator = SeededGenerator(seed: 3)
        let addresses: [String?] = [nil, "", "a", "b", "10.0.0.1", "10.0.0.2", "10.0.1.1", "...", "10.0.0.999"]
        for _ in 0..<500 {
            let servers = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                Self.server(
                    addresses.randomElement(using: &generator) ?? nil,
                    behind: Bool.random(using: &generator) ? ["x", "y"].randomElement(using: &generator) : nil)
            }
            let places = FailingPlaces(servers)
            #expect(places.parts.reduce(places.elsewhere) { $0 + $1.count } == servers.count)
            #expect(places.elsewhere >= 0 && places.parts.allSatisfy { $0.count > 1 })
        }
    }
}
