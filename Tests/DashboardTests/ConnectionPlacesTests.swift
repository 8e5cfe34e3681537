import HTTP
import Synchronization
import Testing

@testable import Dashboard

/// Clients that hold connections and do not use them.
@Suite(.timeLimit(.minutes(2)))
struct ConnectionPlacesTests {
    /// Its timeout is out of reach, so that only what makes room can help.
    private static func withPlaces(
        _ places: Int, timeout: Duration = .seconds(3600), _ body: (Browser) async throws -> Void
    ) async throws {
        try await DefenceTests.withoutDatabase {
            $0.maximumConnections = places
            $0.clientTimeout = timeout
        } _: {
            try await body($0)
        }
    }

    @Test
    func silentClientsDoNotKeepOthersOut() async throws {
        try await Self.withPlaces(256) { get in
            let silent = try (0..<400).map { _ in try RawClient(port: get.port) }
            #expect(try await get("/healthz").status == 503, "there is no database")
            withExtendedLifetime(silent) {}
        }
    }

    @Test
    func clientsThatBeganARequestDoNotKeepOthersOut() async throws {
        try await Self.withPlaces(16) { get in
            let clients = try (0..<40).map { _ in try RawClient(port: get.port) }
            for client in clients { client.send("GET /style.css HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") }
            #expect(try await get("/style.css").status == 200)
            withExtendedLifetime(clients) {}
        }
    }

    @Test
    func clientsThatDoNotTakeTheirAnswersDoNotKeepOthersOut() async throws {
        try await Self.withPlaces(16) { get in
            let request = "GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let clients = try (0..<32).map { _ in
                // Each is stuck before the next one comes, which would take the place of one that is idle.
                let client = try RawClient(port: get.port)
                client.sendUntilNothingMoves(String(repeating: request, count: 200))
                return client
            }
            #expect(try await get("/style.css").status == 200)
            withExtendedLifetime(clients) {}
        }
    }

    @Test
    func aClientThatIsSilentIsClosed() async throws {
        try await Self.withPlaces(16, timeout: .milliseconds(300)) { get in
            let client = try RawClient(port: get.port)
            #expect(client.isClosed(within: .seconds(20)))
        }
    }

    @Test
    func aRequestThatDripsInHasNoMoreTimeThanOneThatNeverComes() async throws {
        try await Self.withPlaces(16, timeout: .milliseconds(300)) { get in
            let client = try RawClient(port: get.port)
            client.send("GET /style.css HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            let started = ContinuousClock.now
            while !client.isClosed(within: .milliseconds(50)) {
                try #require(ContinuousClock.now - started < .seconds(20), "a byte now and then keeps it open")
                client.send("x")
            }
        }
    }

    /// Who waits for us stays, and so does who has just come.
    @Test
    func onlyWhoWaitsLongestForItsClientIsClosed() {
        final class Connection: Sendable {
            let isClosed = Mutex(false)
        }
        let places = ConnectionPlaces(maximum: 3)
        let connections = (0..<4).map { _ in Connection() }
        for (index, connection) in connections.enumerated() {
            places.waits(connection) { connection.isClosed.withLock { $0 = true } }
            if index == 0 { places.works(connection) }
        }
        #expect(connections.map { $0.isClosed.withLock(\.self) } == [false, true, true, false])
        places.leaves(connections[0])
        places.waits(connections[0]) {}
        #expect(connections[3].isClosed.withLock(\.self) == false, "there is a place for both")
    }
}
