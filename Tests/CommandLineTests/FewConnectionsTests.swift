import Foundation
import Postgres
import TestSupport
import Testing

@testable import driftwatch

/// Processes whose role may open only few connections.
@Suite(.privatePostgres, .serialized, .timeLimit(.minutes(3)))
struct FewConnectionsTests {
    @Test(arguments: ["run", "worker"], [1, 3])
    func checksAreMadeWithFewConnections(command: String, limit: Int) async throws {
        try await PrivatePostgres.current.withMigratedDatabase { database in
            let role = "few_\(command)_\(limit)"
            try await database.executeScript(
                """
                create role \(role) login connection limit \(limit);
                grant select, insert, update, delete on all tables in schema driftwatch to \(role);
                grant execute on all functions in schema driftwatch to \(role);
                grant usage on schema driftwatch to \(role);
                """)
            try await database.makeServer("web-1")
            try await database.execute("update driftwatch.servers set connection = 'local'")
            let environment = [
                "DRIFTWATCH_DATABASE_URL": "\(database.settings.conninfo) user=\(role)",
                "DRIFTWATCH_NOTIFY": "console", "DRIFTWATCH_LISTEN": "127.0.0.1:\(unusedPort())",
            ]
            try await Program.running([command, "--local", "web-1"], environment) { _ in
                // The second is enqueued while everything optional is open as well.
                for round in 1...2 {
                    try await database.execute("select driftwatch.enqueue_check('web-1', 'test')")
                    let isDone = try await eventually(within: .seconds(60)) {
                        try await database.rows(
                            "select count(*)::int from driftwatch.jobs where state = 'succeeded'", as: Int.self
                        ) == [round]
                    }
                    #expect(isDone, "round \(round)")
                }
            }
            try await database.executeScript("drop owned by \(role); drop role \(role)")
        }
    }

    @Test
    func theDocumentedNumbersAreThoseOfTheProcesses() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/INSTALL.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let documented = text.matches(of: #/(?m)^\| `([a-z]+)` \| (\d+) \| .*\|$/#).map { "\($0.1) \($0.2)" }
        let all = ["scheduler", "worker", "notifier", "web"]
        let taken = all.map { "\($0) \(ConnectionShare(ofProcess: [$0]).most)" }
        #expect(documented == taken + ["run \(ConnectionShare(ofProcess: all).most)"])
    }
}
