import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ManualClockTests {
    let clock = ManualClock()

    @Test func timeStandsStillUntilItIsMoved() {
        let start = clock.now
        #expect(clock.now == start)
        clock.advance(by: .seconds(90))
        #expect(clock.now == start.advanced(by: .seconds(90)))
    }

    @Test func durationsBetweenInstantsHaveTheirSign() {
        let start = clock.now
        let later = start.advanced(by: .seconds(5))
        #expect(start < later)
        #expect(start.duration(to: later) == .seconds(5))
        #expect(later.duration(to: start) == .seconds(-5))
    }

    @Test func aSleepEndsWhenItsDeadlineIsReachedAndNoSooner() async throws {
        let awake = Mutex(false)
        async let sleeping: Void = {
            try await clock.sleep(for: .seconds(10))
            awake.withLock { $0 = true }
        }()
        #expect(try await clock.nextSleep() == .seconds(10))
        clock.advance(by: .milliseconds(9_999))
        #expect(clock.sleeperCount == 1)
        #expect(awake.withLock { $0 } == false)
        clock.advance(by: .milliseconds(1))
        try await sleeping
        #expect(clock.sleeperCount == 0)
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func aSleepThatIsAlreadyOverDoesNotWait(_ duration: Duration) async throws {
        try await clock.sleep(for: duration)
        #expect(clock.sleeperCount == 0)
    }

    @Test func itServesCodeThatKnowsOnlySomeClock() async throws {
        let some: any Clock<Duration> = clock
        async let sleeping: Void = some.sleep(for: .seconds(1))
        _ = try await clock.nextSleep()
        clock.advance(by: .seconds(1))
        try await sleeping
    }

    @Test func aSleepIsToldOnceAndInTheOrderTheyBegan() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { [clock] in try await clock.sleep(for: .seconds(30)) }
            #expect(try await clock.nextSleep() == .seconds(30))
            clock.advance(by: .seconds(10))
            group.addTask { [clock] in try await clock.sleep(for: .seconds(5)) }
            #expect(try await clock.nextSleep() == .seconds(5))
            clock.advance(by: .seconds(20))
            try await group.waitForAll()
        }
    }

    @Test func whatIsToldLateIsHowLongTheSleepWasMeantToBe() async throws {
        let first = Task { [clock] in try await clock.sleep(for: .seconds(30)) }
        #expect(try await clock.nextSleep() == .seconds(30))
        let second = Task { [clock] in try await clock.sleep(for: .seconds(40)) }
        while clock.sleeperCount < 2 { await Task.yield() }
        clock.advance(by: .seconds(15))
        #expect(try await clock.nextSleep() == .seconds(40))
        clock.advance(by: .seconds(25))
        try await first.value
        try await second.value
    }

    @Test func severalTestsMayWaitForSleeps() async throws {
        let told = try await withThrowingTaskGroup(of: Duration.self) { group in
            for _ in 1...2 { group.addTask { [clock] in try await clock.nextSleep() } }
            let sleeps = [1, 2].map { seconds in
                Task { [clock] in try await clock.sleep(for: .seconds(seconds)) }
            }
            var told: Set<Duration> = []
            for try await duration in group { told.insert(duration) }
            for sleep in sleeps { try await advancing(until: sleep).get() }
            return told
        }
        #expect(told == [.seconds(1), .seconds(2)])
    }

    @Test func sleepersWakeTogetherWhenTheTimeJumps() async throws {
        try await withThrowingTaskGroup { group in
            for seconds in 1...50 {
                group.addTask { [clock] in try await clock.sleep(for: .seconds(seconds)) }
                _ = try await clock.nextSleep()
            }
            clock.advance(by: .seconds(49))
            #expect(clock.sleeperCount == 1)
            clock.advance(by: .seconds(1))
            try await group.waitForAll()
        }
        #expect(clock.now == ManualClock.Instant(offset: .seconds(50)))
    }

    @Test func cancellingEndsASleep() async throws {
        let sleeping = Task { [clock] in try await clock.sleep(for: .seconds(10)) }
        _ = try await clock.nextSleep()
        sleeping.cancel()
        #expect(clock.sleeperCount == 0)
        clock.advance(by: .seconds(10))
        await #expect(throws: CancellationError.self) { try await sleeping.value }
    }

    @Test func aCancelledTaskDoesNotFallAsleep() async {
        let gate = AsyncStream.makeStream(of: Never.self)
        let sleeping = Task { [clock] in
            for await _ in gate.stream {}
            try await clock.sleep(for: .seconds(10))
        }
        sleeping.cancel()
        await #expect(throws: CancellationError.self) { try await advancing(until: sleeping).get() }
    }

    @Test func aSleepThatIsOverIsNotTold() async throws {
        let cancelled = Task { [clock] in try await clock.sleep(for: .seconds(10)) }
        while clock.sleeperCount == 0 { await Task.yield() }
        cancelled.cancel()
        let lasting = Task { [clock] in try await clock.sleep(for: .seconds(20)) }
        #expect(try await clock.nextSleep() == .seconds(20))
        try await advancing(until: lasting).get()
        _ = await advancing(until: cancelled)
    }

    @Test func cancellingEndsTheWaitForASleep() async {
        let waiting = Task { [clock] in try await clock.nextSleep() }
        while clock.watcherCount == 0 { await Task.yield() }
        waiting.cancel()
        let sleeping = Task { [clock] in try await clock.sleep(for: .seconds(10)) }
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(clock.watcherCount == 0)
        _ = await advancing(until: sleeping)
    }

    @Test func aCancelledTaskDoesNotWaitForASleep() async {
        let gate = AsyncStream.makeStream(of: Never.self)
        let waiting = Task { [clock] in
            for await _ in gate.stream {}
            return try await clock.nextSleep()
        }
        waiting.cancel()
        let sleeping = Task { [clock] in try await clock.sleep(for: .seconds(10)) }
        await #expect(throws: CancellationError.self) { try await waiting.value }
        _ = await advancing(until: sleeping)
    }

    @Test func cancellingAndAdvancingAtTheSameTimeWakesEverySleeperOnce() async throws {
        for _ in 1...500 {
            let sleeping = Task { [clock] in try await clock.sleep(for: .seconds(1)) }
            async let cancelling: Void = sleeping.cancel()
            clock.advance(by: .seconds(1))
            await cancelling
            _ = await advancing(until: sleeping)
        }
        #expect(clock.sleeperCount == 0)
    }

    /// Moves the time until the task ends, so that a clock at fault makes a test fail and not hang.
    private func advancing(until task: Task<Void, any Error>) async -> Result<Void, any Error> {
        let isOver = Atomic(false)
        async let result = {
            defer { isOver.store(true, ordering: .releasing) }
            return await task.result
        }()
        while !isOver.load(ordering: .acquiring) {
            clock.advance(by: .seconds(1))
            await Task.yield()
        }
        return await result
    }
}
