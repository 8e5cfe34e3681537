package import DriftStore

/// What is paused, in words.
package struct PauseText {
    private let pause: Pause
    private let times: Times

    package init(_ pause: Pause, times: Times) {
        self.pause = pause
        self.times = times
    }

    /// Such as `the queue dmz is paused since 2026-11-23 06:00 UTC by ann: new switch (driftwatch queue resume dmz)`.
    package var line: String { "\(words) (\(remedy))" }

    package var words: String {
        let what = pause.queue.map { "the queue \(visible($0)) is paused" } ?? "the schedule is paused"
        let who = pause.by.map { " by \(visible($0))" } ?? ""
        let why = pause.reason.map { ": \(visible($0))" } ?? ""
        return "\(what) since \(times.stamp(pause.at))\(who)\(why)"
    }

    package var remedy: String {
        pause.queue.map { "driftwatch queue resume \(visible($0))" } ?? "driftwatch schedule resume"
    }
}
