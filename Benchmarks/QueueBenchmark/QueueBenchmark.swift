import Foundation
import JobQueue
import Logging
import Postgres
import Schema
import ServiceLifecycle

/// Drains no-op jobs with one worker, and prints `enqueue_per_s drain_per_s` for `scripts/bench-queue`.
///
/// Every job is claimed, run and settled in its own transaction, as a check is.
@main
struct QueueBenchmark {
    static func main() async throws {
        signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let jobs = Int(arguments[2]), let concurrency = Int(arguments[3]) else {
            FileHandle.standardError.write(Data("usage: QueueBenchmark CONNINFO JOBS CONCURRENCY\n".utf8))
            exit(2)
        }
        let logger = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
        func database(_ poolSize: Int) -> Database {
            Database(
                DatabaseSettings(conninfo: arguments[1], applicationName: "queue-benchmark", poolSize: poolSize),
                logger: logger)
        }
        let work = database(2)
        _ = try await Migrator(work).migrate()

        let began = ContinuousClock.now
        for _ in 0..<(jobs / 1000) {
            try await work.execute(
                """
                insert into driftwatch.jobs (kind, run_at, created_at)
                select 'noop', clock_timestamp(), clock_timestamp() from generate_series(1, 1000)
                """)
        }
        let enqueued = began.duration(to: .now)
        try await work.executeScript("analyze driftwatch.jobs")

        var settings = WorkerPoolSettings(workerID: "benchmark", concurrency: concurrency)
        settings.grace = .zero
        let pool = WorkerPool(
            database: work, renewals: database(1), settings: settings, handler: Noop(), logger: logger)
        let watcher = database(1)
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await pool.run() }
            while try await watcher.rows(
                "select exists (select from driftwatch.jobs where finished_at is null)", as: Bool.self) == [true]
            {
                try await Task.sleep(for: .milliseconds(50))
            }
            group.cancelAll()
        }
        let drained = start.duration(to: .now)
        let line = "\(Int(Double(jobs) / (enqueued / .seconds(1)))) \(Int(Double(jobs) / (drained / .seconds(1))))\n"
        FileHandle.standardOutput.write(Data(line.utf8))
    }
}

private struct Noop: JobHandler {
    func handle(_ job: Job) async -> Ending { Ending(.succeeded) }
}
