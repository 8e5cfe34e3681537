import Instruments
import Logging
import Postgres
import Runtime
import ServiceLifecycle

/// One of the long-running parts: scheduler, worker, notifier, web.
///
/// Each command runs one, `run` all.
protocol ProcessPart: Sendable {
    /// As `workers.process` says it.
    var role: String { get }
    /// Shown in `workers`; nil if the part takes no jobs.
    var concurrency: Int? { get }
    var queues: [String] { get }
    /// What `workers` shows of its settings: a JSON object without secrets.
    var shownSettings: JSONText { get }
    /// How it shares the connections of the process.
    var connections: ConnectionShare { get }
    /// Where it is notified of something to do; nil if nobody notifies it.
    var channel: String? { get }
    /// What the part counts about itself, for `/metrics`.
    var instruments: [any Instrument] { get }

    /// What the part runs. Called when the database is usable; it may be called again after a fault.
    ///
    func services(_ site: PartSite) async throws -> [any Service]
}

extension ProcessPart {
    var concurrency: Int? { nil }
    var queues: [String] { [] }
    var shownSettings: JSONText { JSONText("{}") }
    var connections: ConnectionShare { ConnectionShare(role) }
    var channel: String? { nil }
    var instruments: [any Instrument] { [] }
}

/// Where a part runs.
struct PartSite: Sendable {
    /// The connections of the process, which its parts share.
    let database: Database
    /// Names this part of this process in the database.
    let workerID: String
    /// Raised when something arrives on the part's channel.
    let wake = WakeSignal()
    let logger: Logger
}
