/// Who holds, waits for and opens connections: decisions only, no effects.
///
/// A connection is opening, idle or lent; there are never more than `limit` of them. Whoever has waited
/// longest gets the next connection, whether it was opened for another or returned by another.
///
/// - idle → lent (`requested`), lent → idle or to the next waiter (`returned`)
/// - opening → lent to the next waiter or idle (`opened`), or gone (`openFailed`)
/// - after `closed`, nothing is lent; what comes back is discarded
struct PoolState<Connection, Waiter> {
    struct WaiterID: Hashable, Sendable {
        fileprivate let number: Int
    }

    enum RequestAction {
        case lend(Connection)
        case wait
        case waitAndOpen
        case refuse
    }

    enum ArrivalAction {
        case lend(Connection, to: Waiter)
        case keep
        case discard(Connection)
    }

    struct LossAction {
        /// Tell this waiter the error.
        var fail: Waiter?
        /// Open a connection for those who still wait.
        var open = false
        /// The last one that `close` waited for has gone.
        var isDrained = false
    }

    struct CloseAction {
        var discard: [Connection] = []
        var fail: [Waiter] = []
        var isDrained = false
    }

    private let limit: Int
    // Last in, first out: few connections stay warm, and the others' loss is found late but harmlessly.
    private var idle: [Connection] = []
    private var waiters: [(id: WaiterID, waiter: Waiter)] = []
    private var opening = 0
    private var lent = 0
    private var isClosed = false
    private var waitersSeen = 0

    init(limit: Int) { self.limit = max(1, limit) }

    mutating func newWaiterID() -> WaiterID {
        waitersSeen += 1
        return WaiterID(number: waitersSeen)
    }

    /// Somebody wants a connection and would not wait; nobody else waits while one is idle.
    mutating func requestedAtOnce() -> Connection? {
        guard let connection = idle.popLast() else { return nil }
        lent += 1
        return connection
    }

    /// Somebody wants a connection and, if none is idle, has joined the queue.
    mutating func requested(_ id: WaiterID, _ waiter: Waiter) -> RequestAction {
        if isClosed { return .refuse }
        if let connection = requestedAtOnce() { return .lend(connection) }
        waiters.append((id, waiter))
        return openForWaiters() ? .waitAndOpen : .wait
    }

    /// The waiter gave up; nil if it has already been served.
    mutating func waiterLeft(_ id: WaiterID) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    mutating func opened(_ connection: Connection) -> ArrivalAction {
        opening -= 1
        return arrived(connection)
    }

    mutating func openFailed() -> LossAction {
        opening -= 1
        var action = LossAction()
        if !waiters.isEmpty { action.fail = waiters.removeFirst().waiter }
        action.open = openForWaiters()
        return action
    }

    /// A lent connection came back in good order.
    mutating func returned(_ connection: Connection) -> ArrivalAction {
        lent -= 1
        return arrived(connection)
    }

    /// A lent connection came back broken, and is closed.
    mutating func lost() -> LossAction {
        lent -= 1
        return LossAction(open: openForWaiters(), isDrained: isDrained)
    }

    mutating func closed() -> CloseAction {
        guard !isClosed else { return CloseAction(isDrained: isDrained) }
        isClosed = true
        defer {
            idle = []
            waiters = []
        }
        return CloseAction(discard: idle, fail: waiters.map(\.waiter), isDrained: isDrained)
    }

    /// Whether the pool is closed and every lent connection is back.
    var isDrained: Bool { isClosed && lent == 0 }

    private mutating func arrived(_ connection: Connection) -> ArrivalAction {
        if isClosed { return .discard(connection) }
        guard !waiters.isEmpty else {
            idle.append(connection)
            return .keep
        }
        lent += 1
        return .lend(connection, to: waiters.removeFirst().waiter)
    }

    /// Counts a connection as opening if a caller waits, none is being opened for it, and the limit allows one more.
    private mutating func openForWaiters() -> Bool {
        guard !isClosed, waiters.count > opening, opening + lent + idle.count < limit else { return false }
        opening += 1
        return true
    }
}
