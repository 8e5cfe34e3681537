import HTTP
import TestSupport
import Testing

/// `web` as a process of its own, with the settings of the Compose file.
@Suite(.timeLimit(.minutes(2)))
struct WebCommandTests {
    private static func withWeb(
        _ settings: [String: String], _ body: (_ address: String, _ environment: [String: String]) async throws -> Void
    ) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await serve(settings.merging(["DRIFTWATCH_DATABASE_URL": lent.conninfo]) { $1 }, body)
        }
    }

    /// Runs `body` beside a `web` that listens.
    static func serve(
        _ settings: [String: String], _ body: (_ address: String, _ environment: [String: String]) async throws -> Void
    ) async throws {
        // A port may be taken: nothing tells which is free without taking it.
        for _ in 0..<5 {
            let address = "0.0.0.0:\(unusedPort())"
            let environment = settings.merging(["DRIFTWATCH_LISTEN": address]) { $1 }
            let isServed = try await Program.running(["web"], environment) { process in
                guard await process.says("listening") else { return false }
                try await body(address.replacing("0.0.0.0", with: "127.0.0.1"), environment)
                return true
            }
            if isServed { return }
        }
        Issue.record("no port is free")
    }

    private static func status(of path: String, at address: String, host: String) async throws -> Int {
        let client = HTTPClient(settings: .init(usesProxy: false))
        defer { client.close() }
        return try await client.send(
            HTTPRequest(url: "http://\(address)\(path)", headers: [("Host", host)], deadline: .seconds(30))
        ).status
    }

    @Test
    func inAContainerAForeignNameReadsNothing() async throws {
        try await Self.withWeb(["DRIFTWATCH_BASE_URL": "", "DRIFTWATCH_WEB_NAMES": ""]) { address, environment in
            for host in ["evil.example", "evil.example:8080", "web:8080"] {
                let status = try await Self.status(of: "/", at: address, host: host)
                #expect(status == 421, "\(host)")
            }
            for host in ["localhost:8080", "127.0.0.1:8080", "192.0.2.7"] {
                let status = try await Self.status(of: "/", at: address, host: host)
                #expect(status == 200, "\(host)")
            }
            #expect(try await Program.run(["healthcheck", "web"], environment).status == 0)
        }
    }

    @Test
    func theNamesInTheSettingsAreAnsweredTo() async throws {
        let settings = [
            "DRIFTWATCH_BASE_URL": "https://drift.example.net", "DRIFTWATCH_WEB_NAMES": "web, Drift-2.example.net",
        ]
        try await Self.withWeb(settings) { address, _ in
            for host in ["drift.example.net", "web:8080", "drift-2.example.net"] {
                let status = try await Self.status(of: "/", at: address, host: host)
                #expect(status == 200, "\(host)")
            }
            let status = try await Self.status(of: "/", at: address, host: "evil.example")
            #expect(status == 421)
        }
    }
}
