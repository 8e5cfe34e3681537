import Dispatch
import DriftCore
import Foundation
import HTTP
import Postgres
import Slack
import Synchronization
import TestSupport
import Testing

@testable import DriftServices

/// Thousands of events, notifiers that are killed, replies that are lost, storms of 429, people who delete messages and
/// pause everything: what a channel shows in the end, held against a model that knows only what happened.
@Suite(.timeLimit(.minutes(5)))
struct ChannelTests {
    private static let servers = 40

    /// Two and a half thousand events each.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func theChannelShowsWhatIsTrueAndNothingIsLost(seed: UInt64) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await Self.prepare(lent.database)
            var generator = SeededGenerator(seed: seed)
            var model = ChannelModel()
            let trouble = Trouble(seed: seed)
            let slack = try SlackWorkspace { trouble.fault(for: $0) }
            let notifiers = Notifiers(lent, slack, trouble)
            for _ in 0..<25 {
                let steps = (0..<100).map { _ in model.next(servers: Self.servers, using: &generator) }
                try await lent.database.executeScript("do $$ begin \(steps.joined(separator: "\n")) end $$")
                try await notifiers.send(atMost: Int.random(in: 50...150, using: &generator))
                if let shown = slack.messages.filter({ $0.thread == nil }).randomElement(using: &generator) {
                    slack.delete(shown.ts)
                }
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    try await lent.database.execute("select driftwatch.resume_destination('default')")
                }
            }
            try await notifiers.send(atMost: .max)
            try await Self.expectAllSettled(lent.database)
            let folded = try await Self.folded(in: lent.database)
            let complaints = model.complaints(about: slack.messages, folded: folded)
            #expect(complaints.isEmpty, "\(complaints.count): \(complaints.prefix(5))")
            let silent = slack.messages.filter { !model.saysWhatHappened($0, folded) }
            #expect(silent.isEmpty, "\(silent.first?.text ?? "")")
            let counts = trouble.counts
            let lost = slack.messages.count { $0.replyWasLost }
            let line =
                "seed \(seed): \(model.events.count) events, \(model.alerts.count) alerts, \(folded.count) folded; "
                + "\(slack.messages.count) posts, "
                + "\(lost) of them repeated after a lost reply; \(notifiers.killed) notifiers killed; faults: \(counts)\n"
            FileHandle.standardOutput.write(Data(line.utf8))
            #expect(
                model.events.count == 2500 && folded.count > 100 && folded.values.max() ?? 0 > 0 && lost > 20
                    && notifiers.killed > 20)
            #expect(counts.count == Trouble.kinds)
        }
    }

    private static func prepare(_ database: Database) async throws {
        try await database.stopClock()
        // Time passes with every look at the clock, so that nothing has to wait.
        try await database.executeScript(
            """
            create sequence driftwatch.test_ticks;
            create or replace function driftwatch.clock() returns timestamptz language sql volatile
            as $$ select stopped_at + shift + nextval('driftwatch.test_ticks') * interval '0.3 s' from driftwatch.test_clock $$;
            """)
        for number in 1...servers { try await database.makeServer("s\(number)") }
    }

    private static func expectAllSettled(_ database: Database) async throws {
        let left = try await database.rows(
            "select outbox_id, state, coalesce(last_error, '') from driftwatch.outbox where state not in ('sent', 'folded')",
            as: (Int64, String, String).self)
        #expect(left.isEmpty, "\(left.prefix(5))")
    }

    private static func folded(in database: Database) async throws -> ChannelModel.Folded {
        let rows = try await database.rows(
            """
            select outbox_id, coalesce(substring(last_error from 'told in message (\\d+)')::integer, 0)
            from driftwatch.outbox where state = 'folded'
            """, as: (Int, Int).self)
        return ChannelModel.Folded(uniqueKeysWithValues: rows)
    }
}

/// One notifier after another; each has its own connections, and loses them when it is killed.
private final class Notifiers {
    private let lent: TestDatabase
    private let slack: SlackWorkspace
    private let trouble: Trouble
    private(set) var killed = 0
    private var database: Database
    private var notifier: Notifier

    init(_ lent: TestDatabase, _ slack: SlackWorkspace, _ trouble: Trouble) {
        (self.lent, self.slack, self.trouble) = (lent, slack, trouble)
        database = lent.anotherDatabase { $0.poolSize = 1 }
        notifier = Self.notifier("n0", database, slack)
    }

    private static func notifier(_ id: String, _ database: Database, _ slack: SlackWorkspace) -> Notifier {
        let sender = SlackSender(
            destination: .bot(token: "xoxb-1", channel: "#ops", api: slack.api), client: HTTPClient(), baseURL: nil)
        return Notifier(
            database: database, sender: sender, settings: NotifierSettings(notifierID: id), logger: .quiet)
    }

    /// Sends until nothing is left, or so often.
    func send(atMost count: Int) async throws {
        var idle = 0
        for _ in 0..<count {
            let wait = try await sendNext()
            guard wait > .zero else {
                idle = 0
                continue
            }
            idle += 1
            if try await lent.database.rows(
                "select not exists (select from driftwatch.outbox where state in ('pending', 'sending'))", as: Bool.self
            )[0] {
                break
            }
            try await lent.database.advanceClock(by: idle > 3 ? .seconds(300) : wait)
        }
    }

    /// What a notifier had in hand when it was killed is neither sent on nor stored.
    private func sendNext() async throws -> Duration {
        let notifier = notifier
        trouble.hide()
        let sending = Task { try await notifier.sendNext() }
        trouble.expose(sending, database)
        do { return try await sending.value } catch {
            guard trouble.hasKilled() else { throw error }
            killed += 1
            database = lent.anotherDatabase { $0.poolSize = 1 }
            self.notifier = Self.notifier("n\(killed)", database, slack)
            return .seconds(31)
        }
    }
}

/// What goes wrong on the way, from a seed.
private final class Trouble: Sendable {
    static let kinds = 9

    private struct State {
        var generator: SeededGenerator
        var counts: [String: Int] = [:]
        /// How many more calls are too fast.
        var storm = 0
        /// Per message: a third attempt in doubt would be its last, and it is refused once at the most.
        var doubts: [Substring: Int] = [:]
        var refused: Set<Substring> = []
        var victim: (Task<Duration, any Error>, Database)?
        var hasKilled = false
    }

    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(generator: SeededGenerator(seed: seed))) }

    var counts: [String: Int] { state.withLock(\.counts) }

    /// Whom to kill, if it comes to that.
    func expose(_ sending: Task<Duration, any Error>, _ database: Database) {
        state.withLock { $0.victim = (sending, database) }
    }

    /// Nobody can be killed until the next one is exposed.
    func hide() { state.withLock { $0.victim = nil } }

    func hasKilled() -> Bool {
        state.withLock { state in
            defer { state.hasKilled = false }
            return state.hasKilled
        }
    }

    func fault(for call: SlackWorkspace.Call) -> SlackWorkspace.Fault {
        let message = call.text.matches(of: #/ · outbox \d+ · /#).last?.0 ?? ""
        let (fault, kills) = state.withLock { Self.draw(for: message, &$0) }
        if kills { kill() }
        return fault
    }

    private static func draw(for message: Substring, _ state: inout State) -> (SlackWorkspace.Fault, kills: Bool) {
        func count(_ kind: String) { state.counts[kind, default: 0] += 1 }
        if state.storm > 0 {
            state.storm -= 1
            count("429")
            return (.pace(seconds: 3), false)
        }
        let isInDoubt = state.doubts[message, default: 0] >= 2
        switch Int.random(in: 0..<1000, using: &state.generator) {
        case 0..<3:
            state.storm = Int.random(in: 5...20, using: &state.generator)
            return (.pace(seconds: 30), false)
        case 3..<33 where !isInDoubt:
            let after = Bool.random(using: &state.generator)
            state.doubts[message, default: 0] += 1
            count("reply lost, \(after ? "done" : "not done")")
            return (.drop(after: after), false)
        case 33..<53 where !isInDoubt:
            let after = Bool.random(using: &state.generator)
            state.doubts[message, default: 0] += 1
            count("killed, \(after ? "done" : "not done")")
            return (.drop(after: after), true)
        case 53..<63:
            count("500")
            return (.status(500), false)
        case 63..<68:
            count("internal_error")
            return (.refuse("internal_error"), false)
        case 68..<71:
            count("account_inactive")
            return (.refuse("account_inactive"), false)
        case 71..<76 where state.refused.insert(message).inserted:
            count("invalid_blocks")
            return (.refuse("invalid_blocks"), false)
        default: return (.none, false)
        }
    }

    /// Takes the notifier's connections away while it waits for a reply; then its work ends.
    private func kill() {
        let isDead = DispatchSemaphore(value: 0)
        Task {
            while true {
                if let (sending, database) = state.withLock(\.victim) {
                    state.withLock { $0.hasKilled = true }
                    await database.close()
                    sending.cancel()
                    break
                }
                await Task.yield()
            }
            isDead.signal()
        }
        isDead.wait()
    }
}
