package import DriftCore
import DriftStore
import Foundation
package import Logging
package import Postgres
package import Runtime
import ServiceLifecycle

/// Sends the outbox to one destination, in order per alert, at the destination's pace.
///
/// The destination is leased: one notifier sends, and the others wait to take over. A message counts as sent only once the
/// database says so. If the reply or the write is lost, the message is sent again with the same id.
package struct Notifier: Service {
    private let store: OutboxStore
    private let sender: any NotificationSender
    private let settings: NotifierSettings
    private let policy = DeliveryPolicy()
    private let wake: WakeSignal
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        database: Database, sender: any NotificationSender, settings: NotifierSettings,
        wake: WakeSignal = WakeSignal(), clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        store = OutboxStore(database)
        self.sender = sender
        self.settings = settings
        self.wake = wake
        self.clock = clock
        self.logger = logger
    }

    package func run() async { await run { false } }

    /// Runs until the service is asked to stop, or `isOver`, which is asked before each message.
    func run(until isOver: () -> Bool) async {
        // A message in hand is finished first.
        let loop = Loop(every: settings.pollEvery, wake: wake, clock: clock, logger: logger)
        await loop.runUntilShutdown { isOver() ? .never : .after(try await sendNext()) }
        try? await store.release(settings.destination, by: settings.notifierID)
    }

    /// Sends one message if one is due, and returns how long to wait before the next look.
    package func sendNext() async throws -> Duration {
        let claim = try await store.claim(
            settings.destination, for: settings.notifierID, fingerprint: settings.fingerprint, lease: settings.lease)
        switch claim {
        case .held: return settings.pollEvery
        case .idle(let wait): return min(wait ?? settings.pollEvery, settings.pollEvery)
        case .delivery(let delivery):
            try await send(delivery)
            return .zero
        }
    }

    /// Sends what can be read as one message, and settles the rest first: it must not hold up what it would go with.
    private func send(_ delivery: OutboxStore.Delivery) async throws {
        let history = DeliveryHistory(
            rowAttempt: delivery.attempt, destinationAttempt: delivery.destinationFailures + 1,
            doubtfulAttempt: delivery.doubtfulAttempts, triedPlain: delivery.isPlain, age: delivery.age)
        if let decision = policy.decideUnsent(history) {
            return try await settle(
                delivery, as: .init(decision), about: delivery.rows.compactMap { try? Self.part($0) })
        }
        var parts: [OutboundNotification.Part] = []
        for row in delivery.rows {
            let decision: DeliveryDecision
            do {
                parts.append(try Self.part(row))
                continue
            } catch let newer as NotificationFacts.NewerVersion {
                decision = .setAside(policy.asideInterval, reason: "\(newer)")
            } catch {
                decision = .drop(reason: "the payload cannot be read")
            }
            try await settle(delivery.of([row]), as: .init(decision), about: [])
        }
        guard let first = parts.first else { return }
        let message = OutboundNotification(
            first, Array(parts.dropFirst()), form: delivery.isPlain ? .plain : .rich,
            isRepeat: history.doubtfulAttempt > 1, messageID: delivery.messageID, threadID: delivery.threadID)
        let began = ContinuousClock.now
        let reply = await sender.send(message)
        let took = began.duration(to: .now)
        let decision = policy.decide(reply, history, random: Double.random(in: 0..<1))
        Telemetry.sent(decision, in: took)
        let read = Set(parts.map(\.outboxID))
        try await settle(
            delivery.of(delivery.rows.filter { read.contains($0.outboxID) }),
            as: .init(decision, isInDoubt: reply.leavesDoubt, replyTime: reply.isReply ? took : nil), about: parts)
    }

    private static func part(_ row: OutboxStore.Delivery.Row) throws -> OutboundNotification.Part {
        var facts = try NotificationFacts(json: Array(row.payload.utf8))
        facts.openingUndelivered = row.openingUndelivered ? true : nil
        return OutboundNotification.Part(outboxID: row.outboxID, facts: facts, parent: row.parent)
    }

    /// Stores and logs a result, and retries until that works: claiming before would send the message again.
    private func settle(
        _ delivery: OutboxStore.Delivery, as result: OutboxStore.Result, about parts: [OutboundNotification.Part]
    ) async throws {
        let facts = Dictionary(parts.map { ($0.outboxID, $0.facts) }, uniquingKeysWith: { first, _ in first })
        let lines = delivery.rows.map { Self.said(of: $0.outboxID, delivery.attempt, facts[$0.outboxID]) }
        for line in lines { log(result.decision, line) }
        try await insist(wake: wake, clock: clock) {
            try await store.settle(delivery, as: result)
        } whileHopeful: { error in
            guard let error = error as? DatabaseError, error.sqlState != .leaseLost, !Task.isShuttingDownGracefully
            else { return false }
            logger.warning(
                "the result of a notification could not be stored yet",
                metadata: (lines.first ?? [:]).merging(["error": "\(error)"]) { $1 })
            return true
        }
    }

    /// What every line of the log about a notification says.
    private static func said(of outboxID: Int64, _ attempt: Int, _ facts: NotificationFacts?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["outbox.id": "\(outboxID)", "outbox.attempt": "\(attempt)"]
        if let facts {
            metadata["alert.id"] = "\(facts.alertID)"
            metadata["server.id"] = "\(facts.serverID)"
            metadata["pack.name"] = facts.packName.map { "\($0)" }
        }
        return metadata
    }

    private func log(_ decision: DeliveryDecision, _ metadata: Logger.Metadata) {
        switch decision {
        case .markSent:
            logger.info("notification sent", metadata: metadata)
        case .fold:
            logger.info("notification not needed", metadata: metadata.merging(["decision": "\(decision)"]) { $1 })
        case .dead, .drop, .giveUp, .pauseDestination:
            logger.error("notification refused", metadata: metadata.merging(["decision": "\(decision)"]) { $1 })
        case .waitDestination, .retryPlain, .setAside, .backOffDestination, .backOffRow, .repeatLater:
            logger.warning("notification not sent yet", metadata: metadata.merging(["decision": "\(decision)"]) { $1 })
        }
    }
}

/// How a notifier is set up.
package struct NotifierSettings: Sendable {
    package var destination: String
    /// `host:pid:start`, unique for ever.
    package var notifierID: String
    /// Of the secret with which it sends, as it was announced: another one that is announced ends its turn.
    package var fingerprint: String?
    /// Longer than any sending takes.
    package var lease: Duration = .seconds(30)
    package var pollEvery: Duration = .seconds(1)

    package init(destination: String = "default", notifierID: String, fingerprint: String? = nil) {
        self.destination = destination
        self.notifierID = notifierID
        self.fingerprint = fingerprint
    }
}
