import Dispatch

/// Its own threads for reading a server's answer: however much a server sends, leases are still renewed in time.
package final class AnswerExecutor: TaskExecutor {
    package static let shared = AnswerExecutor()

    private let queue = DispatchQueue(label: "driftwatch.answers", qos: .utility, attributes: .concurrent)

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
