import CLibpq
import Dispatch
import Glibc
import Synchronization

/// Runs `body` on a new thread of its own; false when the system has no thread left.
///
/// `name` is what `top -H` shows; the kernel keeps 15 characters.
@discardableResult
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    let box = unsafe Unmanaged.passRetained(ThreadBody(name: name, run: body))
    var thread = pthread_t()
    let status = unsafe pthread_create(
        &thread, nil,
        { argument in
            guard let argument = unsafe argument else { return nil }
            let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
            _ = unsafe pthread_setname_np(pthread_self(), String(body.name.prefix(15)))
            body.run()
            return nil
        }, unsafe box.toOpaque())
    guard status == 0 else {
        unsafe box.release()
        return false
    }
    pthread_detach(thread)
    return true
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

/// A thread of its own as the executor of one actor, so that the actor may block.
///
/// The thread ends when the executor is released: the queue outlives both.
final class ConnectionThread: SerialExecutor {
    private let queue = WorkQueue()

    init() throws(DatabaseError) {
        let started = startThread(named: "postgres") { [queue] in
            while let work = queue.next() {
                unsafe work.job.runSynchronously(on: work.executor.asUnownedSerialExecutor())
            }
        }
        if !started { throw DatabaseError(.connection, "the system has no thread left for a connection") }
    }

    deinit { queue.stop() }

    func enqueue(_ job: consuming ExecutorJob) {
        queue.add(WorkQueue.Work(job: UnownedJob(job), executor: self))
    }
}

/// What a connection's thread has to do, in order.
private final class WorkQueue: Sendable {
    /// A job, and the executor that must stay alive while it runs.
    struct Work: Sendable {
        let job: UnownedJob
        let executor: ConnectionThread
    }

    private let pending = Mutex<[Work]>([])
    // Counts the pending jobs; one more signal without a job means "stop".
    private let signal = DispatchSemaphore(value: 0)

    func add(_ work: Work) {
        pending.withLock { $0.append(work) }
        signal.signal()
    }

    func stop() { signal.signal() }

    /// Blocks until there is work; nil when the executor is gone.
    func next() -> Work? {
        signal.wait()
        return pending.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
