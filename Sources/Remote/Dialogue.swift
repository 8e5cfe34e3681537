import DriftCore
import Synchronization

/// The answers of one session: one, or two where the first makes somebody ask again.
final class Dialogue: Sendable {
    private struct State {
        var first: (facts: Facts, knowsRounds: Bool)?
        var second: ProbeRequest?
    }

    let request: ProbeRequest
    private let again: SecondLook?
    private let secondRequest: @Sendable (ProbeQuestions) -> ProbeRequest
    private let state = Mutex(State())

    /// `secondRequest` makes the request of the second round; `request` is open if there may be one.
    init(
        _ request: ProbeRequest, again: SecondLook? = nil,
        secondRequest: @escaping @Sendable (ProbeQuestions) -> ProbeRequest = { ProbeRequest($0) }
    ) {
        self.request = request
        self.again = again
        self.secondRequest = secondRequest
    }

    /// Whether the script said that it can be asked again; nil if it has not answered.
    var knowsRounds: Bool? { state.withLock { $0.first?.knowsRounds } }

    /// What the child is asked after its first answer.
    var next: BoundedProcess.NextRound? {
        guard let again, request.isOpen else { return nil }
        return { answer in await self.nextRound(after: answer, again) }
    }

    private func nextRound(after answer: [UInt8], _ again: SecondLook) async -> BoundedProcess.Round? {
        // What is wrong with the answer is said when the session has ended.
        guard let first = try? await Self.read(answer, request) else { return nil }
        state.withLock { $0.first = first }
        guard first.knowsRounds, let questions = await again.questions(first.facts) else { return nil }
        let second = secondRequest(questions)
        state.withLock { $0.second = second }
        // The task is cancelled if the session ends meanwhile; the child is then beyond asking.
        try? await ContinuousClock().sleep(for: again.delay)
        return second.nextRound
    }

    /// What was seen in a session that has ended; nil if no answer ever began.
    func looks(_ output: [UInt8]) async throws(ProbeFailure) -> Looks? {
        let (first, second) = state.withLock { ($0.first, $0.second) }
        guard let first else {
            let only = try await Self.read(output, request)
            state.withLock { $0.first = only }
            return only.map { Looks(first: $0.facts) }
        }
        guard let second else { return Looks(first: first.facts) }
        do throws(ProbeFailure) {
            guard let answer = try await Self.read(output, second) else {
                throw ProbeFailure(.truncated, detail: "the session ended before the second look")
            }
            return Looks(first: first.facts, second: .success(answer.facts))
        } catch {
            return try looks(after: error)
        }
    }

    /// What was seen in a session that failed: its first answer, if that was whole.
    func looks(after failure: ProbeFailure) throws(ProbeFailure) -> Looks {
        let (first, second) = state.withLock { ($0.first, $0.second) }
        guard let first, second != nil, failure.reason != .cancelled else { throw failure }
        return Looks(first: first.facts, second: .failure(failure))
    }

    /// Off the shared pool: an answer is as long and as odd as a server likes.
    private static func read(
        _ bytes: [UInt8], _ request: ProbeRequest
    ) async throws(ProbeFailure) -> (facts: Facts, knowsRounds: Bool)? {
        let result = await withTaskExecutorPreference(AnswerExecutor.shared) { await parsed(bytes, request) }
        return try result.get()
    }

    @concurrent
    private static func parsed(
        _ bytes: [UInt8], _ request: ProbeRequest
    ) async -> Result<(facts: Facts, knowsRounds: Bool)?, ProbeFailure> {
        Result { () throws(ProbeFailure) in try ProbeAnswer.read(bytes, to: request) }
    }
}
