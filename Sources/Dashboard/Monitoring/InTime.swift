/// What `body` gives, or nil when that takes longer than `limit`.
///
/// It does not wait for `body` to end: a database that is silent takes its time to be given up.
func inTime<Value: Sendable>(_ limit: Duration, _ body: @escaping @Sendable () async -> Value?) async -> Value? {
    let (answers, answer) = AsyncStream<Value?>.makeStream()
    // Not child tasks, which would be waited for.
    let question = Task { answer.yield(await body()) }
    let alarm = Task {
        // Real time on purpose: the caller has a timeout of its own.
        try? await Task.sleep(for: limit)
        answer.yield(nil)
    }
    defer {
        question.cancel()
        alarm.cancel()
    }
    return await answers.first { _ in true } ?? nil
}
