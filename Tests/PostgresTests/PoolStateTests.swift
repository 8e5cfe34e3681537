import Testing

@testable import Postgres

@Suite struct PoolStateTests {
    private typealias State = PoolState<Int, String>
    private static let start = ContinuousClock.now

    /// A pool whose callers are told by their names, on a clock that stands still.
    private struct Desk {
        var pool: State
        var now = PoolStateTests.start

        init(limit: Int, reserve: Int = 0) { pool = State(limit: limit, reserve: reserve) }

        @discardableResult
        mutating func ask(_ name: String, _ need: Need = .ordinary) -> State.Action {
            pool.requested(pool.newWaiterID(), need, name, now: now)
        }

        mutating func opened(_ connection: Int) -> State.Action { pool.opened(connection, now: now) }
        mutating func openFailed() -> State.Action { pool.openFailed(now: now) }
        mutating func lost(_ need: Need = .ordinary) -> State.Action { pool.lost(need, now: now) }

        @discardableResult
        mutating func returned(_ connection: Int, _ need: Need = .ordinary) -> State.Action {
            pool.returned(connection, need, now: now)
        }
    }

    @Test func aConnectionIsOpenedForEachWaiterUpToTheLimit() {
        var desk = Desk(limit: 2)
        #expect(desk.ask("a").open == 1)
        #expect(desk.ask("b").open == 1)
        #expect(desk.ask("c").open == 0)
        #expect(desk.opened(1).lent == ["1 a"])
        #expect(desk.returned(1).lent == ["1 b"])
        #expect(desk.opened(2).lent == ["2 c"])
        #expect(desk.returned(1).lent == [])
        #expect(desk.returned(2).lent == [])
        #expect(desk.pool.requestedAtOnce(.ordinary) == 2)
        #expect(desk.ask("d").lent == ["1 d"])
        #expect(desk.pool.requestedAtOnce(.ordinary) == nil)
    }

    @Test func aWaiterWhoLeavesIsPassedOver() {
        var desk = Desk(limit: 1)
        let first = desk.pool.newWaiterID()
        #expect(desk.pool.requested(first, .ordinary, "a", now: Self.start).open == 1)
        desk.ask("b")
        #expect(desk.pool.waiterLeft(first) == "a")
        #expect(desk.pool.waiterLeft(first) == nil)
        #expect(desk.opened(1).lent == ["1 b"])
    }

    @Test func aFailedOpeningFailsOneWaiterAndTriesAgainForTheNext() {
        var desk = Desk(limit: 1)
        desk.ask("a")
        desk.ask("b")
        let first = desk.openFailed()
        #expect(first.fail == ["a"])
        #expect(first.open == 1)
        let second = desk.openFailed()
        #expect(second.fail == ["b"])
        #expect(second.open == 0)
    }

    @Test func aLostConnectionIsReplacedForThoseWhoWait() {
        var desk = Desk(limit: 1)
        desk.ask("a")
        _ = desk.opened(1)
        #expect(desk.lost().open == 0)
        desk.ask("b")
        desk.ask("c")
        #expect(desk.opened(2).lent == ["2 b"])
        #expect(desk.lost().open == 1)
    }

    @Test func closingRefusesFailsAndDrains() {
        var desk = Desk(limit: 2)
        desk.ask("a")
        desk.ask("b")
        _ = desk.opened(1)
        _ = desk.opened(2)
        desk.ask("c")
        #expect(!desk.pool.isDrained)
        #expect(desk.pool.closed().fail == ["c"])
        #expect(!desk.pool.isDrained)
        #expect(desk.ask("d").fail == ["d"])
        #expect(desk.returned(1).discard == [1])
        #expect(desk.lost().open == 0)
        #expect(desk.pool.isDrained)
    }

    @Test func closingAnIdlePoolDiscardsItsConnections() {
        var desk = Desk(limit: 1)
        desk.ask("a")
        _ = desk.opened(1)
        desk.returned(1)
        #expect(desk.pool.closed().discard == [1])
        #expect(desk.pool.isDrained)
        #expect(desk.pool.requestedAtOnce(.urgent) == nil)
    }

    // MARK: Who comes first

    @Test func theReserveIsOpenedBeforeAnOrdinaryCallerIsServed() {
        var desk = Desk(limit: 3, reserve: 1)
        #expect(desk.ask("job").open == 2)
        #expect(desk.opened(1).lent == [])
        #expect(desk.opened(2).lent == ["2 job"])
        #expect(desk.ask("second job").open == 1)
        #expect(desk.ask("renewal", .urgent).lent == ["1 renewal"])
        #expect(desk.returned(1, .urgent).lent == [])
        #expect(desk.opened(3).lent == ["3 second job"])
    }

    @Test func aCallerHearsThatTheServerIsGoneThoughTheReserveWasBeingOpenedToo() {
        var desk = Desk(limit: 3, reserve: 1)
        #expect(desk.ask("job").open == 2)
        let first = desk.openFailed()
        #expect(first.fail == [] && first.open == 0)
        let second = desk.openFailed()
        #expect(second.fail == ["job"] && second.open == 0)
    }

    @Test func whereTheServerRefusesMoreAllShareTheOnlyConnectionAndTheUrgentGoFirst() {
        var desk = Desk(limit: 3, reserve: 1)
        desk.ask("job")
        #expect(desk.opened(1).lent == [])
        let refused = desk.openFailed()
        #expect(refused.lent == ["1 job"])
        #expect(refused.fail == [])
        #expect(desk.ask("second job").open == 0)
        #expect(desk.ask("page", .optional).open == 0)
        #expect(desk.ask("renewal", .urgent).open == 0)
        #expect(desk.returned(1).lent == ["1 renewal"])
        #expect(desk.returned(1, .urgent).lent == ["1 second job"])
        #expect(desk.returned(1).lent == ["1 page"])
    }

    @Test func aRefusedConnectionIsTriedAgainAfterAPause() {
        var desk = Desk(limit: 2)
        desk.ask("a")
        _ = desk.opened(1)
        #expect(desk.ask("b").open == 1)
        #expect(desk.openFailed().fail == [])
        #expect(desk.pool.refusedAt != nil)
        #expect(desk.ask("c").open == 0)
        desk.now += State.refusalPause
        #expect(desk.ask("d").open == 1)
        #expect(desk.opened(2).lent == ["2 b"])
        #expect(desk.pool.refusedAt == nil)
    }

    @Test func optionalCallersHoldHalfOfThePoolAtMost() {
        var desk = Desk(limit: 4)
        for name in ["a", "b", "c"] { desk.ask(name, .optional) }
        _ = desk.opened(1)
        _ = desk.opened(2)
        #expect(desk.ask("job").open == 1)
        #expect(desk.opened(3).lent == ["3 job"])
        #expect(desk.returned(3).lent == [])
        #expect(desk.returned(1, .optional).lent == ["1 c"])
    }

    @Test func whatIsIdleForLongIsGivenUpButForOneAndTheReserve() {
        for (reserve, given) in [(0, [1, 2, 3]), (1, [1])] {
            var desk = Desk(limit: 3, reserve: reserve)
            for (index, name) in ["a", "b", "c"].enumerated() {
                desk.ask(name, .urgent)
                _ = desk.opened(index + 1)
            }
            for connection in 1...3 { desk.returned(connection, .urgent) }
            #expect(desk.pool.tidied(now: desk.now) == [])
            #expect(desk.pool.tidied(now: desk.now + State.idleLimit) == given)
            #expect(desk.pool.isTidy)
        }
    }

    // MARK: Random histories

    private struct Caller: Hashable {
        var number: Int
        var need: Need
    }

    /// Nobody is served twice or out of turn, the limit holds, and nobody waits while nothing is on its way.
    @Test(arguments: 0..<300)
    func randomHistoriesKeepTheRules(seed: UInt64) {
        var random = SplitMix(state: seed)
        let limit = Int.random(in: 1...4, using: &random)
        let reserve = Int.random(in: 0...1, using: &random)
        var pool = PoolState<Int, Caller>(limit: limit, reserve: reserve)
        var queue: [(PoolState<Int, Caller>.WaiterID, Caller)] = []
        var (opening, connections, callers) = (0, 0, 0)
        var lent: [Int: Caller] = [:]
        var idle: Set<Int> = []
        var now = Self.start

        func follow(_ action: PoolState<Int, Caller>.Action) {
            for (connection, caller) in action.lend {
                #expect(idle.remove(connection) != nil)
                #expect(lent.updateValue(caller, forKey: connection) == nil)
                #expect(!queue.contains { $0.1.need == caller.need && $0.1.number < caller.number }, "out of turn")
                if caller.need < .urgent { #expect(!queue.contains { $0.1.need == .urgent }, "urgent first") }
                queue.removeAll { $0.1 == caller }
            }
            for caller in action.fail {
                #expect(idle.isEmpty && lent.isEmpty, "there was a connection to wait for")
                queue.removeAll { $0.1 == caller }
            }
            opening += action.open
            #expect(action.discard.isEmpty)
        }
        for _ in 0..<300 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                callers += 1
                let caller = Caller(number: callers, need: Need.allCases.randomElement(using: &random) ?? .ordinary)
                let id = pool.newWaiterID()
                queue.append((id, caller))
                follow(pool.requested(id, caller.need, caller, now: now))
            case 2 where opening > 0:
                opening -= 1
                connections += 1
                idle.insert(connections)
                follow(pool.opened(connections, now: now))
            case 3 where opening > 0:
                opening -= 1
                follow(pool.openFailed(now: now))
            case 4, 5:
                guard let (connection, caller) = lent.randomElement(using: &random) else { continue }
                lent[connection] = nil
                if Bool.random(using: &random) {
                    idle.insert(connection)
                    follow(pool.returned(connection, caller.need, now: now))
                } else {
                    follow(pool.lost(caller.need, now: now))
                }
            case 6 where !queue.isEmpty:
                let (id, caller) = queue.remove(at: Int.random(in: 0..<queue.count, using: &random))
                #expect(pool.waiterLeft(id) == caller)
            case 7:
                now += .seconds(Int.random(in: 0...20, using: &random))
                for connection in pool.tidied(now: now) { #expect(idle.remove(connection) != nil) }
            default: break
            }
            #expect(opening + lent.count + idle.count <= limit)
            #expect(idle.isEmpty || !queue.contains { $0.1.need == .urgent })
            #expect(queue.isEmpty || opening + lent.count > 0, "nothing is on its way")
        }
    }
}

extension PoolState.Action where Connection == Int, Waiter == String {
    fileprivate var lent: [String] { lend.map { "\($0.connection) \($0.waiter)" } }
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
