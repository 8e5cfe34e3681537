package import Postgres
import ServiceLifecycle

/// Turns the notifications that a process waits for into wake-ups of its loops, on one connection.
///
/// This is only a hint: the loops that it wakes also poll.
package struct Listener: Service {
    private let database: Database
    private let wakes: [String: WakeSignal]

    /// `wakes`: what to raise, by channel.
    package init(database: Database, wakes: [String: WakeSignal]) {
        self.database = database
        self.wakes = wakes
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            for await notification in database.notifications(on: wakes.keys.sorted()) {
                if let channel = notification.channel {
                    wakes[channel]?.raise()
                } else {
                    for wake in wakes.values { wake.raise() }
                }
            }
        }
    }
}
