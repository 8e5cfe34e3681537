package import DriftCore
package import Foundation
package import Postgres

/// The notifier's verbs (`sql/functions/f30_outbox.sql`).
package struct OutboxStore: Sendable {
    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// What a claim of a destination came to.
    package enum Claim: Sendable {
        /// Another notifier holds it, or another secret was announced since.
        case held
        /// Nothing to send now; what is known of when there will be.
        case idle(wait: Duration?)
        case delivery(Delivery)
    }

    /// The message that is to be sent now: one row of the outbox or several, which share their attempts.
    package struct Delivery: Sendable {
        package struct Row: Sendable {
            package var outboxID: Int64
            package var payload: String
            package var openingUndelivered: Bool
            /// The message that shows its alert at the destination.
            package var parent: ParentMessage?
        }

        /// In order of writing; never empty.
        package var rows: [Row]
        /// Of this one claim.
        package var lease: UUID
        /// Globally unique; a repetition has the same.
        package var messageID: String
        /// The first message about the alert of the first row to this destination.
        package var threadID: String?
        package var isPlain: Bool
        /// Counts from 1; only what spent an attempt.
        package var attempt: Int
        /// Of the oldest row.
        package var age: Duration
        /// Attempts whose outcome is not known, this one included.
        package var doubtfulAttempts: Int
        /// How often in a row the destination could not be reached, or did not reply, before.
        package var destinationFailures: Int

        /// The same claim of some of its rows.
        package func of(_ rows: [Row]) -> Self {
            var part = self
            part.rows = rows
            return part
        }
    }

    /// Takes the destination for `lease`, and its next message if one is due.
    ///
    /// A message that `notifier` claimed before and did not settle is due again.
    ///
    /// - Throws: `DatabaseError`
    package func claim(
        _ destination: String, for notifier: String, fingerprint: String?, lease: Duration
    ) async throws -> Claim {
        let rows = try await database.rows(
            """
            select c.lease_token, c.wait, c.outbox_id, c.payload::text, c.plain, c.attempt, c.age, c.doubtful_attempts,
                   c.failures, c.opening_undelivered, to_jsonb(p), c.message_id::text, c.thread_id::text
            from driftwatch.claim_outbox(\(destination), \(notifier), \(fingerprint), \(lease)) c
            left join lateral driftwatch.parent_of(c.outbox_id) p on true
            """,
            as: (
                UUID, Duration?, Int64?, String?, Bool?, Int?, Duration?, Int?, Int, Bool?, JSON<ParentMessage>?,
                String?,
                String?
            ).self)
        guard let (lease, wait, _, _, isPlain, attempt, age, doubtful, failures, _, _, messageID, threadID) = rows.first
        else {
            return .held
        }
        guard let isPlain, let attempt, let age, let doubtful, let messageID else { return .idle(wait: wait) }
        let claimed = rows.compactMap { _, _, id, payload, _, _, _, _, _, undelivered, parent, _, _ in
            id.flatMap { id in
                payload.map {
                    Delivery.Row(
                        outboxID: id, payload: $0, openingUndelivered: undelivered ?? false, parent: parent?.value)
                }
            }
        }
        return .delivery(
            Delivery(
                rows: claimed, lease: lease, messageID: messageID, threadID: threadID, isPlain: isPlain,
                attempt: attempt,
                age: rows.compactMap(\.6).max() ?? age, doubtfulAttempts: doubtful, destinationFailures: failures))
    }

    /// What an attempt came to.
    package struct Result: Sendable {
        package var decision: DeliveryDecision
        /// The message may have been delivered without our knowing.
        package var isInDoubt: Bool
        /// How long the reply took; nil without one.
        package var replyTime: Duration?

        package init(_ decision: DeliveryDecision, isInDoubt: Bool = false, replyTime: Duration? = nil) {
            self.decision = decision
            self.isInDoubt = isInDoubt
            self.replyTime = replyTime
        }
    }

    /// Stores what an attempt came to, for all rows together.
    ///
    /// Cancelling the task does not cancel it: that a message was sent must be stored. It may be repeated if it is not known
    /// whether it worked.
    ///
    /// - Throws: `DatabaseError`, with `.leaseLost` where the message was claimed again by now.
    package func settle(_ delivery: Delivery, as result: Result) async throws {
        let (outcome, wait, remoteID, error) = Self.words(for: result.decision)
        var parent: ParentMessage?
        var rest = Duration.zero
        switch result.decision {
        case .markSent(_, let posted, let pause): (parent, rest) = (posted, pause)
        case .repeatLater(_, let pause, _), .giveUp(let pause, _): rest = pause
        default: break
        }
        _ = try await database.execute(
            """
            select driftwatch.settle_outbox(
                \(delivery.rows.map(\.outboxID)), \(delivery.lease), \(outcome), \(wait), \(remoteID), \(error), \(rest),
                \(result.isInDoubt), \(result.replyTime), \(parent.map(JSON.init)))
            """,
            cancellation: .shielded)
    }

    /// Releases the destination if `notifier` holds it; messages that it has not settled become pending again.
    ///
    /// - Throws: `DatabaseError`
    package func release(_ destination: String, by notifier: String) async throws {
        _ = try await database.execute(
            "select driftwatch.release_destination(\(destination), \(notifier))", cancellation: .shielded)
    }

    private static func words(for decision: DeliveryDecision) -> (String, Duration, String?, String?) {
        switch decision {
        case .markSent(let remoteID, _, _): ("sent", .zero, remoteID, nil)
        case .fold(let reason): ("folded", .zero, nil, reason)
        case .retryPlain(let reason): ("plain", .zero, nil, reason)
        case .dead(let reason), .giveUp(_, let reason): ("dead", .zero, nil, reason)
        case .drop(let reason): ("dropped", .zero, nil, reason)
        case .setAside(let wait, let reason): ("aside", wait, nil, reason)
        case .backOffRow(let wait, let reason), .repeatLater(let wait, _, let reason): ("later", wait, nil, reason)
        case .waitDestination(let wait): ("paced", wait, nil, "asked to wait \(wait)")
        case .backOffDestination(let wait, let reason): ("away", wait, nil, reason)
        case .pauseDestination(let reason, let probeAfter): ("paused", probeAfter, nil, reason)
        }
    }
}
