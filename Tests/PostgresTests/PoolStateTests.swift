import Testing

@testable import Postgres

@Suite struct PoolStateTests {
    private typealias State = PoolState<Int, String>

    @Test func aConnectionIsOpenedForWhoeverWaitsUpToTheLimit() {
        var pool = State(limit: 2)
        #expect(pool.requested(pool.newWaiterID(), "a") == .waitAndOpen)
        #expect(pool.requested(pool.newWaiterID(), "b") == .waitAndOpen)
        #expect(pool.requested(pool.newWaiterID(), "c") == .wait)
        #expect(pool.opened(1) == .lend(1, to: "a"))
        #expect(pool.returned(1) == .lend(1, to: "b"))
        #expect(pool.opened(2) == .lend(2, to: "c"))
        #expect(pool.returned(1) == .keep)
        #expect(pool.returned(2) == .keep)
        #expect(pool.requestedAtOnce() == 2)
        #expect(pool.requested(pool.newWaiterID(), "d") == .lend(1))
        #expect(pool.requestedAtOnce() == nil)
    }

    @Test func aWaiterWhoLeavesIsPassedOver() {
        var pool = State(limit: 1)
        let first = pool.newWaiterID()
        #expect(pool.requested(first, "a") == .waitAndOpen)
        #expect(pool.requested(pool.newWaiterID(), "b") == .wait)
        #expect(pool.waiterLeft(first) == "a")
        #expect(pool.waiterLeft(first) == nil)
        #expect(pool.opened(1) == .lend(1, to: "b"))
    }

    @Test func aFailedOpeningFailsOneWaiterAndTriesAgainForTheNext() {
        var pool = State(limit: 1)
        _ = pool.requested(pool.newWaiterID(), "a")
        _ = pool.requested(pool.newWaiterID(), "b")
        let first = pool.openFailed()
        #expect(first.fail == "a")
        #expect(first.open)
        let second = pool.openFailed()
        #expect(second.fail == "b")
        #expect(!second.open)
    }

    @Test func aLostConnectionIsReplacedForThoseWhoWait() {
        var pool = State(limit: 1)
        _ = pool.requested(pool.newWaiterID(), "a")
        #expect(pool.opened(1) == .lend(1, to: "a"))
        #expect(!pool.lost().open)
        _ = pool.requested(pool.newWaiterID(), "b")
        _ = pool.requested(pool.newWaiterID(), "c")
        #expect(pool.opened(2) == .lend(2, to: "b"))
        #expect(pool.lost().open)
    }

    @Test func closingRefusesFailsAndDrains() {
        var pool = State(limit: 2)
        _ = pool.requested(pool.newWaiterID(), "a")
        _ = pool.requested(pool.newWaiterID(), "b")
        _ = pool.opened(1)
        _ = pool.opened(2)
        _ = pool.requested(pool.newWaiterID(), "c")
        #expect(!pool.isDrained)
        let action = pool.closed()
        #expect(action.fail == ["c"])
        #expect(!action.isDrained)
        #expect(pool.requested(pool.newWaiterID(), "d") == .refuse)
        #expect(pool.returned(1) == .discard(1))
        let last = pool.lost()
        #expect(last.isDrained)
        #expect(!last.open)
    }

    @Test func closingAnIdlePoolDiscardsItsConnections() {
        var pool = State(limit: 1)
        _ = pool.requested(pool.newWaiterID(), "a")
        _ = pool.opened(1)
        _ = pool.returned(1)
        let action = pool.closed()
        #expect(action.discard == [1])
        #expect(action.isDrained)
        #expect(pool.requestedAtOnce() == nil)
    }

    /// Random histories against a plain model: nobody is served twice or out of turn, the limit holds, and
    /// nobody waits while nothing is on its way.
    @Test(arguments: 0..<200)
    func randomHistoriesKeepTheRules(seed: UInt64) {
        var random = SplitMix(state: seed)
        let limit = Int.random(in: 1...3, using: &random)
        var pool = PoolState<Int, Int>(limit: limit)
        var queue: [(PoolState<Int, Int>.WaiterID, Int)] = []
        var opening = 0
        var lent: [Int] = []
        var idle: Set<Int> = []
        var connections = 0
        var people = 0

        func arrived(_ connection: Int, _ action: PoolState<Int, Int>.ArrivalAction) {
            switch action {
            case .lend(connection, let waiter):
                #expect(waiter == queue.first?.1)
                queue.removeFirst()
                lent.append(connection)
            case .keep:
                #expect(queue.isEmpty)
                idle.insert(connection)
            default: Issue.record("an open pool discards nothing, and lends what arrived")
            }
        }
        for _ in 0..<200 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                people += 1
                let id = pool.newWaiterID()
                switch pool.requested(id, people) {
                case .lend(let connection):
                    #expect(idle.remove(connection) != nil)
                    #expect(queue.isEmpty)
                    lent.append(connection)
                case .wait: queue.append((id, people))
                case .waitAndOpen:
                    queue.append((id, people))
                    opening += 1
                case .refuse: Issue.record("an open pool refuses nobody")
                }
            case 2 where opening > 0:
                opening -= 1
                connections += 1
                arrived(connections, pool.opened(connections))
            case 3 where opening > 0:
                opening -= 1
                let action = pool.openFailed()
                #expect(action.fail == queue.first?.1)
                if !queue.isEmpty { queue.removeFirst() }
                if action.open { opening += 1 }
            case 4 where !lent.isEmpty:
                let connection = lent.remove(at: Int.random(in: 0..<lent.count, using: &random))
                if Bool.random(using: &random) {
                    arrived(connection, pool.returned(connection))
                } else if pool.lost().open {
                    opening += 1
                }
            case 5 where !queue.isEmpty:
                let (id, person) = queue.remove(at: Int.random(in: 0..<queue.count, using: &random))
                #expect(pool.waiterLeft(id) == person)
            default: break
            }
            #expect(opening + lent.count + idle.count <= limit)
            #expect(queue.isEmpty || idle.isEmpty)
            #expect(queue.isEmpty || opening + lent.count > 0)
            #expect(Set(lent).count == lent.count)
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension PoolState.RequestAction: Equatable where Connection: Equatable, Waiter: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.lend(let left), .lend(let right)): left == right
        case (.wait, .wait), (.waitAndOpen, .waitAndOpen), (.refuse, .refuse): true
        default: false
        }
    }
}

extension PoolState.ArrivalAction: Equatable where Connection: Equatable, Waiter: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.lend(let left, let waiter), .lend(let right, let other)): left == right && waiter == other
        case (.keep, .keep): true
        case (.discard(let left), .discard(let right)): left == right
        default: false
        }
    }
}
