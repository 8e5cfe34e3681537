import DriftCore
import Remote
import TestSupport
import Testing

/// Our logins against a model of what sshd does to those whose logins fail.
@Suite struct LoginPacingTests {
    @Test(arguments: [1, 3, 25]) func aMonthOfBadLoginsIsNeverPenalized(servers: Int) {
        var simulation = Simulation(servers: servers, paces: true)
        simulation.run(days: 30)
        #expect(simulation.refusals == 0)
        #expect(simulation.penalties == 0, "nor is anybody else who comes from here")
        #expect(simulation.failures > 30, "or nothing was tried")
        #expect(simulation.unfinished == 0, "each job of each day ends before the next day's")
    }

    /// The model can tell: the same month without pacing.
    @Test func withoutPacingItWouldBe() {
        var simulation = Simulation(servers: 25, paces: false)
        simulation.run(days: 30)
        #expect(simulation.refusals > 0)
    }

    @Test func anAddressThatLetsUsInTakesAllItsPlaces() {
        var pacing = LoginPacing(limit: 8)
        #expect(pacing.begin(at: .zero) == .begin)
        #expect(pacing.end(with: nil, at: .seconds(1)) == nil)
        for _ in 0..<8 { #expect(pacing.begin(at: .seconds(1)) == .begin) }
        #expect(pacing.begin(at: .seconds(1)) == .full)
    }

    @Test func aRefusalIsWaitedOutAndThenToldOf() throws {
        var pacing = LoginPacing(limit: 8)
        var now = Duration.zero
        for _ in 0..<2 {
            #expect(pacing.begin(at: now) == .begin)
            let failure = pacing.end(with: ProbeFailure(.loginPenalized), at: now)
            let wait = try #require(failure?.retryAfter)
            #expect(wait > .seconds(600), "longer than the longest penalty")
            #expect(pacing.begin(at: now + .seconds(1)) == .rest(wait - .seconds(1)))
            now += wait
        }
        #expect(pacing.begin(at: now) == .begin)
        let failure = pacing.end(with: ProbeFailure(.loginPenalized), at: now)
        #expect(failure?.reason == .loginPenalized)
        #expect(failure?.retryAfter == nil, "by now it is the result")
    }
}

/// sshd's account of one source address, with the defaults of `PerSourcePenalties`.
private struct PenalizingServer {
    private var expiry = 0
    private var isActive = false

    mutating func accepts(at now: Duration) -> Bool {
        settle(at: now)
        return !isActive
    }

    mutating func penalize(_ seconds: Int, at now: Duration) {
        settle(at: now)
        let second = Int(now.components.seconds)
        expiry = min(max(expiry, second) + seconds, second + 600)
        if expiry - second >= 15 { isActive = true }
    }

    private mutating func settle(at now: Duration) {
        if expiry <= Int(now.components.seconds) { (expiry, isActive) = (0, false) }
    }
}

/// A fleet behind one address, by events in the order of their times.
private struct Simulation {
    private enum Event {
        case due(job: Int, attempt: Int)
        case ends(job: Int, attempt: Int, ProbeFailure?, penalty: Int)
        case penalty(Int)
    }

    let servers: Int
    let paces: Bool
    private(set) var refusals = 0
    /// How often the server began to refuse us, but for crashes and a key that is taken away while many log in.
    private(set) var penalties = 0
    private(set) var failures = 0
    private(set) var unfinished = 0
    private var server = PenalizingServer()
    private var pacing = LoginPacing(limit: 8)
    private var random = SeededGenerator(seed: 13)
    private var events: [(at: Duration, order: Int, event: Event)] = []
    private var order = 0
    /// What goes wrong today.
    private var weather = 0

    init(servers: Int, paces: Bool) {
        self.servers = servers
        self.paces = paces
    }

    mutating func run(days: Int) {
        for day in 0..<days {
            weather = day % 6
            let start = Duration.seconds(day * 86_400)
            for job in 0..<servers { add(.due(job: job, attempt: 1), at: start) }
            // Somebody who tries it again and again by hand.
            for job in 0..<20 { add(.due(job: servers + job, attempt: 1), at: start + .seconds(7200 + job * 2)) }
            while let (now, event) = next() {
                guard now < start + .seconds(86_000) else {
                    unfinished += 1
                    continue
                }
                handle(event, at: now)
            }
        }
    }

    private mutating func handle(_ event: Event, at now: Duration) {
        switch event {
        case .penalty(let seconds):
            let wasActive = !server.accepts(at: now)
            server.penalize(seconds, at: now)
            if weather < 4, !wasActive, !server.accepts(at: now) { penalties += 1 }
        case .due(let job, let attempt):
            if paces {
                switch pacing.begin(at: now) {
                case .begin: break
                case .full: return add(.due(job: job, attempt: attempt), at: now + time(1...3))
                case .rest(let rest): return add(.due(job: job, attempt: attempt), at: now + rest + time(0...2))
                }
            }
            guard server.accepts(at: now) else {
                refusals += 1
                let failure = ProbeFailure(.loginPenalized)
                return add(.ends(job: job, attempt: attempt, failure, penalty: 0), at: now)
            }
            let (reason, penalty) = outcome()
            add(
                .ends(job: job, attempt: attempt, reason.map { ProbeFailure($0) }, penalty: penalty),
                at: now + time(0...10))
        case .ends(let job, let attempt, let failure, let penalty):
            // ssh goes, then sshd counts, but after a crash.
            if failure?.reason == .loginDropped {
                server.penalize(penalty, at: now)
            } else if penalty > 0 {
                add(.penalty(penalty), at: now + time(0...1) / 20)
            }
            let told = paces ? pacing.end(with: failure, at: now) : failure
            guard let told else { return }
            failures += 1
            if let wait = told.retryAfter {
                add(.due(job: job, attempt: attempt), at: now + wait)
            } else if told.isTransient, attempt < 3 {
                add(.due(job: job, attempt: attempt + 1), at: now + time(5...60))
            }
        }
    }

    /// How a login ends in today's weather, and what sshd adds for it.
    private mutating func outcome() -> (ProbeFailure.Reason?, penalty: Int) {
        let chance = Int.random(in: 0..<100, using: &random)
        return switch weather {
        case 1: (.authenticationRefused, 5)
        case 2: (.hostKeyUnknown, 1)
        // Our patience ends long before sshd's LoginGraceTime of 120 s.
        case 3: chance < 50 ? (.loginTimeout, chance < 25 ? 5 : 1) : (.accountRefused, 5)
        case 4: chance < 10 ? (.loginDropped, 90) : (nil, 0)
        // The key is taken away in the middle of it.
        case 5: chance < 30 ? (.authenticationRefused, 5) : (nil, 0)
        default: (nil, 0)
        }
    }

    private mutating func time(_ seconds: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: seconds.lowerBound * 1000...seconds.upperBound * 1000, using: &random))
    }

    private mutating func add(_ event: Event, at time: Duration) {
        order += 1
        events.append((time, order, event))
    }

    private mutating func next() -> (Duration, Event)? {
        guard
            let index = events.indices.min(by: { (events[$0].at, events[$0].order) < (events[$1].at, events[$1].order) }
            )
        else { return nil }
        let found = events.remove(at: index)
        return (found.at, found.event)
    }
}
