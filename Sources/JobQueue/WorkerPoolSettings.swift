/// How a worker works.
///
/// Stored times use the database's clock, and waits use the local one.
package struct WorkerPoolSettings: Sendable {
    /// `host:pid:start`, unique for ever.
    package var workerID: String
    package var queues: [String]
    /// Jobs at once.
    package var concurrency: Int
    package var lease: Duration = .seconds(60)
    package var renewEvery: Duration = .seconds(20)
    /// A lease that cannot be renewed is given up this long before the database ends it.
    package var leaseMargin: Duration = .seconds(5)
    /// After this a job is interrupted.
    package var timeLimit: Duration = .seconds(180)
    /// How much later another worker may take the job back.
    ///
    /// By then its processes have ended and its result is stored.
    package var timeLimitMargin: Duration = .seconds(30)
    /// How often an idle worker asks, ± 20 %.
    package var pollEvery: Duration = .seconds(1)
    /// How often lost jobs are looked for, ± 20 %.
    package var rescueEvery: Duration = .seconds(10)
    /// How long jobs may go on after a stop is asked for.
    package var grace: Duration = .seconds(20)

    package init(workerID: String, queues: [String] = ["default"], concurrency: Int = 8) {
        self.workerID = workerID
        self.queues = queues
        self.concurrency = concurrency
    }
}
