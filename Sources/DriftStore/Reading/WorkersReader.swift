package import FoundationEssentials
package import Postgres

/// Reads which processes are running.
package enum WorkersReader {
    /// Processes that are running and were seen within the last minute, by kind and age.
    package static func alive(in transaction: borrowing Transaction) throws -> [WorkerLine] {
        try transaction.rows(
            """
            select w.worker_id, w.process, w.host, w.pid, w.version, w.concurrency, w.state, w.queues, w.account, w.settings, w.started_at,
                   w.last_seen_at
            from driftwatch.all_processes w where w.alive
            order by w.process, w.started_at, w.worker_id
            """, of: WorkerLine.self)
    }
}

/// One process that was seen lately.
package struct WorkerLine: Hashable, Sendable, RowDecodable {
    package var id: String
    package var process: String
    package var host: String
    package var pid: Int
    package var version: String
    package var concurrency: Int?
    package var state: String
    package var queues: [String]
    package var account: String?
    /// As JSON: the files with which a worker logs in.
    package var settings: JSONText
    package var startedAt: Date
    package var lastSeenAt: Date

    /// Whether it claims jobs of `queue`.
    package func serves(_ queue: String) -> Bool {
        process == "worker" && state == "running" && queues.contains(queue)
    }

    package init(row: Row) throws {
        id = try row.column("worker_id")
        process = try row.column("process")
        host = try row.column("host")
        pid = try row.column("pid")
        version = try row.column("version")
        concurrency = try row.column("concurrency")
        state = try row.column("state")
        queues = try row.column("queues")
        account = try row.column("account")
        settings = try row.column("settings")
        startedAt = try row.column("started_at")
        lastSeenAt = try row.column("last_seen_at")
    }
}
