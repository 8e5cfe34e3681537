import Postgres

/// Repeats one thing until it works, with growing waits between the attempts; `wake` ends a wait early.
///
/// `isHopeful` is asked after each error, and logs it if people should know.
///
/// - Throws: An error that is not hopeful; any error once the task is cancelled.
package func insist<Value>(
    wake: WakeSignal = WakeSignal(), clock: any Clock<Duration> = ContinuousClock(),
    _ body: () async throws -> Value, whileHopeful isHopeful: (any Error) -> Bool
) async throws -> Value {
    var backoff = Backoff()
    while true {
        do { return try await body() } catch {
            guard !Task.isCancelled, isHopeful(error) else { throw error }
            await wake.wait(upTo: backoff.next(), clock: clock)
        }
    }
}
