import Foundation
import HTTP
import Logging
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Dashboard

/// What the web server puts up with: strange requests, silent clients, a database that fails.
@Suite(.privatePostgres, .timeLimit(.minutes(2)))
struct DefenceTests {
    /// Nothing listens where the database should be.
    static func withoutDatabase(
        _ adjust: (inout DashboardSettings) -> Void = { _ in }, _ body: (Browser) async throws -> Void
    ) async throws {
        let nowhere = Database(
            DatabaseSettings(conninfo: "host=/nowhere dbname=x", applicationName: "tests"), logger: .quiet)
        try await DashboardTests.serve(nowhere, adjust, body)
        await nowhere.close()
    }

    private static let foreign = [
        "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil",
        "drift.example.net.evil.example",
        "localhost@evil.example", "[evil.example]",
    ]

    @Test
    func onlyOwnNamesAreServedOnALoopbackAddress() async throws {
        try await Self.withoutDatabase { get in
            for host in [
                "127.0.0.1", "localhost:8080", "LOCALHOST", "localhost.", "[::1]:80", "127.8.0.1",
                "drift.example.net:443", "Drift.Example.net.",
            ] {
                #expect(try await get("/style.css", host: host).status == 200, "\(host)")
            }
            for host in Self.foreign + ["[::2]", "192.0.2.7"] {
                let reply = try await get("/style.css", host: host)
                #expect(reply.status == 421, "\(host)")
                #expect(DashboardTests.text(reply).contains("DRIFTWATCH_BASE_URL"))
            }
        }
    }

    /// As in a container, without any setting and with one.
    @Test(arguments: [[], ["drift.example.net"]] as [Set<String>])
    func aForeignNameIsRefusedWhereAllAddressesAreListenedOn(names: Set<String>) async throws {
        try await Self.withoutDatabase {
            $0.host = "0.0.0.0"
            $0.names = names
        } _: { get in
            for host in ["127.0.0.1:8080", "localhost:8080", "192.0.2.7:8080", "[2001:db8::1]:8080"] + names {
                #expect(try await get("/style.css", host: host).status == 200, "\(host)")
            }
            for host in Self.foreign + (names.isEmpty ? ["drift.example.net"] : []) {
                for path in ["/", "/style.css", "/servers/web-1/packs/base", "/nowhere"] {
                    let reply = try await get(path, host: host)
                    #expect(reply.status == 421, "\(path) of \(host)")
                }
            }
        }
    }

    @Test
    func monitoringMayAskForHealthUnderAnyName() async throws {
        try await Self.withoutDatabase { get in
            let reply = try await get("/healthz", host: "web:8080")
            #expect(reply.status == 503, "there is no database")
            #expect(try await get("/healthz/", host: "web:8080").status != 200)
        }
    }

    @Test
    func whatIsNotReadingIsRefusedWithTheMethodsThereAre() async throws {
        try await Self.withoutDatabase { get in
            for path in ["/", "/style.css", "/healthz"] {
                let reply = try await get(path, .post)
                #expect(reply.status == 405)
                #expect(reply.headers["allow"] == "GET, HEAD")
            }
        }
    }

    @Test
    func anErrorGivesAPageWithAllHeadersAndALineInTheLog() async throws {
        let log = Lines()
        try await withMigratedDatabase { database in
            try await database.execute("drop view driftwatch.fleet_status cascade")
            try await DashboardTests.serve(database, logger: Logger(label: "test") { _ in log }) { get in
                let reply = try await get("/")
                #expect(reply.status == 500)
                #expect(DashboardTests.text(reply).contains("This page cannot be made."))
                #expect(reply.headers["content-security-policy"] != nil)
            }
        }
        #expect(log.all.contains { $0.contains("a page failed") && $0.contains("sqlstate_42P01") })
    }

    @Test
    func aFrozenDatabaseIsToldInTime() async throws {
        let server = PrivatePostgres.current
        try await server.withDatabase { database in
            try await DashboardTests.serve(database) { get in
                #expect(try await get("/healthz").status == 200)
                let processes = try server.processes()
                for process in processes { kill(process, SIGSTOP) }
                defer { for process in processes { kill(process, SIGCONT) } }
                let started = ContinuousClock.now
                #expect(try await get("/healthz").status == 503)
                #expect(ContinuousClock.now - started < .seconds(3.5))
            }
        }
    }
}

/// Keeps every line with its metadata.
private final class Lines: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock(\.self) }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
