import Foundation
package import Logging
package import Postgres
import Synchronization

/// Notices that the database's clock has gone back, and has the stored times corrected that then lie in the future.
///
/// It goes back when it ran ahead and was corrected, and when another host takes over whose clock is behind. Until somebody
/// corrects them, such times would keep a schedule, a job or a message waiting, and make new checks look older than old ones.
package final class ClockWatch: Sendable {
    private struct State {
        /// The database's clock when it was last asked; nil at first.
        var latest: Date?
        /// Rows that somebody had locked are corrected in a later round.
        var rounds = 0
    }

    private static let roundsAfterwards = 12

    private let database: Database
    private let logger: Logger
    private let state = Mutex(State())

    package init(database: Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// One look at the clock, and a correction if there is reason for it.
    ///
    /// The first look goes by what is stored: the clock may have gone back before this process started.
    package func look() async throws {
        let now = try await database.rows("select driftwatch.clock()", as: Date.self)[0]
        let before = state.withLock { state in
            defer { state.latest = now }
            return state.latest
        }
        if let before {
            guard now < before - 1 else { return try await goOn() }
            logger.warning(
                "the database's clock went back: stored times that lie in the future are corrected",
                metadata: ["clock.back_s": "\(Int(before.timeIntervalSince(now)))"])
        } else {
            guard try await database.rows("select driftwatch.times_ahead()", as: Bool.self)[0] else { return }
            logger.warning("stored times lie in the future: the database's clock went back, and they are corrected")
        }
        state.withLock { $0.rounds = Self.roundsAfterwards }
        try await goOn()
    }

    private func goOn() async throws {
        guard state.withLock({ $0.rounds > 0 }) else { return }
        let corrections = try await database.withTransaction { transaction in
            try transaction.rows(
                "select place, corrected from driftwatch.correct_times()", as: (String, Int).self)
        }
        state.withLock { $0.rounds -= 1 }
        for (place, corrected) in corrections {
            logger.warning("times corrected", metadata: ["times.place": "\(place)", "times.rows": "\(corrected)"])
        }
    }
}
