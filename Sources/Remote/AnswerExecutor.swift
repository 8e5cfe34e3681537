import Dispatch

/// Runs what reads a server's answer on threads of its own: however much a server sends, leases are renewed meanwhile.
final class AnswerExecutor: TaskExecutor {
    static let shared = AnswerExecutor()

    private let queue = DispatchQueue(label: "driftwatch.answers", qos: .utility, attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
