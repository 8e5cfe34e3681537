/// Runs `body`, cancelling it when a signal asks to stop, so that what it started ends with it.
///
/// - Throws: `CancellationError` after such a signal, or any error of `body`.
package func stoppable<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let signals = StopSignals()
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask {
            await signals.watch()
            return nil
        }
        group.addTask {
            await signals.untilAsked()
            if signals.isAsked { throw CancellationError() }
            return nil
        }
        group.addTask { try await body() }
        defer { group.cancelAll() }
        while let value = try await group.next() {
            if let value { return value }
        }
        throw CancellationError()
    }
}
