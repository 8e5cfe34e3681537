package import DriftStore
import Foundation

/// A job in words: what it is for, how it stands, and its history.
package struct JobText {
    private let job: JobLine
    private let times: Times

    package init(_ job: JobLine, times: Times) {
        self.job = job
        self.times = times
    }

    /// The heading and the state, one line for each step, what was found, and what can be done.
    ///
    /// `obstacle` says why the job does not move.
    package func story(
        _ attempts: [JobAttempt], _ checks: [JobCheck], _ interventions: [JobIntervention], obstacle: String?,
        palette: Palette
    ) -> [String] {
        var lines = [heading, standing(obstacle), ""]
        let steps = [Step(job.createdAt, enqueued)] + attempts.flatMap(steps(of:)) + interventions.map(step(of:))
        // Stable: of two steps at the same instant, the one that was listed first comes first.
        lines += steps.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map { "\(times.text($0.element.at))  \($0.element.words)" }
        lines += checks.map { check in
            let verdict = verdictLine(
                check.verdict, reason: check.reason, items: check.itemCount, wrong: check.mismatchCount,
                unreadable: check.unreadableCount, waived: check.waivedCount, due: check.dueCount, palette: palette)
            return "    check \(check.id), \(check.packName): \(verdict)"
        }
        return lines + ["", next]
    }

    private struct Step {
        var at: Date
        var words: String

        init(_ at: Date, _ words: String) {
            self.at = at
            self.words = words
        }
    }

    private var heading: String {
        let subject = job.serverID.map { "check of \($0)" } ?? visible(job.kind)
        return "Job \(job.id): \(subject), \(origin)"
    }

    private var origin: String {
        if let original = job.retryOf { return "which repeats job \(original), for \(asker)" }
        if let slot = job.slotAt { return "of the slot of \(times.stamp(slot))" }
        return job.requestedBy == "driftwatch" ? "after a change" : "for \(asker)"
    }

    private var asker: String { visible(job.requestedBy ?? "somebody") }

    private func standing(_ obstacle: String?) -> String {
        let worker = visible(job.workerID ?? "a worker")
        let stuck = obstacle.map { ": \(visible($0))" } ?? ""
        switch job.state {
        case "scheduled": return "scheduled: it starts at \(times.text(job.runAt))\(stuck)"
        case "retryable": return "retryable: the next attempt starts at \(times.text(job.runAt))\(stuck)"
        case "available":
            return
                "available\(stuck.isEmpty ? ": it waits for a place on a worker of the queue \(visible(job.queue))" : stuck)"
        case "running" where job.cancelRequestedAt != nil:
            return "running on \(worker), which stops it at the next renewal of its lease, within 20 s\(stuck)"
        case "running":
            let deadline = job.deadlineAt.map { ", until \(times.text($0)) at the latest" } ?? ""
            return "running on \(worker)\(deadline)\(stuck)"
        default:
            let end = job.finishedAt.map { " \(times.text($0))" } ?? ""
            return "\(job.state)\(end)" + (job.lastError.map { ": \(visible($0))" } ?? "")
        }
    }

    private var enqueued: String { "enqueued, in the queue \(visible(job.queue))" }

    private func steps(of attempt: JobAttempt) -> [Step] {
        let start = Step(attempt.startedAt, "attempt \(attempt.attempt) started on \(visible(attempt.workerID))")
        guard let end = attempt.endedAt else { return [start] }
        return [start, Step(end, "attempt \(attempt.attempt) \(words(of: attempt))")]
    }

    private func words(of attempt: JobAttempt) -> String {
        let fault = [attempt.errorClass, attempt.error].compactMap { $0 }.joined(separator: ": ")
        let detail = fault.isEmpty ? "" : ": \(visible(fault))"
        switch attempt.outcome {
        case "succeeded": return attempt.errorClass == nil ? "succeeded" : "could not look at the server\(detail)"
        case "failed": return "failed\(detail)"
        case "retry": return "did not finish\(detail)"
        case "cancelled": return "was stopped on request"
        case "interrupted": return "was handed back, because the worker stopped; it does not count"
        case "no_place": return "was handed back, because no login was free; it does not count"
        case "lease_expired": return "was lost with its worker"
        case "deadline": return "ran past its deadline and was taken back"
        default: return visible(attempt.outcome ?? "ended")
        }
    }

    private func step(of intervention: JobIntervention) -> Step {
        let who = visible(intervention.actor)
        let words =
            switch intervention.action {
            case "cancel_job": "\(who) cancelled it"
            case "retry_job": "\(who) had it repeated" + (intervention.newJob.map { " as job \($0)" } ?? "")
            default: "\(visible(intervention.action)) by \(who)"
            }
        return Step(intervention.at, words)
    }

    private var next: String {
        if !job.isOver { return "driftwatch jobs cancel \(job.id) stops it" }
        let again = "driftwatch jobs retry \(job.id) repeats it"
        return job.serverID.map { "\(again); driftwatch diff \($0) shows what is known now" } ?? again
    }
}
