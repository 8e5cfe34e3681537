import DriftStore
import Foundation
package import Logging
package import Postgres
import Runtime
import ServiceLifecycle

/// Gives a sign to a monitoring service after each slot whose jobs have all ended.
///
/// The database leases the slot to one scheduler at a time. A sign that could not be delivered is sent again; one whose
/// reply was lost arrives twice.
package struct Heartbeat: Service {
    private let database: Database
    /// Gives the sign, and returns why it was not delivered.
    private let send: @Sendable () async -> String?
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// `send` takes less than a minute.
    package init(
        database: Database, clock: any Clock<Duration> = ContinuousClock(), logger: Logger,
        send: @escaping @Sendable () async -> String?
    ) {
        self.database = database
        self.send = send
        self.clock = clock
        self.logger = logger
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            await Loop(every: .seconds(5), clock: clock, logger: logger).run { try await beat() }
        }
    }

    /// Sends the sign of the newest complete slot if it is due.
    package func beat() async throws {
        let claimed = try await database.withTransaction { transaction in
            try ReportStore.claimHeartbeat(lease: .seconds(60), in: transaction)
        }
        guard let slot = claimed else { return }
        let error = await send()
        try await database.withTransaction { try ReportStore.settleHeartbeat(of: slot, error: error, in: $0) }
        if let error {
            logger.warning(
                "the heartbeat could not be delivered; it is sent again",
                metadata: ["slot.at": "\(slot)", "error": "\(error)"])
        } else {
            logger.info("heartbeat delivered", metadata: ["slot.at": "\(slot)"])
        }
    }
}
