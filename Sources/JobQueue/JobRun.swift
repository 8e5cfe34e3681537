import Logging

/// One claimed job, from its handler to the row that says how it ended.
///
/// ```text
/// handler ── returns ───────┐
///                           ├─► Ending.decide ─► Lease.end ─► the job's state
/// keeper ─── interrupts ────┘
/// ```
struct JobRun: Sendable {
    let claim: Claim
    let handler: any JobHandler
    let control: JobControl
    let store: QueueStore
    let logger: Logger

    private enum Work: Sendable {
        case over(Ending?)
        case interrupted
    }

    /// Returns the job's new state; or `lost`, or `unwritten`.
    func callAsFunction() async -> String {
        let returned = await work()
        let worked = ContinuousClock.now
        defer { Telemetry.settled(in: worked.duration(to: .now)) }
        do {
            guard let ending = Ending.decide(returned, interruptedBy: control.interruption),
                let lease = claim.takeLease(),
                let state = try await lease.end(as: ending, in: store, while: control, logger: logger)
            else {
                logger.warning("lease lost: the result was dropped")
                return "lost"
            }
            return state
        } catch {
            // The lease will expire, and another worker will take the job.
            logger.error("the job's result could not be stored", metadata: ["error": "\(error)"])
            return "unwritten"
        }
    }

    /// Runs the handler until it is done, cancelling it when the job is interrupted; nil if it stopped because of that.
    private func work() async -> Ending? {
        await withTaskGroup(of: Work.self) { group in
            group.addTask { .over(await handlersEnding()) }
            group.addTask {
                _ = await control.untilInterrupted()
                return .interrupted
            }
            var ending: Ending?
            for await work in group {
                if case .over(let handlers) = work { ending = handlers }
                group.cancelAll()
            }
            return ending
        }
    }

    private func handlersEnding() async -> Ending? {
        do {
            return try await handler.handle(claim.job)
        } catch  where Task.isCancelled {
            // Whatever the error is: a statement or a program that was stopped reports it in different ways.
            return nil
        } catch {
            return Ending(.retry, note: FailureNote(label: "unexpected", message: "\(error)"))
        }
    }
}
