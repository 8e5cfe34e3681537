import Testing

@testable import Postgres

@Suite struct StatementCacheTests {
    @Test func aTextKeepsItsName() {
        var cache = StatementCache()
        #expect(cache.name(of: "select 1") == nil)
        let name = cache.newName()
        cache.prepared("select 1", as: name)
        #expect(cache.name(of: "select 1") == name)
        #expect(cache.newName() != name)
    }

    @Test func theOneUnusedForLongestMakesRoom() {
        var cache = StatementCache(limit: 2)
        for text in ["a", "b"] { cache.prepared(text, as: "name_\(text)") }
        _ = cache.name(of: "a")
        cache.prepared("c", as: "name_c")
        #expect(cache.name(of: "b") == nil)
        #expect(cache.name(of: "a") != nil)
        #expect(cache.takeGarbage() == ["name_b"])
        #expect(cache.takeGarbage().isEmpty)
    }

    @Test func whatTheServerLostIsNotDeallocated() {
        var cache = StatementCache()
        cache.prepared("a", as: "name_a")
        cache.prepared("b", as: "name_b")
        cache.forget("a")
        cache.forgetAll()
        #expect(cache.name(of: "b") == nil)
        #expect(cache.takeGarbage().isEmpty)
    }
}

@Suite struct RetryPolicyTests {
    @Test(arguments: [SQLState.serializationFailure, .deadlockDetected])
    func conflictsAreRetriedAFewTimes(state: SQLState) {
        var policy = RetryPolicy()
        let error = DatabaseError(.server(state), "")
        for _ in 0..<RetryPolicy.limit { #expect(policy.failed(with: error, random: { 0.5 }) != .giveUp) }
        #expect(policy.failed(with: error) == .giveUp)
    }

    @Test func thePausesGrowWithinTheirBounds() {
        var policy = RetryPolicy()
        let error = DatabaseError(.server(.deadlockDetected), "")
        #expect(policy.failed(with: error, random: { 0 }) == .again(after: .milliseconds(40)))
        #expect(policy.failed(with: error, random: { 1 }) == .again(after: .milliseconds(40)))
        #expect(policy.failed(with: error, random: { 1 }) == .again(after: .milliseconds(80)))
    }

    @Test func nothingElseIsRetried() {
        var policy = RetryPolicy()
        for kind in [.connection, .commitUnknown, .server(.uniqueViolation), .cancelled] as [DatabaseError.Kind] {
            #expect(policy.failed(with: DatabaseError(kind, "")) == .giveUp)
        }
        #expect(policy.failed(with: CancellationError()) == .giveUp)
    }
}

@Suite struct InterruptTests {
    @Test func aRaiseWakesTheWaiter() throws {
        let interrupt = try Interrupt()
        let ticket = interrupt.arm()
        #expect(!interrupt.isRaised)
        interrupt.raise(ticket)
        #expect(interrupt.isRaised)
        let start = ContinuousClock.now
        interrupt.wait(for: .seconds(60))
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func aLateRaiseDoesNotHitTheNextCall() throws {
        let interrupt = try Interrupt()
        let first = interrupt.arm()
        interrupt.disarm()
        interrupt.raise(first)
        #expect(!interrupt.isRaised)
        let second = interrupt.arm()
        interrupt.raise(first)
        #expect(!interrupt.isRaised)
        interrupt.raise(second)
        _ = interrupt.arm()
        #expect(!interrupt.isRaised)
    }
}

@Suite struct ErrorTests {
    @Test(arguments: [
        (DatabaseError.Kind.connection, true), (.commitUnknown, true), (.poolTimeout, true), (.deadline, true),
        (.server("40001"), true), (.server("40P01"), true), (.server("57P01"), true), (.server("57P03"), true),
        (.server("53300"), true), (.server("25006"), true), (.server("55P03"), true), (.server("08006"), true),
        (.server("57014"), false), (.server("23505"), false), (.server("JQ001"), false), (.server("42P01"), false),
        (.cancelled, false), (.closed, false), (.decoding, false), (.encoding, false), (.misuse, false),
    ])
    func whatPassesByItselfIsTransient(kind: DatabaseError.Kind, isTransient: Bool) {
        #expect(DatabaseError(kind, "").isTransient == isTransient)
    }

    @Test func millisecondsRoundUp() {
        #expect(Duration.microseconds(1).roundedUpMilliseconds == 1)
        #expect(Duration.milliseconds(7).roundedUpMilliseconds == 7)
        #expect(Duration.milliseconds(-3).roundedUpMilliseconds == -3)
        #expect(Duration.zero.roundedUpMilliseconds == 0)
    }

    @Test func pausesBetweenConnectionsDoubleUpToTen() {
        var backoff = Backoff()
        let pauses = (0..<8).map { _ in backoff.next(random: 0) }
        #expect(pauses.prefix(3) == [.milliseconds(250), .milliseconds(500), .seconds(1)])
        #expect(pauses.last == .seconds(10))
        #expect(backoff.next(random: 1) == .seconds(5))
        backoff.reset()
        #expect(backoff.next(random: 0) == .milliseconds(250))
    }
}
