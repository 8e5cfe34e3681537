import DriftCore
import DriftStore
import Logging
import Postgres
import Presentation
import Runtime

/// Waits until jobs are over, and says what keeps them.
struct JobWait: Sendable {
    private let database: Database
    private let progress: ProgressLine

    init(_ database: Database, _ progress: ProgressLine) {
        self.database = database
        self.progress = progress
    }

    private struct Look: Sendable {
        var over: [JobLine]
        var underWay: [JobUnderWay]
        /// The workers and what blocks them, by queue.
        var obstacles: [String: String]
    }

    /// Hands over each job once it has finished, and from time to time the unfinished ones.
    ///
    /// Returns at the deadline at the latest. Until then it outlasts a database that goes away and comes back.
    ///
    /// It polls, for all jobs at once: the end of a job sends no notification.
    func run(
        _ ids: [Int64], until deadline: ContinuousClock.Instant,
        onOver: ([JobLine]) async throws -> Void, onUnderWay: ([JobUnderWay]) -> Void
    ) async throws {
        var ids = ids
        var said: Set<String> = []
        var polls = 0
        var fault: (any Error)?
        let loop = Loop(every: .milliseconds(100), logger: Logger(label: "driftwatch.check"))
        await loop.rounds {
            let isLast = ContinuousClock.now >= deadline
            do {
                let look = try await database.read { [ids] in try Self.look(at: ids, in: $0) }
                if !look.over.isEmpty {
                    try await onOver(look.over)
                    let over = Set(look.over.map(\.id))
                    ids.removeAll(where: over.contains)
                }
                onUnderWay(look.underWay)
                // A worker may only just have started, so the first poll says nothing, unless no time is left.
                if polls >= 2 || isLast {
                    for line in lines(look) where said.insert(line).inserted { progress.note(line) }
                }
            } catch {
                if !isLast, let error = error as? DatabaseError, error.isTransient { throw error }
                fault = error
            }
            polls += 1
            if fault != nil || ids.isEmpty || isLast { return .never }
            return .after(.milliseconds(polls < 20 ? 100 : ids.count > 1000 ? 1000 : 500))
        }
        if let fault { throw fault }
        try Task.checkCancellation()
    }

    private static func look(at ids: [Int64], in transaction: borrowing Transaction) throws -> Look {
        let over = try JobsReader.over(of: ids, in: transaction)
        let underWay = try JobsReader.underWay(of: ids, in: transaction)
        let waiting = Set(underWay.filter { !$0.isRunning }.map(\.queue))
        guard !waiting.isEmpty else { return Look(over: over, underWay: underWay, obstacles: [:]) }
        let workers = try WorkersReader.alive(in: transaction)
        var obstacles: [String: String] = [:]
        let pauses = try QueuesReader.pauses(in: transaction)
        for queue in waiting {
            if let pause = pauses.first(where: { $0.queue == queue }) {
                obstacles[queue] = PauseText(pause, times: try Times(in: transaction)).line
            } else if !workers.contains(where: { $0.serves(queue) }) {
                obstacles[queue] =
                    "no worker is alive that serves the queue \(visible(queue)) (\(hint(queue)))"
            }
        }
        return Look(over: over, underWay: underWay, obstacles: obstacles)
    }

    private func lines(_ look: Look) -> [String] {
        let waiting = look.underWay.filter { !$0.isRunning }
        let held = look.obstacles.sorted { $0.key < $1.key }.map { queue, obstacle in
            "\(names(waiting.filter { $0.queue == queue }.compactMap(\.serverID))): waiting: \(obstacle)"
        }
        let retried = waiting.filter { look.obstacles[$0.queue] == nil }.compactMap { job in
            job.lastError.map {
                "\(job.serverID?.rawValue ?? "job \(job.id)"): attempt \(job.attempt) of \(job.maxAttempts) did not "
                    + "finish, trying again: \(visible($0))"
            }
        }
        return held + retried
    }

    private static func hint(_ queue: String) -> String {
        let local = queue.split(separator: ":", maxSplits: 1)
        if local.first == "local", let id = local.dropFirst().first {
            return "on that machine: driftwatch worker --local \(id)"
        }
        return queue == "default" ? "driftwatch worker" : "driftwatch worker --queue \(visible(queue))"
    }
}
