import DriftCore
import Remote
import TestSupport
import Testing

/// A real look at this machine, by the script in the shell that stands at `/bin/sh`.
enum TopicLook {
    /// The findings of a pack's items, in the order of their keys.
    static func findings(
        of pack: Pack, shell: [String] = ["/bin/sh"], environment: [String: String]? = nil
    ) async throws -> [ItemOutcome.Finding] {
        let facts = try await facts(ProbeQuestions(packs: [pack]), shell: shell, environment: environment)
        return Comparison.judge(facts, against: pack, digest: pack.digest).outcomes.map(\.finding)
    }

    /// `shell` may begin with a program that starts the shell, such as `unshare`.
    static func facts(
        _ questions: ProbeQuestions, shell: [String] = ["/bin/sh"], environment: [String: String]? = nil,
        isOpen: Bool = false
    ) async throws -> Facts {
        let request = ProbeRequest(questions, isOpen: isOpen)
        let answer = try await Tool.run(
            shell + ["-c", ProbeScript.text, ProbeScript.text], input: request.input, environment: environment)
        return try #require(try ProbeAnswer.facts(in: answer.output, to: request))
    }
}
