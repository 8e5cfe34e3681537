import DriftCore
package import Instruments

/// What the looks at servers and the sending of messages count about themselves.
package enum Telemetry {
    private static let probes = Histogram(
        "driftwatch_probe_seconds", seconds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60],
        help: "How long it took to look at a server, also where that failed.")
    private static let probeFailures = Counter(
        "driftwatch_probe_failures_total", by: "reason", ProbeFailure.Reason.allCases.map(\.rawValue),
        help: "Looks at servers that did not finish, by reason; a retried look counts each time.")
    private static let verdicts = Counter(
        "driftwatch_checks_total", by: "verdict", Verdict.allCases.filter { $0 != .failed }.map(\.rawValue),
        help: "Comparisons of a server with a pack, by verdict.")
    private static let messages = Counter(
        "driftwatch_messages_total", by: "outcome", DeliveryDecision.labels,
        help: "Attempts to send a message, by outcome.")
    private static let sends = Histogram(
        "driftwatch_send_seconds", seconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
        help: "How long a message's receiver took to answer.")

    /// Of a worker.
    package static let worker: [any Instrument] = [probes, probeFailures, verdicts]
    /// Of a notifier.
    package static let notifier: [any Instrument] = [messages, sends]

    static func probed(in duration: Duration, failure: ProbeFailure.Reason? = nil) {
        probes.record(duration)
        if let failure { probeFailures.add(as: failure.rawValue) }
    }

    static func judged(_ verdict: Verdict) { verdicts.add(as: verdict.rawValue) }

    static func sent(_ decision: DeliveryDecision, in duration: Duration) {
        messages.add(as: decision.label)
        sends.record(duration)
    }
}

extension DeliveryDecision {
    fileprivate static let labels = [
        "sent", "paced", "retried_plain", "dead", "set_aside", "destination_paused", "unreachable", "retried_later",
        "no_reply", "given_up_in_doubt", "folded",
    ]

    fileprivate var label: String {
        switch self {
        case .markSent: "sent"
        case .fold: "folded"
        case .waitDestination: "paced"
        case .retryPlain: "retried_plain"
        case .dead, .drop: "dead"
        case .repeatLater: "no_reply"
        case .giveUp: "given_up_in_doubt"
        case .setAside: "set_aside"
        case .pauseDestination: "destination_paused"
        case .backOffDestination: "unreachable"
        case .backOffRow: "retried_later"
        }
    }
}
