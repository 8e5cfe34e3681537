package import Logging
package import Postgres
import ServiceLifecycle

/// Tidies up: notes which slots are complete, and forgets processes that are long gone.
package struct Janitor: Service {
    private let database: Database
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(database: Database, clock: any Clock<Duration> = ContinuousClock(), logger: Logger) {
        self.database = database
        self.clock = clock
        self.logger = logger
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            await Loop(every: .seconds(5), clock: clock, logger: logger).run {
                _ = try await database.execute("select driftwatch.complete_slots(), driftwatch.forget_workers()")
            }
        }
    }
}
