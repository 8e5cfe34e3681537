import Metrics

/// The queue's metrics.
///
/// Labels come from small fixed sets.
///
/// | metric | labels | counts |
/// |---|---|---|
/// | `driftwatch_jobs_claimed_total` | | jobs claimed |
/// | `driftwatch_jobs_ended_total` | `outcome` | attempts ended: the job's new state, `lost` or `unwritten` |
/// | `driftwatch_jobs_rescued_total` | `state` | jobs taken back from lost workers, by the state they went to |
/// | `driftwatch_jobs_running` | | jobs in hand |
/// | `driftwatch_job_duration_seconds` | | from claim to settled |
enum Telemetry {
    static func claimed(_ count: Int) { Counter(label: "driftwatch_jobs_claimed_total").increment(by: count) }

    static func ended(_ outcome: String, after duration: Duration) {
        Counter(label: "driftwatch_jobs_ended_total", dimensions: [("outcome", outcome)]).increment()
        Timer(label: "driftwatch_job_duration_seconds").record(duration: duration)
    }

    static func rescued(into state: String) {
        Counter(label: "driftwatch_jobs_rescued_total", dimensions: [("state", state)]).increment()
    }

    static func running(_ count: Int) { Gauge(label: "driftwatch_jobs_running").record(count) }
}
