import Logging
import Runtime
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

/// The loop that all long-running parts share.
@Suite(.timeLimit(.minutes(1)))
struct LoopTests {
    private struct Fault: Error {}

    @Test
    func itWaitsLongerAfterEachFaultAndAsUsualOnceARoundWorks() async throws {
        let clock = ManualClock()
        let rounds = Mutex(0)
        let loop = Loop(every: .seconds(1000), clock: clock, logger: .quiet)
        let running = Task {
            await loop.run {
                let round = rounds.withLock { rounds in
                    rounds += 1
                    return rounds
                }
                if round <= 3 { throw Fault() }
            }
        }
        for (least, most) in [(125, 250), (250, 500), (500, 1000), (800_000, 1_200_000)] {
            let wait = try await clock.nextSleep()
            #expect(wait >= .milliseconds(least) && wait <= .milliseconds(most), "\(wait)")
            clock.advance(by: wait)
        }
        running.cancel()
        await running.value
    }

    @Test
    func thePreparationIsRepeatedUntilItWorksAndThenNeverAgain() async throws {
        let clock = ManualClock()
        let seen = Mutex<[String]>([])
        let loop = Loop(every: .seconds(1), clock: clock, logger: .quiet)
        let running = Task {
            await loop.run {
                let attempts = seen.withLock { seen in
                    seen.append("prepare")
                    return seen.count
                }
                if attempts == 1 { throw Fault() }
            } _: {
                seen.withLock { $0.append("round") }
            }
        }
        for _ in 0..<3 { clock.advance(by: try await clock.nextSleep()) }
        _ = try await clock.nextSleep()
        running.cancel()
        await running.value
        #expect(seen.withLock(\.self) == ["prepare", "prepare", "round", "round", "round"])
    }

    @Test
    func aRoundThatAsksForTheNextOneAtOnceIsNotFollowedByAWait() async throws {
        let clock = ManualClock()
        let rounds = Mutex(0)
        let running = Task {
            await Loop(every: .seconds(1), clock: clock, logger: .quiet).rounds {
                rounds.withLock { rounds in
                    rounds += 1
                    return rounds < 5 ? .atOnce : .after(.seconds(7))
                }
            }
        }
        #expect(try await clock.nextSleep() == .seconds(7))
        #expect(rounds.withLock(\.self) == 5)
        running.cancel()
        await running.value
    }

    @Test
    func aRoundMayEndTheLoop() async {
        var rounds = 0
        await Loop(every: .seconds(1), clock: ManualClock(), logger: .quiet).rounds {
            rounds += 1
            return rounds < 3 ? .atOnce : .never
        }
        #expect(rounds == 3)
    }

    @Test
    func aRequestToStopWaitsForTheRoundAndEndsTheLoop() async throws {
        struct Part: Service {
            let begun: AsyncStream<Void>.Continuation
            let finish: AsyncStream<Void>
            let rounds: Recorder

            func run() async {
                await Loop(every: .seconds(1), logger: .quiet).runUntilShutdown {
                    begun.finish()
                    try await gracefulShutdown()
                    for await _ in finish {}
                    rounds.values.withLock { $0.append(Task.isCancelled ? "cancelled" : "finished") }
                    return .atOnce
                }
            }
        }
        let rounds = Recorder()
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (finished, finish) = AsyncStream<Void>.makeStream()
        let part = Part(begun: begin, finish: finished, rounds: rounds)
        let group = ServiceGroup(services: [part], logger: .quiet)
        async let run: Void = group.run()
        for await _ in begun {}
        await group.triggerGracefulShutdown()
        finish.finish()
        try await run
        #expect(rounds.values.withLock(\.self) == ["finished"])
    }

    @Test
    func insistingEndsWithTheFirstErrorThatIsNotHopeful() async throws {
        let clock = ManualClock()
        let attempts = Mutex(0)
        let insisting = Task {
            try await insist(clock: clock) {
                throw attempts.withLock { attempts in
                    attempts += 1
                    return attempts < 3 ? Fault() as any Error : CancellationError()
                }
            } whileHopeful: {
                $0 is Fault
            }
        }
        for _ in 0..<2 { clock.advance(by: try await clock.nextSleep()) }
        await #expect(throws: CancellationError.self) { try await insisting.value }
        #expect(attempts.withLock(\.self) == 3)
    }

    private final class Recorder: Sendable {
        let values = Mutex<[String]>([])
    }
}
