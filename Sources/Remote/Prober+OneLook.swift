package import DriftCore

extension Prober {
    /// Looks once.
    package func probe(_ target: ProbeTarget, asking questions: ProbeQuestions) async throws(ProbeFailure) -> Facts {
        try await probe(target, asking: questions, again: nil).first
    }
}
