/// What to do with an outbox row and its destination after a reply.
///
/// The notifier carries it out in one statement. Reasons are one printable line without secrets.
package enum DeliveryDecision: Hashable, Sendable {
    /// The row is `sent`; the destination rests a second for each call that it took.
    case markSent(remoteID: String?, parent: ParentMessage? = nil, rest: Duration = .seconds(1))
    /// The row is `folded`: nothing had to be sent.
    case fold(reason: String)
    /// The destination waits this long; the row keeps its place and its attempt.
    case waitDestination(Duration)
    /// The same row once more, now as plain text.
    case retryPlain(reason: String)
    /// The row is `dead`; it blocks nothing else.
    case dead(reason: String)
    /// The row is `dead` without having been sent this time; the destination is not affected.
    case drop(reason: String)
    /// The row was not sent. It waits this long for a notifier of a newer version; the destination is not affected.
    case setAside(Duration, reason: String)
    /// The destination is paused and its rows stay pending; one of them probes it after `probeAfter`.
    case pauseDestination(reason: String, probeAfter: Duration)
    /// The destination waits this long; no attempt is spent on the row.
    case backOffDestination(Duration, reason: String)
    /// The row waits this long, with its attempt spent; others go on.
    case backOffRow(Duration, reason: String)
    /// The row waits this long, as it may have been delivered; others go on, the destination after `rest`.
    case repeatLater(Duration, rest: Duration, reason: String)
    /// The row is `dead`, though it may have been delivered; others go on, the destination after `rest`.
    case giveUp(rest: Duration, reason: String)
}

extension DeliveryDecision: CustomStringConvertible {
    /// For logs.
    package var description: String {
        switch self {
        case .markSent: "sent"
        case .fold(let reason): "not sent: \(reason)"
        case .waitDestination(let wait): "the destination asks to wait \(Self.rounded(wait))"
        case .retryPlain(let reason): "sent again as plain text: \(reason)"
        case .dead(let reason), .drop(let reason), .giveUp(_, let reason): "given up: \(reason)"
        case .setAside(let wait, let reason): "set aside for \(Self.rounded(wait)): \(reason)"
        case .pauseDestination(let reason, let probeAfter):
            "destination paused, tried again in \(Self.rounded(probeAfter)): \(reason)"
        case .backOffDestination(let wait, let reason):
            "destination out of reach, next try in \(Self.rounded(wait)): \(reason)"
        case .backOffRow(let wait, let reason): "next try in \(Self.rounded(wait)): \(reason)"
        case .repeatLater(let wait, _, let reason):
            "it may have been delivered, next try in \(Self.rounded(wait)): \(reason)"
        }
    }

    /// Up to whole seconds.
    private static func rounded(_ wait: Duration) -> String {
        let (seconds, rest) = wait.components
        return "\(seconds + (rest > 0 ? 1 : 0)) s"
    }
}

/// What is known of a row and its destination when a reply arrives.
package struct DeliveryHistory: Hashable, Sendable {
    /// How often the row was sent with the attempt spent, this time included: 1 and more.
    package var rowAttempt: Int
    /// How often in a row the destination was out of reach or did not reply, this time included: 1 and more.
    package var destinationAttempt: Int
    /// How often the row may have been delivered without our knowing, this time included: 1 and more.
    package var doubtfulAttempt: Int
    /// This time it was sent as plain text, or an earlier time.
    package var triedPlain: Bool
    /// Since the row was written.
    package var age: Duration

    package init(
        rowAttempt: Int = 1, destinationAttempt: Int = 1, doubtfulAttempt: Int = 1, triedPlain: Bool = false,
        age: Duration = .zero
    ) {
        self.rowAttempt = rowAttempt
        self.destinationAttempt = destinationAttempt
        self.doubtfulAttempt = doubtfulAttempt
        self.triedPlain = triedPlain
        self.age = age
    }
}
