/// Decides what to do after a destination's reply.
package struct DeliveryPolicy: Hashable, Sendable {
    /// The first and the longest wait; each is twice the one before.
    package var backoff: ClosedRange<Duration> = .seconds(5) ... .seconds(300)
    /// What a destination may ask for with `Retry-After`; more and less are brought to these.
    package var pace: ClosedRange<Duration> = .seconds(1) ... .seconds(24 * 3600)
    /// How long a row that this version cannot read waits for another notifier, as in a rolling upgrade.
    package var asideInterval: Duration = .seconds(60)
    package var probeInterval: Duration = .seconds(15 * 60)
    /// How long a destination with a fault may refuse a row before the row is dead.
    package var patience: Duration = .seconds(24 * 3600)
    /// Attempts that every row gets, however old it is: a row that waited for a paused destination is not dropped at the first
    /// fault.
    package var minimumAttempts = 8

    package init() {}

    /// Turns one reply, and what came before it, into what is to be done.
    ///
    /// `random` is drawn by the caller from `0..<1`: it spreads the waits of rows that failed together over the last
    /// quarter of each wait.
    package func decide(_ reply: DeliveryReply, _ history: DeliveryHistory, random: Double) -> DeliveryDecision {
        switch reply {
        case .sent(let remoteID):
            .markSent(remoteID: remoteID)
        case .pace(let duration):
            .waitDestination(min(max(duration, pace.lowerBound), pace.upperBound))
        case .badMessage(let reason):
            history.triedPlain ? .dead(reason: reason) : .retryPlain(reason: reason)
        case .badDestination(let reason):
            .pauseDestination(reason: reason, probeAfter: probeInterval)
        case .unreachable(let reason):
            .backOffDestination(wait(before: history.destinationAttempt, random), reason: reason)
        case .serverError(let reason):
            if history.age >= patience && history.rowAttempt >= minimumAttempts {
                .dead(reason: reason)
            } else {
                .backOffRow(wait(before: history.rowAttempt, random), reason: reason)
            }
        }
    }

    private func wait(before attempt: Int, _ random: Double) -> Duration {
        var wait = backoff.lowerBound
        for _ in 0..<(min(max(attempt, 1), 64) - 1) where wait < backoff.upperBound { wait *= 2 }
        return min(wait, backoff.upperBound) * (0.75 + 0.25 * min(max(random, 0), 1))
    }
}
