/// Who holds, waits for and opens connections: decisions only, no effects.
///
/// A connection is opening, idle or lent; there are never more than `limit` of them. The caller with the greatest need gets the
/// next connection, among equals the one that has waited longest.
///
/// - opening → idle (`opened`), or gone (`openFailed`)
/// - idle → lent (`requested`), or gone, if it was idle for long (`tidied`)
/// - lent → idle (`returned`), or gone (`lost`)
/// - after `closed`, nothing is lent; what comes back is discarded
///
/// The `reserve` is for urgent callers: others are lent a connection only if as many are left. It is opened with the first
/// connection. If the server refuses another connection, all share those that there are.
struct PoolState<Connection, Waiter> {
    struct WaiterID: Hashable, Sendable {
        fileprivate let number: Int
    }

    /// What is to be done after an event.
    struct Action {
        var lend: [(connection: Connection, waiter: Waiter)] = []
        /// Tell these the error: of the opening, or that the pool is closed.
        var fail: [Waiter] = []
        /// Open so many connections.
        var open = 0
        var discard: [Connection] = []
    }

    private struct Waiting {
        var id: WaiterID
        var need: Need
        var waiter: Waiter
    }

    /// How long a connection that no caller needs stays open.
    static var idleLimit: Duration { .seconds(30) }
    /// How long after a refusal no further connection is tried, as long as there is another one.
    static var refusalPause: Duration { .seconds(10) }

    private let limit: Int
    private let reserve: Int
    // Last in, first out: few connections stay warm, and the others are given up.
    private var idle: [(connection: Connection, since: ContinuousClock.Instant)] = []
    private var waiting: [Waiting] = []
    private var opening = 0
    private var lent: [Need: Int] = [:]
    private(set) var refusedAt: ContinuousClock.Instant?
    private var isClosed = false
    private var waitersSeen = 0

    init(limit: Int, reserve: Int = 0) {
        self.limit = max(1, limit)
        self.reserve = min(max(0, reserve), self.limit - 1)
    }

    /// Whether the pool is closed and every lent connection is back.
    var isDrained: Bool { isClosed && lentToAll == 0 }

    /// Whether a connection can be given up later.
    var isTidy: Bool { idle.isEmpty || established <= kept }

    mutating func newWaiterID() -> WaiterID {
        waitersSeen += 1
        return WaiterID(number: waitersSeen)
    }

    /// Somebody wants a connection and would not wait.
    mutating func requestedAtOnce(_ need: Need) -> Connection? {
        guard mayLend(to: need), let (connection, _) = idle.popLast() else { return nil }
        lent[need, default: 0] += 1
        return connection
    }

    /// Somebody has joined the queue.
    mutating func requested(
        _ id: WaiterID, _ need: Need, _ waiter: Waiter, now: ContinuousClock.Instant
    ) -> Action {
        if isClosed { return Action(fail: [waiter]) }
        waiting.append(Waiting(id: id, need: need, waiter: waiter))
        return settled(now)
    }

    /// The waiter gave up; nil if it has already been served.
    mutating func waiterLeft(_ id: WaiterID) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    mutating func opened(_ connection: Connection, now: ContinuousClock.Instant) -> Action {
        opening -= 1
        refusedAt = nil
        return arrived(connection, now)
    }

    /// A caller hears of it only if there is no connection that it could wait for.
    mutating func openFailed(now: ContinuousClock.Instant) -> Action {
        opening -= 1
        refusedAt = now
        var failed: [Waiter] = []
        if established == 0, opening == 0, let next = waiting.indices.max(by: isLessUrgent) {
            failed = [waiting.remove(at: next).waiter]
        }
        var action = settled(now)
        action.fail = failed
        return action
    }

    /// A lent connection came back in good order.
    mutating func returned(_ connection: Connection, _ need: Need, now: ContinuousClock.Instant) -> Action {
        lent[need, default: 0] -= 1
        return arrived(connection, now)
    }

    /// A lent connection came back broken, and is closed.
    mutating func lost(_ need: Need, now: ContinuousClock.Instant) -> Action {
        lent[need, default: 0] -= 1
        return settled(now)
    }

    /// Gives up connections that have been idle for long, but for one and the reserve if there is a reserve.
    mutating func tidied(now: ContinuousClock.Instant) -> [Connection] {
        var given: [Connection] = []
        while !isTidy, let first = idle.first, first.since + Self.idleLimit <= now {
            given.append(idle.removeFirst().connection)
        }
        return given
    }

    mutating func closed() -> Action {
        isClosed = true
        defer {
            idle = []
            waiting = []
        }
        return Action(fail: waiting.map(\.waiter), discard: idle.map(\.connection))
    }

    private var lentToAll: Int { lent.values.reduce(0, +) }
    private var lentToUrgent: Int { lent[.urgent, default: 0] }
    private var lentToOthers: Int { lentToAll - lentToUrgent }
    private var established: Int { idle.count + lentToAll }
    private var kept: Int { reserve > 0 ? 1 + reserve : 0 }
    private var mostOptional: Int { max(1, limit / 2) }

    private func mayLend(to need: Need) -> Bool {
        if need == .urgent { return true }
        let leavesTheReserve = established - lentToOthers > reserve
        let isTheOnlyOne = refusedAt != nil && lentToOthers == 0
        return (leavesTheReserve || isTheOnlyOne)
            && (need == .ordinary || lent[.optional, default: 0] < mostOptional)
    }

    private func isLessUrgent(_ one: Int, _ other: Int) -> Bool {
        (waiting[one].need, -one) < (waiting[other].need, -other)
    }

    private mutating func arrived(_ connection: Connection, _ now: ContinuousClock.Instant) -> Action {
        if isClosed { return Action(discard: [connection]) }
        idle.append((connection, now))
        return settled(now)
    }

    /// Lends what can be lent, and counts what is to be opened.
    private mutating func settled(_ now: ContinuousClock.Instant) -> Action {
        var action = Action()
        while !idle.isEmpty,
            let next = waiting.indices.filter({ mayLend(to: waiting[$0].need) }).max(by: isLessUrgent)
        {
            let served = waiting.remove(at: next)
            guard let connection = requestedAtOnce(served.need) else { break }
            action.lend.append((connection, served.waiter))
        }
        action.open = openings(now)
        opening += action.open
        return action
    }

    private func openings(_ now: ContinuousClock.Instant) -> Int {
        guard !isClosed, !waiting.isEmpty else { return 0 }
        // After a refusal, a caller waits for what there is or is being opened, and hears of it if that comes to nothing.
        if established + opening > 0, let refusedAt, now < refusedAt + Self.refusalPause { return 0 }
        func waiters(_ need: Need) -> Int { waiting.count { $0.need == need } }
        let optional = min(waiters(.optional), max(0, mostOptional - lent[.optional, default: 0]))
        let wanted =
            lentToOthers + waiters(.ordinary) + optional + max(reserve, lentToUrgent + waiters(.urgent))
        return max(0, min(limit, wanted) - established - opening)
    }
}
