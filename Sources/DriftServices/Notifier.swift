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

    package func run() async {
        // A message in hand is finished first.
        let loop = Loop(every: settings.pollEvery, wake: wake, clock: clock, logger: logger)
        await loop.runUntilShutdown { .after(try await sendNext()) }
        try? await store.release(settings.destination, by: settings.notifierID)
    }

    /// Sends one message if one is due, and returns how long to wait before the next look.
    package func sendNext() async throws -> Duration {
        let claim = try await store.claim(
            settings.destination, for: settings.notifierID, fingerprint: settings.fingerprint, lease: settings.lease)
        switch claim {
        case .held: return settings.pollEvery
        case .idle(let wait): return min(wait ?? settings.pollEvery, settings.pollEvery)
        case .message(let message):
            let facts = Result { try NotificationFacts(json: Array(message.payload.utf8)) }
            let result = await deliver(message, facts)
            let said = Self.said(of: message, try? facts.get())
            log(result.decision, said)
            try await settle(message, as: result, said)
            return .zero
        }
    }

    /// Stores the result of a message, and retries until that works: claiming before would send the message again.
    private func settle(
        _ message: OutboxStore.Message, as result: OutboxStore.Result, _ said: Logger.Metadata
    ) async throws {
        try await insist(wake: wake, clock: clock) {
            try await store.settle(message, as: result)
        } whileHopeful: { error in
            guard let error = error as? DatabaseError, error.sqlState != .leaseLost, !Task.isShuttingDownGracefully
            else { return false }
            logger.warning(
                "the result of a notification could not be stored yet",
                metadata: said.merging(["error": "\(error)"]) { $1 })
            return true
        }
    }

    private func deliver(
        _ message: OutboxStore.Message, _ known: Result<NotificationFacts, any Error>
    ) async -> OutboxStore.Result {
        let history = DeliveryHistory(
            rowAttempt: message.attempt, destinationAttempt: message.destinationFailures + 1,
            doubtfulAttempt: message.doubtfulAttempts, triedPlain: message.isPlain, age: message.age)
        if let decision = policy.decideUnsent(history) { return .init(decision) }
        var facts: NotificationFacts
        do {
            facts = try known.get()
        } catch let newer as NotificationFacts.NewerVersion {
            return .init(.setAside(policy.asideInterval, reason: "\(newer)"))
        } catch {
            return .init(.drop(reason: "the payload cannot be read"))
        }
        facts.openingUndelivered = message.openingUndelivered ? true : nil
        let began = ContinuousClock.now
        let reply = await sender.send(
            OutboundNotification(
                outboxID: message.outboxID, facts: facts, form: message.isPlain ? .plain : .rich,
                isRepeat: history.doubtfulAttempt > 1))
        let took = began.duration(to: .now)
        let decision = policy.decide(reply, history, random: Double.random(in: 0..<1))
        Telemetry.sent(decision, in: took)
        return OutboxStore.Result(decision, isInDoubt: reply.leavesDoubt, replyTime: reply.isReply ? took : nil)
    }

    /// What every line of the log about a message says.
    private static func said(of message: OutboxStore.Message, _ facts: NotificationFacts?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["outbox.id": "\(message.outboxID)", "outbox.attempt": "\(message.attempt)"]
        if let facts {
            metadata["alert.id"] = "\(facts.alertID)"
            metadata["server.id"] = "\(facts.serverID)"
            metadata["pack.name"] = "\(facts.packName)"
        }
        return metadata
    }

    private func log(_ decision: DeliveryDecision, _ metadata: Logger.Metadata) {
        switch decision {
        case .markSent:
            logger.info("notification sent", metadata: metadata)
        case .dead, .drop, .giveUp, .pauseDestination:
            logger.error("notification refused", metadata: metadata.merging(["decision": "\(decision)"]) { $1 })
        case .waitDestination, .retryPlain, .setAside, .backOffDestination, .backOffRow, .repeatLater:
            logger.warning("notification not sent yet", metadata: metadata.merging(["decision": "\(decision)"]) { $1 })
        }
    }
}

/// How a notifier is set up.
package struct NotifierSettings: Sendable {
    package var destination: String = "default"
    /// `host:pid:start`, unique for ever.
    package var notifierID: String
    /// Of the secret with which it sends, as it was announced: another one that is announced ends its turn.
    package var fingerprint: String?
    /// Longer than any sending takes.
    package var lease: Duration = .seconds(30)
    package var pollEvery: Duration = .seconds(1)

    package init(notifierID: String, fingerprint: String? = nil) {
        self.notifierID = notifierID
        self.fingerprint = fingerprint
    }
}
