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
    /// How long a row waits that may have been delivered: after the first such attempt, after the second.
    ///
    /// After one more it is dead, so that nobody gets a message more often than this.
    package var repeatWaits: [Duration] = [.seconds(60), .seconds(15 * 60)]
    /// After so many attempts in a row without a reply, of whatever rows, the destination as a whole backs off.
    ///
    /// Otherwise each waiting row would spend its own.
    package var silencesInARow = 3
    /// The longest time between two probes of a destination whose answer is not understood.
    package var longestProbeInterval: Duration = .seconds(3600)

    package init() {}

    private var mostInDoubt: Int { repeatWaits.count + 1 }

    /// Whether a row is to be given up before it is sent: each earlier attempt may have delivered it.
    ///
    /// It is so for a message that each time ended its notifier, and for results that could never be stored.
    package func decideUnsent(_ history: DeliveryHistory) -> DeliveryDecision? {
        guard history.doubtfulAttempt > mostInDoubt else { return nil }
        return .drop(reason: "the result of \(mostInDoubt) attempts is not known; it may have been delivered")
    }

    /// Turns one reply, and what came before it, into what is to be done.
    ///
    /// `random` is drawn by the caller from `0..<1`: it spreads the waits of rows that failed together over the last
    /// quarter of each wait.
    package func decide(_ reply: DeliveryReply, _ history: DeliveryHistory, random: Double) -> DeliveryDecision {
        switch reply {
        case .sent(let remoteID, let parent, let calls):
            .markSent(remoteID: remoteID, parent: parent, rest: .seconds(max(calls, 1)))
        case .notNeeded(let reason):
            .fold(reason: reason)
        case .pace(let duration):
            .waitDestination(min(max(duration, pace.lowerBound), pace.upperBound))
        case .badMessage(let reason):
            history.triedPlain ? .dead(reason: reason) : .retryPlain(reason: reason)
        case .badDestination(let reason):
            .pauseDestination(reason: reason, probeAfter: probeInterval)
        case .notUnderstood(let reason):
            .pauseDestination(
                reason: reason,
                probeAfter: doubled(probeInterval...longestProbeInterval, before: history.doubtfulAttempt))
        case .noReply(let reason):
            decideWithoutReply(reason, history, random)
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

    private func decideWithoutReply(
        _ reason: String, _ history: DeliveryHistory, _ random: Double
    ) -> DeliveryDecision {
        let doubtful = max(history.doubtfulAttempt, 1)
        let silences = history.destinationAttempt - silencesInARow + 1
        let rest = silences < 1 ? .zero : wait(before: silences, random)
        guard doubtful < mostInDoubt else {
            return .giveUp(
                rest: rest, reason: "no reply to \(doubtful) attempts; it may have been delivered: \(reason)")
        }
        return .repeatLater(
            repeatWaits[doubtful - 1], rest: rest, reason: "no reply; it may have been delivered: \(reason)")
    }

    private func wait(before attempt: Int, _ random: Double) -> Duration {
        doubled(backoff, before: attempt) * (0.75 + 0.25 * min(max(random, 0), 1))
    }

    private func doubled(_ range: ClosedRange<Duration>, before attempt: Int) -> Duration {
        var wait = range.lowerBound
        for _ in 0..<(min(max(attempt, 1), 64) - 1) where wait < range.upperBound { wait *= 2 }
        return min(wait, range.upperBound)
    }
}
