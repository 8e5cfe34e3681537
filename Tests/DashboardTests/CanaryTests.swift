import DriftCore
import DriftServices
import Foundation
import HTTP
import JobQueue
import Logging
import Postgres
import Slack
import Synchronization
import TestSupport
import Testing

@testable import Dashboard

/// Secrets planted on a server must not come out anywhere: not in the database, on pages, in logs, in Slack.
@Suite(.timeLimit(.minutes(2)))
struct CanaryTests {
    static let canaries = (1...8).map { "cAnArY\($0)x7Qz91" }

    static let motd = """
        welcome
        password = \(canaries[0])
        url: postgres://app:\(canaries[1])@db.example.net/app
        export API_TOKEN="\(canaries[2])"
        -----BEGIN RSA PRIVATE KEY-----
        \(canaries[3])
        -----END RSA PRIVATE KEY-----
        Authorization: Bearer \(canaries[4])
        """

    @Test
    func plantedSecretsComeOutNowhere() async throws {
        let log = LogSink()
        var logger = Logger(label: "canary") { _ in log }
        logger.logLevel = .trace
        try await withTestDatabase(from: .migrated) { lent in
            let database = lent.database
            let template = Array("welcome\nnothing secret\n".utf8)
            let pack = Pack(
                name: PackName(rawValue: "base"),
                expectations: [
                    Expectation(
                        .file(FileExpectation(path: "/etc/motd", content: .template(name: "motd", bytes: template)))),
                    Expectation(.file(FileExpectation(path: "/etc/shadow", content: .hash(SHA256Digest(of: [1]))))),
                    Expectation(.setting(.init(name: "DB_PASSWORD", expected: "x", kind: .environmentVariable))),
                    Expectation(.setting(.init(name: "PLAIN", expected: "x", kind: .environmentVariable))),
                ])
            try await database.makeServer("web-1", packs: ["base": []])
            try await database.apply(pack)
            let prober = ScriptedProber()
            let handler = DriftCheckHandler(database: database, prober: prober, logger: logger)
            prober.script("web-1") { _, _ in .success(Self.facts(motd: template)) }
            try await check(with: handler, on: database)
            prober.script("web-1") { _, _ in .success(Self.facts(motd: Array(Self.motd.utf8))) }
            try await check(with: handler, on: database)
            #expect(try await database.rows("select count(*)::int from driftwatch.alerts", as: Int.self) == [1])

            let stored = try await Self.dump(lent.conninfo)
            #expect(stored.contains("wrong_content") && stored.contains("‹masked›"), "the dump shows what was found")
            var written: [String: String] = ["database": stored]
            try await DashboardTests.serve(database) { get in
                for path in ["/", "/servers/web-1/packs/base?check=2"] {
                    written[path] = DashboardTests.text(try await get(path))
                }
            }
            written["slack"] = try await Self.sendToSlack(from: database, logger: logger)
            #expect(written["slack"]?.contains("Configuration drift detected") == true)
            written["log"] = log.text
            #expect(!log.text.isEmpty)
            for (place, text) in written {
                for canary in Self.canaries { #expect(!text.contains(canary), "\(canary) in \(place)") }
                #expect(!text.contains("webhook-secret"), "the webhook's address in \(place)")
            }
        }
    }

    /// The message as Slack gets it, and whatever the sender has logged.
    private static func sendToSlack(from database: Database, logger: Logger) async throws -> String {
        let slack = try SlackStandIn()
        defer { slack.stop() }
        let sender = SlackSender(
            destination: .webhook(url: "\(slack.url)/services/webhook-secret"), client: HTTPClient(), baseURL: nil)
        let notifier = Notifier(
            database: database, sender: sender, settings: NotifierSettings(notifierID: "n"), logger: logger)
        _ = try await notifier.sendNext()
        let request = try #require(slack.received.first)
        return String(decoding: request.body, as: UTF8.self)
    }

    private static func facts(motd: [UInt8]) -> Facts {
        func file(_ content: FileContent) -> FileFact {
            let root = Account(name: "root", number: 0)
            let status = FileStatus(type: .file, mode: 0o644, owner: root, group: root, size: 1)
            return .present(FileEntry(status: status, content: content))
        }
        let isClean = motd.count < 50
        let shadow = Array("root:$6$\(canaries[5]):19000::::::\n".utf8)
        return Facts(
            files: [
                "/etc/motd": file(.read(SHA256Digest(of: motd), bytes: motd)),
                "/etc/shadow": file(
                    isClean ? .read(SHA256Digest(of: [1]), bytes: nil) : .read(SHA256Digest(of: shadow), bytes: shadow)),
            ],
            environment: [
                "DB_PASSWORD": .value(isClean ? "x" : canaries[6]),
                "PLAIN": .value(isClean ? "x" : "https://me:\(canaries[7])@example.net/"),
            ])
    }

    private func check(with handler: DriftCheckHandler, on database: Database) async throws {
        let job = try await database.rows("select driftwatch.enqueue_check('web-1', 'test')", as: Int64.self)[0]
        let result = try await handler.handle(Job(id: job, serverID: "web-1"))
        try await database.withTransaction { transaction in
            try result.effects?(transaction)
            try transaction.execute(
                "update driftwatch.jobs set state = 'succeeded', finished_at = now() where job_id = \(job)")
        }
    }

    /// All that `pg_dump` gives of the data.
    private static func dump(_ conninfo: String) async throws -> String {
        let dump = Process()
        dump.executableURL = URL(fileURLWithPath: "/usr/bin/pg_dump")
        dump.arguments = ["--data-only", "--inserts", "--dbname", conninfo]
        let output = Pipe()
        dump.standardOutput = output
        try dump.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        dump.waitUntilExit()
        #expect(dump.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}

/// Keeps every line with its metadata.
private final class LogSink: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set { lines.withLock { $0.append("\(key)=\(newValue.map(String.init(describing:)) ?? "")") } }
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set { lines.withLock { $0.append("\(newValue)") } }
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
