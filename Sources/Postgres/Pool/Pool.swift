import Logging
import Synchronization

/// Lends connections: carries out what ``PoolState`` decides.
final class Pool: Sendable {
    private typealias Waiter = CheckedContinuation<Connection, any Error>
    private typealias State = PoolState<Connection, Waiter>

    private struct Guarded {
        var pool: State
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let settings: DatabaseSettings
    private let logger: Logger
    private let state: Mutex<Guarded>

    init(_ settings: DatabaseSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        state = Mutex(Guarded(pool: State(limit: settings.poolSize)))
    }

    /// A connection for the caller alone, who gives it back with ``giveBack(_:isReusable:)``.
    func lease(_ cancellation: Cancellation) async throws -> Connection {
        if let connection = state.withLock({ $0.pool.requestedAtOnce() }) { return connection }
        let id = state.withLock { $0.pool.newWaiterID() }
        let alarm = Task { [settings] in
            // Not a child task: those of a cancelled task cannot sleep, and a shielded call still has its timeout.
            guard settings.leaseTimeout > .zero, (try? await Task.sleep(for: settings.leaseTimeout)) != nil else {
                return
            }
            dismiss(id, DatabaseError(.poolTimeout, "no database connection came free in time"))
        }
        defer { alarm.cancel() }
        guard cancellation == .allowed else { return try await wait(id) { false } }
        return try await withTaskCancellationHandler {
            try await wait(id) { Task.isCancelled }
        } onCancel: {
            dismiss(id, DatabaseError(.cancelled, "cancelled while waiting for a database connection"))
        }
    }

    private func wait(_ id: State.WaiterID, isCancelled: @Sendable () -> Bool) async throws -> Connection {
        try await withCheckedThrowingContinuation { continuation in
            switch state.withLock({ $0.pool.requested(id, continuation) }) {
            case .lend(let connection): continuation.resume(returning: connection)
            case .refuse: continuation.resume(throwing: DatabaseError.isClosed)
            case .waitAndOpen: open()
            case .wait: break
            }
            // The handler may have run before there was a waiter to dismiss.
            if isCancelled() {
                dismiss(id, DatabaseError(.cancelled, "cancelled while waiting for a database connection"))
            }
        }
    }

    private func dismiss(_ id: State.WaiterID, _ error: DatabaseError) {
        state.withLock { $0.pool.waiterLeft(id) }?.resume(throwing: error)
    }

    func giveBack(_ connection: Connection, isReusable: Bool) {
        if isReusable {
            settle(state.withLock { $0.pool.returned(connection) })
        } else {
            settle(state.withLock { $0.pool.lost() })
        }
    }

    private func open() {
        // Continues even if its caller is gone: the connection goes to the caller that has waited longest.
        Task { [self] in
            do throws(DatabaseError) {
                let connection = try await Connection.open(settings, logger: logger)
                settle(state.withLock { $0.pool.opened(connection) })
            } catch {
                settle(state.withLock { $0.pool.openFailed() }, error)
            }
        }
    }

    private func settle(_ action: State.ArrivalAction) {
        switch action {
        case .lend(let connection, let waiter): waiter.resume(returning: connection)
        case .keep: break
        case .discard(let connection):
            Task { await connection.close() }
            wakeClosers()
        }
    }

    private func settle(_ action: State.LossAction, _ error: DatabaseError? = nil) {
        if let waiter = action.fail, let error { waiter.resume(throwing: error) }
        if action.open { open() }
        if action.isDrained { wakeClosers() }
    }

    private func wakeClosers() {
        let closers = state.withLock { state in
            guard state.pool.isDrained else { return [CheckedContinuation<Void, Never>]() }
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }

    /// Refuses new calls, fails those that wait, and suspends until those in flight have ended.
    func close() async {
        let action = state.withLock { $0.pool.closed() }
        for waiter in action.fail { waiter.resume(throwing: DatabaseError.isClosed) }
        for connection in action.discard { await connection.close() }
        await withCheckedContinuation { continuation in
            state.withLock { $0.closers.append(continuation) }
            wakeClosers()
        }
    }
}

extension DatabaseError {
    static var isClosed: DatabaseError { DatabaseError(.closed, "the database is closed") }
}
