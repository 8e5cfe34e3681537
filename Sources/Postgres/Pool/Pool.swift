import Logging
import Synchronization

/// Lends connections: carries out what ``PoolState`` decides.
final class Pool: Sendable {
    private typealias Waiter = CheckedContinuation<Connection, any Error>
    private typealias State = PoolState<Connection, Waiter>

    private struct Guarded {
        var pool: State
        var closers: [CheckedContinuation<Void, Never>] = []
        var isTidying = false
    }

    private let settings: DatabaseSettings
    private let logger: Logger
    private let state: Mutex<Guarded>

    init(_ settings: DatabaseSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        state = Mutex(Guarded(pool: State(limit: settings.poolSize, reserve: settings.poolReserve)))
    }

    /// Whether the server refused a connection lately: what is optional then gives its own up.
    var isShort: Bool {
        guard let refusedAt = state.withLock(\.pool.refusedAt) else { return false }
        return .now < refusedAt + .seconds(60)
    }

    /// A connection for the caller alone, who gives it back with ``giveBack(_:_:isReusable:)``.
    func lease(_ need: Need, upTo timeout: Duration, _ cancellation: Cancellation) async throws -> Connection {
        if let connection = state.withLock({ $0.pool.requestedAtOnce(need) }) { return connection }
        let id = state.withLock { $0.pool.newWaiterID() }
        let alarm = Task {
            // Not a child task: those of a cancelled task cannot sleep, and a shielded call still has its timeout.
            guard timeout > .zero, (try? await Task.sleep(for: timeout)) != nil else { return }
            dismiss(id, DatabaseError(.poolTimeout, "no database connection came free in time"))
        }
        defer { alarm.cancel() }
        guard cancellation == .allowed else { return try await wait(id, need) { false } }
        return try await withTaskCancellationHandler {
            try await wait(id, need) { Task.isCancelled }
        } onCancel: {
            dismiss(id, DatabaseError(.cancelled, "cancelled while waiting for a database connection"))
        }
    }

    private func wait(
        _ id: State.WaiterID, _ need: Need, isCancelled: @Sendable () -> Bool
    ) async throws -> Connection {
        try await withCheckedThrowingContinuation { continuation in
            carryOut(state.withLock { $0.pool.requested(id, need, continuation, now: .now) })
            // The handler may have run before there was a waiter to dismiss.
            if isCancelled() {
                dismiss(id, DatabaseError(.cancelled, "cancelled while waiting for a database connection"))
            }
        }
    }

    private func dismiss(_ id: State.WaiterID, _ error: DatabaseError) {
        state.withLock { $0.pool.waiterLeft(id) }?.resume(throwing: error)
    }

    func giveBack(_ connection: Connection, _ need: Need, isReusable: Bool) {
        if isReusable {
            carryOut(state.withLock { $0.pool.returned(connection, need, now: .now) })
        } else {
            carryOut(state.withLock { $0.pool.lost(need, now: .now) })
        }
        tidyLater()
    }

    private func open() {
        // Continues even if its caller is gone: the connection goes to the next caller.
        Task { [self] in
            do throws(DatabaseError) {
                let connection = try await Connection.open(settings, logger: logger)
                carryOut(state.withLock { $0.pool.opened(connection, now: .now) })
            } catch {
                carryOut(state.withLock { $0.pool.openFailed(now: .now) }, failing: error)
            }
        }
    }

    private func carryOut(_ action: State.Action, failing error: DatabaseError = .isClosed) {
        let closers = state.withLock { state in
            guard state.pool.isDrained else { return [CheckedContinuation<Void, Never>]() }
            defer { state.closers = [] }
            return state.closers
        }
        for (connection, waiter) in action.lend { waiter.resume(returning: connection) }
        for waiter in action.fail { waiter.resume(throwing: error) }
        for _ in 0..<action.open { open() }
        for connection in action.discard { Task { await connection.close() } }
        for closer in closers { closer.resume() }
    }

    /// Gives up idle connections after a while, in one task however many calls end meanwhile.
    private func tidyLater() {
        let isNeeded = state.withLock { state in
            guard !state.isTidying, !state.pool.isTidy else { return false }
            state.isTidying = true
            return true
        }
        guard isNeeded else { return }
        Task { [weak self] in
            try? await Task.sleep(for: State.idleLimit)
            await self?.tidy()
        }
    }

    private func tidy() async {
        let given = state.withLock { state in
            state.isTidying = false
            return state.pool.tidied(now: .now)
        }
        for connection in given { await connection.close() }
        tidyLater()
    }

    /// Refuses new calls, fails those that wait, and suspends until those in flight have ended.
    func close() async {
        let action = state.withLock { $0.pool.closed() }
        for waiter in action.fail { waiter.resume(throwing: DatabaseError.isClosed) }
        for connection in action.discard { await connection.close() }
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                if !state.pool.isDrained { state.closers.append(continuation) }
                return state.pool.isDrained
            }
            if isDrained { continuation.resume() }
        }
    }
}

extension DatabaseError {
    static var isClosed: DatabaseError { DatabaseError(.closed, "the database is closed") }
}
