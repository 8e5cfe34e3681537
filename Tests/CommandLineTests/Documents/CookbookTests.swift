import Foundation
import Postgres
import TestSupport
import Testing

/// Every query of docs/psql.md, as a person types it, against a database in which each has an answer.
@Suite(.timeLimit(.minutes(2)))
struct CookbookTests {
    struct Query: Sendable {
        var text: String
        /// The lines that the page shows below it.
        var answer: [String]
        var line: Int
    }

    /// In a block of kind `psql`: `driftwatch=> QUERY;` and what psql prints.
    static func queries(in page: DocumentPage) throws -> [Query] {
        var queries: [Query] = []
        for block in page.blocks where block.kind == "psql" {
            for (offset, line) in block.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if line.hasPrefix("driftwatch=> ") {
                    queries.append(
                        Query(text: String(line.dropFirst(13)), answer: [], line: block.line + offset + 1))
                } else if !queries.isEmpty, queries[queries.count - 1].text.hasSuffix(";") {
                    if !line.isEmpty { queries[queries.count - 1].answer.append(String(line)) }
                } else if !queries.isEmpty {
                    queries[queries.count - 1].text += " " + line.drop { $0 == " " }
                }
            }
        }
        return queries
    }

    /// Two servers that were right, then one that drifts, one that cannot be looked at, and somebody who acts.
    private static func withFleet(_ body: (TestDatabase) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let database = lent.database
            for server in ["db-1", "web-1", "web-2"] {
                try await database.makeServer(server, packs: ["base": ["/etc/motd", "/etc/issue", "/root"]])
            }
            try await database.watch(cron: "0 6 * * *", timeZone: "Europe/Berlin")
            for server in ["db-1", "web-1", "web-2"] {
                try await database.advanceClock(by: .seconds(2))
                try await database.work(server)
                try await database.judge(server)
            }
            try await database.advanceClock(by: .seconds(3 * 3600))
            try await database.judge("web-1", wrong: ["/etc/motd", "/root"])
            try await database.execute(
                """
                select driftwatch.open_alert('web-1', 'base', 4, 2,
                    '[{"type": "missing_file", "item": "/etc/motd"}, {"type": "missing_file", "item": "/root"}]', 2)
                """)
            try await database.judge("web-2", wrong: ["/etc/issue"])
            try await database.execute(
                """
                select driftwatch.open_alert('web-2', 'base', 5, 1, '[{"type": "missing_file", "item": "/etc/issue"}]', 1)
                """)
            try await database.execute(
                "update driftwatch.outbox set state = 'sent', sent_at = driftwatch.clock(), attempt = 1 where alert_id = 1"
            )
            try await database.advanceClock(by: .seconds(1800))
            try await database.judge("web-2", unreadable: ["/root"], dark: ["/root"])
            try await database.execute("select driftwatch.acknowledge_alert(1, 'Paul is on it', actor => 'alice')")
            try await database.work("db-1", error: "unreachable")
            try await database.execute("select driftwatch.note_look('db-1', 'unreachable')")
            try await database.register(["scheduler", "worker", "notifier"])
            try await database.execute("select driftwatch.enqueue_check('db-1', 'bob')")
            try await database.execute(
                "update driftwatch.workers set queues = '{dmz}' where process = 'worker'")
            try await database.advanceClock(by: .seconds(90))
            try await database.register(["scheduler", "notifier"])
            try await body(lent)
        }
    }

    @Test
    func everyQueryIsAnsweredUnderTheHeadingsThatThePageShows() async throws {
        guard Tool.has("/usr/bin/psql") else { try Test.cancel("there is no psql here") }
        let queries = try Self.queries(in: DocumentPage.named("docs/psql.md"))
        #expect(queries.count > 15)
        try await Self.withFleet { lent in
            for query in queries {
                let answer = try await Tool.run(
                    ["/usr/bin/psql", "-X", "-v", "ON_ERROR_STOP=1", lent.conninfo, "-c", query.text],
                    environment: ["PGCLIENTENCODING": "UTF8", "PGTZ": "UTC", "PATH": "/usr/bin:/bin"])
                #expect(answer.status == 0, "docs/psql.md:\(query.line): \(answer.errorText)")
                let lines = answer.text.split(separator: "\n").map(String.init)
                #expect(Self.headings(lines) == Self.headings(query.answer), "docs/psql.md:\(query.line)")
                #expect(lines.last != "(0 rows)", "docs/psql.md:\(query.line): \(query.text)")
            }
        }
    }

    private static func headings(_ lines: [String]) -> [String] {
        (lines.first ?? "").split(separator: "|").map { $0.filter { $0 != " " } }
    }
}

extension Database {
    /// A job of a server that a worker had for a moment.
    fileprivate func work(_ server: String, error: String? = nil) async throws {
        try await execute(
            """
            with job as (
                insert into driftwatch.jobs (queue, kind, server_id, state, run_at, attempt, worker_id, claimed_at,
                    created_at, finished_at, last_error)
                values ('default', 'drift_check', \(server), 'succeeded', driftwatch.clock() - interval '1250 ms', 1,
                    'worker', driftwatch.clock() - interval '1040 ms', driftwatch.clock(), driftwatch.clock(), \(error))
                returning job_id)
            insert into driftwatch.job_attempts (job_id, lease_token, attempt, worker_id, started_at, ended_at, outcome,
                error_class, error)
            select job_id, gen_random_uuid(), 1, 'worker', driftwatch.clock() - interval '1040 ms', driftwatch.clock(),
                'succeeded', \(error), \(error) from job
            """)
    }
}
