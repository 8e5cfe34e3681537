import DriftCore
import Remote
import Testing

@Suite struct AddressPlacesTests {
    @Test func aLoginWaitsForAnotherToEnd() async throws {
        let places = AddressPlaces(limit: 1, patience: .seconds(3600), clock: { .zero })
        let (arrivals, arrive) = AsyncStream.makeStream(of: Void.self)
        let (gates, open) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await places.withPlace(at: "a") { () async throws(ProbeFailure) in
                    arrive.yield()
                    for await _ in gates { break }
                }
            }
            for await _ in arrivals { break }
            for _ in 0..<3 { group.addTask { try await places.withPlace(at: "a") { () } } }
            open.yield()
            try await group.waitForAll()
        }
    }

    @Test func aCancelledLoginWaitsNoLonger() async throws {
        let places = AddressPlaces(limit: 1, patience: .seconds(3600), clock: { .zero })
        try await places.withPlace(at: "a") { () async throws(ProbeFailure) in
            let task = Task { try await places.withPlace(at: "a") { () } }
            task.cancel()
            await #expect(throws: ProbeFailure(.cancelled)) { try await task.value }
        }
        #expect(try await places.withPlace(at: "a") { 1 } == 1)
    }

    @Test func whoFindsNoPlaceInTimeGoesAway() async throws {
        let places = AddressPlaces(limit: 2, patience: .zero)
        let (arrived, arrive) = AsyncStream.makeStream(of: Void.self)
        let (gates, open) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await places.withPlace(at: "a") { () async throws(ProbeFailure) in
                    do {
                        try await places.withPlace(at: "a") { () async throws(ProbeFailure) in
                            arrive.yield()
                            for await _ in gates { break }
                        }
                    } catch {
                        Issue.record("no second place")
                    }
                }
            }
            for await _ in arrived { break }
            let failure = await #expect(throws: ProbeFailure.self) { try await places.withPlace(at: "a") { () } }
            #expect(failure?.reason == .noPlace)
            #expect(try await places.withPlace(at: "b") { 1 } == 1)
            open.yield()
            try await group.waitForAll()
        }
        #expect(try await places.withPlace(at: "a") { 2 } == 2)
        await #expect(throws: ProbeFailure(.truncated)) {
            try await places.withPlace(at: "a") { () async throws(ProbeFailure) in throw ProbeFailure(.truncated) }
        }
        #expect(try await places.withPlace(at: "a") { 3 } == 3)
    }

    @Test func aJumpHostIsAnAddressToo() async throws {
        let places = AddressPlaces(limit: 8, clock: { .zero })
        func fail(_ address: String, _ failure: ProbeFailure) async -> ProbeFailure? {
            await #expect(throws: ProbeFailure.self) {
                try await places.withPlace(at: address, behind: ["bastion"]) { () async throws(ProbeFailure) in
                    throw failure
                }
            }
        }
        let refused = ProbeFailure(.authenticationRefused)
        let refusedThere = ProbeFailure(.authenticationRefused, jumpHost: "bastion")
        for server in ["a", "b", "c", "d"] { #expect(await fail(server, refused) == refused) }
        #expect(await fail("e", refusedThere) == refusedThere)
        #expect(await fail("f", refusedThere) == refusedThere)
        #expect(await fail("g", refusedThere)?.reason == .noPlace, "a third one is too much for the bastion")
        #expect(try await places.withPlace(at: "g") { 1 } == 1)
    }
}
