package import Logging
import Synchronization

/// A pool of connections to one PostgreSQL database.
///
/// ```swift
/// let claimed = try await database.withTransaction { transaction in
///     try transaction.rows("select job_id, kind from driftwatch.claim(\(count))", as: (Int, String).self)
/// }
/// ```
///
/// Connections are opened when needed and replaced when lost: a restart of the server needs no new `Database`.
/// No call blocks a thread of Swift's own pool. All errors are ``DatabaseError``, but for those that a closure
/// throws by itself. A cancelled task's statement is cancelled on the server.
package final class Database: Sendable {
    package let settings: DatabaseSettings
    let logger: Logger
    private let pool: Pool
    private let need: Need
    let listeners: ListenerRegistry

    /// Opens nothing yet.
    package init(_ settings: DatabaseSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        pool = Pool(settings, logger: logger)
        need = .ordinary
        listeners = ListenerRegistry()
    }

    private init(sharing database: Database, _ settings: DatabaseSettings, _ need: Need) {
        self.settings = settings
        logger = database.logger
        pool = database.pool
        self.need = need
        listeners = database.listeners
    }

    /// The same connections, for callers with another need, who wait for them and hold them for other times.
    package func forCalls(
        _ need: Need, leaseTimeout: Duration? = nil, callDeadline: Duration? = nil
    ) -> Database {
        var settings = settings
        settings.leaseTimeout = leaseTimeout ?? settings.leaseTimeout
        settings.callDeadline = callDeadline ?? settings.callDeadline
        return Database(sharing: self, settings, need)
    }

    /// Whether the server refused a connection lately.
    var isShort: Bool { pool.isShort }

    /// Refuses new calls, ends the notifications, and suspends until the calls in flight have ended.
    package func close() async {
        listeners.stopAll()
        await pool.close()
    }

    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws.
    ///
    /// An error of `body` passes through unchanged. After a serialization failure or a deadlock `body` runs again, a few
    /// times at most, so it must change nothing outside the transaction. If the connection breaks between COMMIT and its
    /// answer, `commitUnknown` is thrown.
    @discardableResult
    package func withTransaction<R: Sendable>(
        isolation: Isolation = .readCommitted, access: Access = .readWrite, cancellation: Cancellation = .allowed,
        _ body: @Sendable (borrowing Transaction) throws -> R
    ) async throws -> R {
        let mode = TransactionMode(isolation: isolation, access: access)
        return try await call(cancellation) { try $0.transaction(mode, body) }
    }

    /// Runs `body` in a read-only transaction that sees one snapshot of the database.
    package func read<R: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> R) async throws -> R {
        try await withTransaction(isolation: .repeatableRead, access: .readOnly, body)
    }

    /// Runs one statement, a transaction by itself; all rows as tuples.
    package func rows<each Column: ColumnDecodable & Sendable>(
        _ sql: SQL, as types: (repeat each Column).Type
    ) async throws -> [(repeat each Column)] {
        try await call(.allowed) { session in
            try naming(sql) { () throws(DatabaseError) in
                try session.alone(sql).rows { (row) throws(DatabaseError) in try row.tuple(as: types) }
            }
        }
    }

    /// Runs one statement, a transaction by itself; all rows of its one column.
    package func rows<Column: ColumnDecodable & Sendable>(
        _ sql: SQL, as type: Column.Type, cancellation: Cancellation = .allowed
    ) async throws -> [Column] {
        try await call(cancellation) { session in
            try naming(sql) { () throws(DatabaseError) in
                try session.alone(sql).rows { (row) throws(DatabaseError) in try row.tuple(as: type) }
            }
        }
    }

    /// Runs one statement, a transaction by itself; all rows as values that know their columns by name.
    package func rows<Value: RowDecodable & Sendable>(_ sql: SQL, of type: Value.Type) async throws -> [Value] {
        try await call(.allowed) { session in
            try naming(sql) { try session.alone(sql).rows { try Value(row: $0) } }
        }
    }

    /// Runs one statement, a transaction by itself; how many rows it touched (or, of a SELECT, gave).
    @discardableResult
    package func execute(_ sql: SQL, cancellation: Cancellation = .allowed) async throws -> Int {
        try await call(cancellation) { try $0.alone(sql).affected }
    }

    /// Runs several statements at once, in one transaction unless they contain transaction commands.
    package func executeScript(_ script: String) async throws {
        try await call(.allowed) { try $0.scriptAlone(script) }
    }

    private func call<R: Sendable>(
        _ cancellation: Cancellation, _ work: @Sendable (Session) throws -> R
    ) async throws -> R {
        var retries = RetryPolicy()
        while true {
            if cancellation == .allowed, Task.isCancelled { throw DatabaseError(.cancelled, "cancelled") }
            let reply = try await attempt(cancellation, work)
            switch reply.result {
            case .success(let value): return value
            // Every turn uses up an idle connection, so this ends with a fresh one at the latest.
            case .failure where reply.mayTryAnotherConnection: continue
            case .failure(let error):
                guard case .again(let delay) = retries.failed(with: error) else { throw error }
                await pause(for: delay)
            }
        }
    }

    private func attempt<R: Sendable>(
        _ cancellation: Cancellation, _ work: @Sendable (Session) throws -> R
    ) async throws -> Connection.Reply<R> {
        let connection = try await pool.lease(need, upTo: settings.leaseTimeout, cancellation)
        let ticket = connection.interrupt.arm()
        let reply = await withTaskCancellationHandler {
            await connection.perform(cancellation, within: settings.callDeadline, work)
        } onCancel: {
            if cancellation == .allowed { connection.interrupt.raise(ticket) }
        }
        connection.interrupt.disarm()
        pool.giveBack(connection, need, isReusable: reply.isReusable)
        return reply
    }

    private func pause(for delay: Duration) async {
        // Not in this task: a cancelled one cannot sleep, and a shielded call keeps its jitter.
        await Task { try? await Task.sleep(for: delay) }.value
    }
}
