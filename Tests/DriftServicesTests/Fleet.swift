import DriftCore
import DriftServices
import Foundation
import JobQueue
import Logging
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

/// A small fleet with a real queue and worker, whose servers are scripted.
struct Fleet: Sendable {
    let database: Database
    let prober = ScriptedProber()

    /// Runs `body` beside a worker.
    static func with(
        _ servers: [String: [String: [String]]], workers: Int = 1, logger: Logger = .quiet,
        _ body: (Fleet) async throws -> Void
    ) async throws {
        try await withMigratedDatabase { database in
            let fleet = Fleet(database: database)
            for (server, packs) in servers.sorted(by: { $0.key < $1.key }) {
                try await database.makeServer(server, packs: packs)
            }
            let handler = DriftCheckHandler(database: database, prober: fleet.prober, logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<workers {
                    var settings = WorkerPoolSettings(
                        workerID: "w\(number)", concurrency: 8)
                    settings.pollEvery = .milliseconds(20)
                    settings.rescueEvery = .milliseconds(100)
                    let pool = WorkerPool(
                        database: database, renewals: database, settings: settings,
                        handler: handler, logger: logger)
                    group.addTask { await pool.run() }
                }
                try await body(fleet)
                group.cancelAll()
            }
        }
    }

    /// Asks for a check and waits until it is over; what `fleet_status` then says of its first pack.
    func check(_ server: String) async throws {
        // A check that something else asked for may have looked already; asking again would only return it.
        for job in try await database.rows(
            "select job_id from driftwatch.jobs where server_id = \(server) and slot_at is null and finished_at is null",
            as: Int64.self)
        { try await wait(for: job) }
        let job = try await enqueue(server)
        try await wait(for: job)
    }

    func enqueue(_ server: String) async throws -> Int64 {
        try await database.rows("select driftwatch.enqueue_check(\(server), 'test')", as: Int64.self)[0]
    }

    func wait(for job: Int64) async throws {
        while try await database.rows(
            "select state from driftwatch.jobs where job_id = \(job) and finished_at is not null", as: String.self
        ).isEmpty {
            // Only over a backoff: a lease must not run out under a job that is being worked on.
            try await database.execute(
                """
                update driftwatch.test_clock set shift = shift + interval '5 s'
                where exists (
                    select from driftwatch.jobs where job_id = \(job) and state in ('retryable', 'scheduled'))
                """)
            // The database gives no signal of a finished job.
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Runs `body` while a check of `server` is in mid-probe, which then sees `files`, and waits for its end.
    func duringACheck(
        of server: String, seeing files: [ServerPath: FileFact], _ body: () async throws -> Void
    ) async throws {
        let (looking, began) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        prober.script(server) { _, _ in
            began.finish()
            for await _ in released {}
            return .success(Facts(files: files))
        }
        let job = try await enqueue(server)
        for await _ in looking {}
        defer { release.finish() }
        try await body()
        release.finish()
        try await wait(for: job)
    }

    /// Files that are present, or missing, as named.
    func see(on server: String, present: [String] = [], missing: [String] = [], unreadable: [String] = []) {
        var files: [ServerPath: FileFact] = [:]
        for path in present { files[ServerPath(path)] = .plain }
        for path in missing { files[ServerPath(path)] = .missing }
        for path in unreadable { files[ServerPath(path)] = .unreadable(.permissionDenied) }
        prober.see(on: server, files)
    }

    /// Each outbox row that is more than an edit of an earlier message, as `kind count`.
    func messages() async throws -> [String] {
        try await database.rows(
            "select kind || ' ' || (payload ->> 'mismatch_count') from driftwatch.outbox where not driftwatch.is_only_an_edit(kind) order by outbox_id",
            as: String.self)
    }

    /// Each alert, as `status pack count resolution`.
    func alerts() async throws -> [String] {
        try await database.rows(
            """
            select concat_ws(' ', status, pack_name, mismatch_count, resolution)
            from driftwatch.alerts order by alert_id
            """, as: String.self)
    }

    func states() async throws -> [String] {
        try await database.rows(
            "select pack_name || ' ' || state from driftwatch.drift_states order by server_id, pack_name",
            as: String.self)
    }

    func verdicts() async throws -> [String] {
        try await database.rows(
            "select concat_ws(' ', pack_name, verdict, reason) from driftwatch.checks order by check_id",
            as: String.self)
    }
}
