package import Instruments

/// What a worker counts about the queue.
package enum Telemetry {
    private static let claims = Histogram(
        "driftwatch_claim_seconds", seconds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
        help: "How long it took to ask the database for jobs, with or without getting one.")
    private static let claimed = Counter("driftwatch_jobs_claimed_total", help: "Jobs that this process claimed.")
    private static let attempts = Counter(
        "driftwatch_job_attempts_total", by: "outcome",
        ["succeeded", "failed", "cancelled", "retryable", "available", "scheduled", "lost", "unwritten"],
        help: "Attempts that ended here, by the state of the job afterwards; lost: another worker had taken the job.")
    private static let durations = Histogram(
        "driftwatch_job_seconds", seconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
        help: "How long an attempt took, from the claim until its result was stored.")
    private static let settlements = Histogram(
        "driftwatch_settle_seconds", seconds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30],
        help: "How long it took to store the result of an attempt.")
    private static let leasesLost = Counter(
        "driftwatch_leases_lost_total", help: "Attempts whose lease ended before their result was stored.")
    private static let rescues = Counter(
        "driftwatch_jobs_rescued_total", by: "state", ["available", "retryable", "failed", "cancelled"],
        help: "Jobs that this process took back from a lost worker, by the state they went to.")
    private static let inHand = Gauge("driftwatch_worker_jobs_running", help: "Jobs that this process is running.")
    private static let places = Gauge(
        "driftwatch_worker_places", help: "How many jobs this process may run at the same time.")

    package static let instruments: [any Instrument] = [
        places, inHand, claimed, claims, attempts, durations, settlements, leasesLost, rescues,
    ]

    static func started(places total: Int) { places.set(total) }

    static func claimed(_ count: Int, in duration: Duration) {
        claims.record(duration)
        claimed.add(count)
    }

    static func settled(in duration: Duration) { settlements.record(duration) }

    static func ended(_ outcome: String, after duration: Duration) {
        attempts.add(as: outcome)
        durations.record(duration)
        if outcome == "lost" { leasesLost.add() }
    }

    static func rescued(into state: String) { rescues.add(as: state) }

    static func running(_ count: Int) { inHand.set(count) }
}
