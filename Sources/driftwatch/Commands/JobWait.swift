import DriftCore
import DriftStore
import JobQueue
import Postgres
import Presentation

/// Waits until a job is over, and says what keeps it.
struct JobWait {
    private let database: Database
    private let console: Console

    init(_ database: Database, _ console: Console) {
        self.database = database
        self.console = console
    }

    /// The job when it is over; nil when the deadline passes first.
    ///
    /// Asks again and again, as the end of a job is told to nobody.
    func untilOver(_ id: Int64, deadline: ContinuousClock.Instant) async throws -> JobLine? {
        var said: String?
        var polls = 0
        while true {
            let (job, obstacle) = try await database.read { transaction in
                let job = try JobsReader.job(id, in: transaction)
                return (job, try job.flatMap { try Self.obstacle(to: $0, in: transaction) })
            }
            guard let job else { return nil }
            if job.isOver { return job }
            // A worker that has just started is not worth a line; that no time is left is.
            if let obstacle, obstacle != said, polls >= 2 || ContinuousClock.now >= deadline {
                console.note("\(job.serverID?.rawValue ?? "job \(id)"): \(obstacle)")
                said = obstacle
            }
            guard ContinuousClock.now < deadline else { return nil }
            polls += 1
            try await ContinuousClock().sleep(for: polls < 20 ? .milliseconds(100) : .milliseconds(500))
        }
    }

    private static func obstacle(to job: JobLine, in transaction: borrowing Transaction) throws -> String? {
        if let pause = try WorkersReader.pause(of: job.queue, in: transaction) {
            return "the queue \(job.queue) is paused since \(shortTime(pause.at))"
                + (pause.reason.map { ": \(visible($0))" } ?? "")
        }
        guard job.state != "running" else { return nil }
        let workers = try WorkersReader.alive(in: transaction)
        if !workers.contains(where: { $0.serves(job.queue) }) {
            return "waiting: no worker is alive that serves the queue \(job.queue) (\(Self.hint(job.queue)))"
        }
        if job.state == "retryable" {
            return "attempt \(job.attempt) of \(job.maxAttempts) did not finish, trying again: "
                + visible(job.lastError ?? "no reason known")
        }
        return nil
    }

    private static func hint(_ queue: String) -> String {
        let local = queue.split(separator: ":", maxSplits: 1)
        if local.first == "local", let id = local.dropFirst().first {
            return "on that machine: driftwatch worker --local \(id)"
        }
        return queue == "default" ? "driftwatch worker" : "driftwatch worker --queue \(visible(queue))"
    }
}
