package import Postgres
import ServiceLifecycle

/// Turns notifications on a channel into wake-ups.
///
/// This is only a hint: the loops that it wakes also poll.
package struct Listener: Service {
    private let database: Database
    private let channel: String
    private let wake: WakeSignal

    package init(database: Database, channel: String, wake: WakeSignal) {
        self.database = database
        self.channel = channel
        self.wake = wake
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in database.notifications(on: channel) { wake.raise() }
        }
    }
}
