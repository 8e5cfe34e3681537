package import Logging
package import Postgres
import Runtime
import ServiceLifecycle

/// Tidies up, for all.
///
/// Corrects times after the database's clock went back, moves waiting jobs to the current queue of their server, ends holds
/// and acknowledgements whose time has passed, and windows of silences, asks for checks outside the schedule, marks complete slots, and removes processes that ended long
/// ago.
package struct Janitor: Service {
    private let database: Database
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let clockWatch: ClockWatch
    private let silences: SilencePlanner

    package init(database: Database, clock: any Clock<Duration> = ContinuousClock(), logger: Logger) {
        self.database = database
        self.clock = clock
        self.logger = logger
        clockWatch = ClockWatch(database: database, logger: logger)
        silences = SilencePlanner(database: database, logger: logger)
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            await Loop(every: .seconds(5), clock: clock, logger: logger).run {
                try await tidyUp()
            }
        }
    }

    /// One round; each part is a transaction by itself.
    package func tidyUp() async throws {
        try await clockWatch.look()
        try await database.execute("select driftwatch.requeue_jobs()")
        try await database.execute("select driftwatch.end_holds()")
        try await database.execute("select driftwatch.close_windows()")
        try await database.execute("select driftwatch.end_acknowledgements()")
        try await silences.plan()
        try await database.execute("select driftwatch.enqueue_looks(max_jobs => 500)")
        try await database.execute("select driftwatch.complete_slots()")
        try await database.execute("select driftwatch.forget_workers()")
    }
}
