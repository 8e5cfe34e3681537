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
    /// Nothing listens there.
    private static func withoutDatabase(
        _ adjust: (inout DashboardSettings) -> Void = { _ in }, _ body: (Browser) async throws -> Void
    ) async throws {
        let nowhere = Database(
            DatabaseSettings(conninfo: "host=/nowhere dbname=x", applicationName: "tests"), logger: .quiet)
        try await DashboardTests.serve(nowhere, adjust, body)
        await nowhere.close()
    }

    @Test
    func onlyOwnNamesAreServedOnALoopbackAddress() async throws {
        try await Self.withoutDatabase { get in
            for host in ["127.0.0.1", "localhost:8080", "LOCALHOST", "[::1]:80", "127.8.0.1", "drift.example.net:443"] {
                #expect(try await get("/style.css", host: host).status == 200, "\(host)")
            }
            for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[::2]", "localhost.evil"] {
                let reply = try await get("/style.css", host: host)
                #expect(reply.status == 421, "\(host)")
                #expect(DashboardTests.text(reply).contains("DRIFTWATCH_BASE_URL"))
            }
        }
        let everywhere = OwnNames(boundTo: "0.0.0.0", publicHost: nil)
        #expect(everywhere.admits("any.example") && everywhere.admits(nil))
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
    func silentClientsLoseTheirPlacesToOthers() async throws {
        try await Self.withoutDatabase {
            $0.maximumConnections = 4
            $0.idleTimeout = .milliseconds(200)
        } _: { get in
            let silent = try (0..<20).map { _ in try SilentClient(port: get.port) }
            #expect(try await get("/style.css").status == 200)
            withExtendedLifetime(silent) {}
        }
    }

    @Test
    func anErrorGivesAPageWithAllHeadersAndALineInTheLog() async throws {
        let log = Lines()
        try await withMigratedDatabase { database in
            try await database.execute("drop view driftwatch.fleet_status")
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

/// Connects and says nothing, until it is released.
private final class SilentClient {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        guard status == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { close(descriptor) }
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
