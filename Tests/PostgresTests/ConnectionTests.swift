import Foundation
import Logging
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.database)
struct ConnectionTests {
    private func failure(_ conninfo: String) async -> DatabaseError? {
        let database = Database(DatabaseSettings(conninfo: conninfo), logger: .quiet)
        let error = await #expect(throws: DatabaseError.self) { try await database.execute("select 1") }
        await database.close()
        return error
    }

    @Test(arguments: [
        "postgresql://user:p4ssw%zz0rd@host/db", "host=h password=p4ssw0rd'x y", "password='p4ssw0rd",
        "postgresql://user:p4ssw0rd@[::1/db", "host=h p4ssw0rd", "postgresql://u@h/db?passwrd=p4ssw0rd",
        "host=h \u{0} password=p4ssw0rd", "postgresql://user:p4/ssw0rd@host/db", "postgresql://user:1/p4ssw0rd@host/db",
        "postgresql://user:p4@ssw0rd@host/db", "postgres://user:p4#/ssw0rd@host",
        "postgresql://user:p4?s/ssw0rd@host/db",
        "host=h port=ssw0rd",
    ])
    func anUnreadableConnectionStringIsToldWithoutItsPassword(conninfo: String) async throws {
        let error = try #require(await failure(conninfo))
        #expect(error.kind == .settings)
        #expect(!error.isTransient)
        #expect(!error.description.contains("p4") && !error.description.contains("ssw0rd"))
    }

    @Test func aFailedConnectionNamesTheServerButNotThePassword() async throws {
        let error = try #require(await failure("postgresql://someone:s3cret@127.0.0.1:1/somewhere"))
        #expect(error.kind == .connection)
        #expect(error.description.contains("127.0.0.1:1/somewhere"))
        #expect(!error.description.contains("s3cret"))
        #expect(!error.description.contains("\n"))
        let several = try #require(await failure("host=127.0.0.1,::1 port=1,2 dbname=somewhere password=s3cret"))
        #expect(several.description.contains("127.0.0.1:1,::1:2/somewhere"))
    }

    @Test func aServerWithoutTLSIsRefusedWhenTLSIsAskedFor() async throws {
        let conninfo = TestDatabase.current.conninfo
        guard conninfo.contains("127.0.0.1") else { return }
        let error = try #require(await failure("\(conninfo)&sslmode=require"))
        #expect(error.kind == .connection)
    }

    @Test func ourNameAndKeepalivesAreSetWhereTheUserSetsNone() async throws {
        let database = TestDatabase.current.anotherDatabase { $0.applicationName = "driftwatch worker" }
        let name = try await database.rows("show application_name", as: String.self)
        #expect(name == ["driftwatch worker"])
        await database.close()
    }

    @Test func noticesGoToTheLogAtDebug() async throws {
        let handler = RecordingLogHandler()
        var logger = Logger(label: "notices") { _ in handler }
        logger.logLevel = .trace
        let database = Database(TestDatabase.current.database.settings, logger: logger)
        try await database.executeScript("do $$ begin raise warning 'beware'; end $$")
        await database.close()
        let lines = handler.lines.withLock { $0 }
        #expect(lines.contains { $0.level == .debug && $0.metadata?["db.message"] == "beware" })
    }
}

private struct RecordingLogHandler: LogHandler {
    struct Line: Sendable {
        let level: Logger.Level
        let metadata: Logger.Metadata?
    }

    final class Lines: Sendable {
        private let stored = Mutex<[Line]>([])

        func withLock<R: Sendable>(_ body: (inout sending [Line]) -> sending R) -> R { stored.withLock(body) }
    }

    let lines = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = Line(level: event.level, metadata: event.metadata)
        lines.withLock { $0.append(line) }
    }
}
