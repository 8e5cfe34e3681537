import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport

@testable import JobQueue

extension QueueStore {
    func claimSome(
        _ count: Int, for worker: String = "w", rescued: Int = 1, timeLimit: Duration = .seconds(1_000_000)
    ) async throws -> [Claim] {
        try await claim(
            for: worker, queues: ["default"], atMost: count, rescued: rescued,
            lease: .seconds(60), timeLimit: timeLimit)
    }

    @discardableResult
    func end(_ claim: Claim, _ outcome: Ending.Outcome) async throws -> String {
        try await end(claim.job.id, under: claim.token, as: Ending(outcome))
    }
}

extension Database {
    /// One slot's jobs, for every eligible server.
    @discardableResult
    func enqueueAll() async throws -> Int {
        try await execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
        return try await rows(
            "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')",
            as: Int.self
        ).first ?? 0
    }

    /// `what` is a table and, perhaps, a condition.
    func count(_ what: StaticString) async throws -> Int {
        try await rows("select count(*)::int from driftwatch.\(SQL(trusted: what))", as: Int.self).first ?? -1
    }

    func state(of job: Int64) async throws -> String? {
        try await rows("select state from driftwatch.jobs where job_id = \(job)", as: String.self).first
    }

    func outcome(of token: LeaseToken) async throws -> String? {
        try await rows("select outcome from driftwatch.job_attempts where lease_token = \(token)", as: String?.self)
            .first ?? nil
    }
}

/// Lends a database with one waiting job for each server.
func withJobs(
    _ servers: [String] = ["a", "b"], _ body: (Database, QueueStore) async throws -> Void
) async throws {
    try await withMigratedDatabase { database in
        for server in servers { try await database.makeServer(server) }
        try await database.enqueueAll()
        try await body(database, QueueStore(database: database))
    }
}

extension Database {
    /// Returns once so many rows are there; the suite's time limit is what ends a wait that is in vain.
    func wait(until what: StaticString, counts wanted: Int) async throws {
        while true {
            // The test itself may be cutting all connections.
            if let now = try? await count(what), now >= wanted { return }
            // The database gives no signal of a row.
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

extension WorkerPoolSettings {
    static func testing(_ id: String) -> Self {
        var settings = WorkerPoolSettings(workerID: id)
        settings.pollEvery = .milliseconds(20)
        settings.rescueEvery = .milliseconds(50)
        settings.leaseMargin = .zero
        return settings
    }
}

struct ClosureHandler: JobHandler {
    let body: @Sendable (Job) async throws -> Ending

    init(_ body: @escaping @Sendable (Job) async throws -> Ending) { self.body = body }

    func handle(_ job: Job) async throws -> Ending { try await body(job) }
}

/// Runs pools around `body`, and stops them gracefully when it is done or asks for it.
func withPools(
    _ count: Int, on database: Database, renewals: Database? = nil, handler: any JobHandler,
    adjust: (inout WorkerPoolSettings) -> Void = { _ in }, _ body: (_ stop: () -> Void) async throws -> Void
) async throws {
    let pools = (0..<count).map { number in
        var settings = WorkerPoolSettings.testing("w\(number)")
        adjust(&settings)
        return WorkerPool(
            database: database, renewals: renewals ?? database, settings: settings, handler: handler,
            logger: .quiet)
    }
    let group = ServiceGroup(services: pools, logger: .quiet)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        let stopped = AsyncStream<Void>.makeStream()
        tasks.addTask {
            for await _ in stopped.stream { break }
            await group.triggerGracefulShutdown()
        }
        do {
            try await body { stopped.continuation.yield() }
        } catch {
            tasks.cancelAll()
            throw error
        }
        stopped.continuation.yield()
        try await tasks.waitForAll()
    }
}

/// What happened, in order; tests await its growth.
final class Recorder<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    private let changes = AsyncStream<Int>.makeStream()

    var all: [Value] { values.withLock { $0 } }

    /// Returns how many there are now.
    @discardableResult
    func record(_ value: Value) -> Int {
        let count = values.withLock { values in
            values.append(value)
            return values.count
        }
        changes.continuation.yield(count)
        return count
    }

    func wait(for count: Int) async {
        if all.count >= count { return }
        for await now in changes.stream where now >= count { return }
    }
}

/// Closed until it is opened, then open for good.
final class Gate: Sendable {
    private let opened = AsyncStream<Void>.makeStream()

    func open() { opened.continuation.finish() }

    func wait() async { for await _ in opened.stream {} }
}
