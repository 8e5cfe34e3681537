import Dispatch

/// Runs what reads a server's answer on threads of its own: however much a server sends, leases are renewed meanwhile.
package final class AnswerExecutor: TaskExecutor {
    package static let shared = AnswerExecutor()

    private let queue = DispatchQueue(label: "driftwatch.answers", qos: .utility, attributes: .concurrent)

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
