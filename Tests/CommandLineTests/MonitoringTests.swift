import Foundation
import Glibc
import HTTP
import Postgres
import TestSupport
import Testing

/// `/healthz`, `/readyz` and `/metrics` of the processes, as the built program serves them.
@Suite(.timeLimit(.minutes(3)))
struct MonitoringTests {
    /// Asks one process.
    struct Scraper: Sendable {
        let address: String

        func get(_ path: String) async throws -> (status: Int, text: String) {
            let client = HTTPClient(settings: .init(usesProxy: false))
            defer { client.close() }
            let reply = try await client.send(
                HTTPRequest(url: "http://\(address)\(path)", deadline: .seconds(30), maximumReply: 1 << 20))
            return (reply.status, String(decoding: reply.body, as: UTF8.self))
        }

        /// Each line that holds a value, by its name and labels as they are written.
        func values() async throws -> [String: Double] {
            let lines = try await get("/metrics").text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            let pairs = lines.map { line in
                let parts = line.split(separator: " ")
                return (parts.dropLast().joined(separator: " "), parts.last.flatMap { Double($0) } ?? .nan)
            }
            return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        }

        /// Whether all of `wanted` are at least so much in the end.
        func shows(_ wanted: [String: Double]) async throws -> Bool {
            try await eventually(within: .seconds(60)) {
                let values = try await values()
                return wanted.allSatisfy { name, value in values[name].map { $0 >= value } ?? false }
            }
        }
    }

    /// Runs `body` beside a process that serves its metrics.
    static func serve(
        _ arguments: [String], _ settings: [String: String] = [:],
        _ body: (ChildProcess, Scraper) async throws -> Void
    ) async throws {
        // A port may be taken: nothing tells which is free without taking it.
        for _ in 0..<5 {
            let address = "127.0.0.1:\(unusedPort())"
            let pages = "127.0.0.1:\(unusedPort())"
            let environment = ["DRIFTWATCH_METRICS_LISTEN": address, "DRIFTWATCH_NOTIFY": "console"]
                .merging(["DRIFTWATCH_LISTEN": pages]) { $1 }.merging(settings) { $1 }
            let isServed = try await Program.running(arguments, environment) { process in
                guard await process.says("metrics.port") else { return false }
                try await body(process, Scraper(address: address))
                return true
            }
            if isServed { return }
        }
        Issue.record("no port is free")
    }

    private static let parts = ["scheduler", "worker", "notifier", "web"]

    @Test(arguments: parts.map { ($0, [$0]) } + [("run", parts)])
    func everyProcessIsReadyAndShowsWhatItIs(process: String, roles: [String]) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await Self.serve([process], ["DRIFTWATCH_DATABASE_URL": lent.conninfo]) { child, scraper in
                #expect(await child.says("started"))
                #expect(try await eventually { try await scraper.get("/readyz") == (200, "ok\n") })
                #expect(try await scraper.get("/healthz") == (200, "ok\n"))
                var wanted: [String: Double] = [
                    "driftwatch_database_up": 1.0, "process_open_fds": 1, "process_start_time_seconds": 1e9,
                ]
                for role in roles { wanted["driftwatch_processes_alive{process=\"\(role)\"}"] = 1 }
                #expect(try await scraper.shows(wanted))
                #expect(try !Self.listeningSockets(of: child.processIdentifier).isEmpty)
                let values = try await scraper.values()
                for role in Self.parts {
                    let build = values.keys.contains { $0.hasPrefix("driftwatch_build_info{process=\"\(role)\"") }
                    #expect(build == roles.contains(role), "\(role)")
                }
                #expect(values.keys.contains("driftwatch_worker_places") == roles.contains("worker"))
                #expect(values.keys.contains("driftwatch_send_seconds_count") == roles.contains("notifier"))
                #expect(values["process_resident_memory_bytes"].map { $0 > 1e6 } == true)
                #expect(values.keys.contains("process_cpu_seconds_total"))
            }
        }
    }

    @Test
    func aProcessWithoutADatabaseLivesButIsNotReady() async throws {
        let nowhere = ["DRIFTWATCH_DATABASE_URL": "host=/nonexistent dbname=driftwatch"]
        try await Self.serve(["worker"], nowhere) { child, scraper in
            #expect(await child.says("waiting for the database"))
            #expect(try await scraper.get("/healthz") == (200, "ok\n"))
            #expect(try await scraper.get("/readyz") == (503, "starting: the database is not usable yet\n"))
            let values = try await scraper.values()
            #expect(values["driftwatch_database_up"] == 0)
            #expect(values["driftwatch_jobs_claimed_total"] == 0)
            #expect(!values.keys.contains { $0.hasPrefix("driftwatch_alerts") })
        }
    }

    @Test
    func aDatabaseThatGoesAwayMakesAProcessUnready() async throws {
        try await PrivatePostgres.withServer { server in
            try await server.withMigratedDatabase { _ in }
            try await Self.serve(["scheduler"], ["DRIFTWATCH_DATABASE_URL": server.conninfo]) { _, scraper in
                #expect(try await eventually { try await scraper.get("/readyz") == (200, "ok\n") })
                try await server.stop(.immediate)
                #expect(try await scraper.get("/readyz") == (503, "the database does not answer\n"))
                #expect(try await scraper.get("/healthz").status == 200)
                #expect(try await scraper.values()["driftwatch_database_up"] == 0)
                try await server.start()
                #expect(try await eventually { try await scraper.get("/readyz").status == 200 })
                #expect(try await scraper.values()["driftwatch_database_up"] == 1)
            }
        }
    }

    /// A worker that finishes its jobs takes no more: a load balancer or a supervisor should know.
    @Test
    func aProcessThatStopsIsNotReady() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let silent = try await SocketServer(.silent)
            try await lent.database.makeServer("away")
            try await lent.database.execute(
                "update driftwatch.servers set address = '127.0.0.1', port = \(silent.port)")
            try await lent.database.execute("select driftwatch.enqueue_check('away')")
            try await Self.serve(["worker"], ["DRIFTWATCH_DATABASE_URL": lent.conninfo]) { child, scraper in
                let runs = try await scraper.shows(["driftwatch_worker_jobs_running": 1])
                #expect(runs)
                child.send(SIGTERM)
                #expect(try await eventually { try await scraper.get("/readyz") == (503, "stopping\n") })
                #expect(try await scraper.get("/healthz").status == 200)
                await silent.stop()
                #expect(await child.exitStatus() == 0)
            }
        }
    }

    @Test
    func withoutTheSettingNothingListens() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo]
            try await Program.running(["scheduler"], environment) { process in
                #expect(await process.says("started"))
                let sockets = try Self.listeningSockets(of: process.processIdentifier)
                #expect(sockets == [])
            }
        }
    }

    /// By their inodes: state 0A of the kernel's tables is "listens".
    private static func listeningSockets(of process: Int32) throws -> Set<String> {
        var listening: Set<String> = []
        for table in ["tcp", "tcp6"] {
            // Foundation's other ways of reading end at the kernel's first page.
            let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(process)/net/\(table)"))
            let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
            for line in text.split(separator: "\n") {
                let fields = line.split(separator: " ")
                if fields.count > 9, fields[3] == "0A" { listening.insert("socket:[\(fields[9])]") }
            }
        }
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
        }
        return listening.intersection(open)
    }

    @Test
    func anAddressThatIsTakenEndsTheProcessBeforeItWorks() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await Self.serve(["scheduler"], ["DRIFTWATCH_DATABASE_URL": lent.conninfo]) { _, scraper in
                let second = try await Program.run(
                    ["worker", "--metrics-listen", scraper.address], ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
                #expect(second.status == 3)
                #expect(second.errors.contains("another process listens there"), "\(second.errors)")
                #expect(!second.errors.contains("started"))
            }
            let wrong = try await Program.run(
                ["worker", "--metrics-listen", "9100"], ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
            #expect(wrong.status == 2)
            #expect(wrong.errors.contains("--metrics-listen: `9100` is not a host and a port"), "\(wrong.errors)")
        }
    }

    /// Looks at this machine and at one that refuses, sends messages to nowhere, and loses a lease.
    @Test
    func whatAProcessDoesIsCounted() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let database = lent.database
            try await database.makeServer("here", packs: ["base": ["/etc/passwd", "/nonexistent"]])
            try await database.execute("update driftwatch.servers set connection = 'local'")
            try await database.makeServer("away", packs: ["base": ["/etc/passwd", "/nonexistent"]])
            try await database.execute(
                "update driftwatch.servers set address = '127.0.0.1', port = 1 where server_id = 'away'")
            let settings = [
                "DRIFTWATCH_DATABASE_URL": lent.conninfo, "DRIFTWATCH_NOTIFY": "slack",
                "DRIFTWATCH_SLACK_WEBHOOK_URL": "http://127.0.0.1:1/hook",
            ]
            try await Self.serve(["run", "--local", "here"], settings) { child, scraper in
                #expect(await child.says("started"))
                try await database.execute("select driftwatch.enqueue_check('here')")
                try await database.execute("select driftwatch.enqueue_check('away')")
                try await database.execute("select driftwatch.open_alert('here', 'base', 1, 1, '[]')")
                #expect(
                    try await scraper.shows([
                        "driftwatch_worker_places": 8,
                        "driftwatch_jobs_claimed_total": 2,
                        "driftwatch_claim_seconds_count": 2,
                        "driftwatch_job_attempts_total{outcome=\"succeeded\"}": 1,
                        "driftwatch_job_attempts_total{outcome=\"retryable\"}": 1,
                        "driftwatch_job_seconds_count": 2,
                        "driftwatch_settle_seconds_count": 2,
                        "driftwatch_probe_seconds_count": 2,
                        "driftwatch_probe_failures_total{reason=\"unreachable\"}": 1,
                        "driftwatch_checks_total{verdict=\"drifted\"}": 1,
                        "driftwatch_messages_total{outcome=\"unreachable\"}": 1,
                        "driftwatch_send_seconds_count": 1,
                    ]))
                // A login that hangs; meanwhile another worker gets the job.
                let silent = try await SocketServer(.silent)
                try await database.execute(
                    "update driftwatch.servers set port = \(silent.port) where server_id = 'away'")
                try await database.execute(
                    "update driftwatch.jobs set run_at = driftwatch.clock() where state = 'retryable'")
                #expect(try await scraper.shows(["driftwatch_worker_jobs_running": 1]))
                try await database.execute(
                    "update driftwatch.jobs set lease_token = gen_random_uuid() where state = 'running'")
                await silent.stop()
                #expect(
                    try await scraper.shows([
                        "driftwatch_leases_lost_total": 1, "driftwatch_job_attempts_total{outcome=\"lost\"}": 1,
                    ]))
                // A worker that died: its lease has ended, and this one takes the job back.
                try await database.execute(
                    """
                    insert into driftwatch.jobs (kind, server_id, schedule_name, slot_at, queue, state, attempt, lease_token, worker_id, claimed_at,
                        lease_expires_at, deadline_at, run_at, created_at)
                    select 'drift_check', 'away', 'default', t, 'elsewhere', 'running', 1, gen_random_uuid(), 'gone', t, t, t, t, t
                    from (select driftwatch.clock() - interval '1 minute') as at (t)
                    """)
                #expect(try await scraper.shows(["driftwatch_jobs_rescued_total{state=\"available\"}": 1]))
            }
        }
    }
}
