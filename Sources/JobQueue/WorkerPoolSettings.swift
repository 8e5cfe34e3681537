/// How a worker works.
///
/// Times are measured on the database's clock where they are stored, on the local one where it waits.
package struct WorkerPoolSettings: Sendable {
    /// `host:pid:start`, unique for ever.
    package var workerID: String
    package var queues: [String]
    package var kinds: [String]
    /// Jobs at once.
    package var concurrency: Int
    package var lease: Duration = .seconds(60)
    package var renewEvery: Duration = .seconds(20)
    /// How long before the database would, a lease is given up that could not be renewed.
    package var leaseMargin: Duration = .seconds(5)
    /// After this a job is interrupted.
    package var timeLimit: Duration = .seconds(180)
    /// How much later another worker may take it back: until then what it started is gone, and its end written.
    package var timeLimitMargin: Duration = .seconds(30)
    /// How often an idle worker asks, ± 20 %.
    package var pollEvery: Duration = .seconds(1)
    /// How often lost jobs are looked for, ± 30 %.
    package var rescueEvery: Duration = .seconds(10)
    /// How long jobs may go on after a stop is asked for.
    package var grace: Duration = .seconds(20)

    package init(workerID: String, queues: [String] = ["default"], kinds: [String], concurrency: Int = 8) {
        self.workerID = workerID
        self.queues = queues
        self.kinds = kinds
        self.concurrency = concurrency
    }
}
