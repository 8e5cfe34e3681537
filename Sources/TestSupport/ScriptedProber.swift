package import DriftCore
import Synchronization

/// A prober that sees what a test has put there.
package final class ScriptedProber: Prober {
    package typealias Answer = @Sendable (ProbeTarget, ProbeQuestions) async -> Result<Facts, ProbeFailure>

    private let answers = Mutex<[ServerID: Answer]>([:])
    private let probes = Mutex<[ServerID: Int]>([:])

    package init() {}

    /// How often `server` was looked at.
    package func count(of server: String) -> Int { probes.withLock { $0[ServerID(rawValue: server)] ?? 0 } }

    /// What is seen on `server` from now on.
    package func script(_ server: String, _ answer: @escaping Answer) {
        answers.withLock { $0[ServerID(rawValue: server)] = answer }
    }

    /// Files of `server` from now on, by path: present as wanted, missing, or unreadable.
    package func see(on server: String, _ files: [ServerPath: FileFact]) {
        script(server) { _, _ in .success(Facts(files: files)) }
    }

    package func fail(on server: String, _ reason: ProbeFailure.Reason) {
        script(server) { _, _ in .failure(ProbeFailure(reason, detail: "scripted")) }
    }

    /// The second look comes at once, and is not counted.
    package func probe(
        _ target: ProbeTarget, asking questions: ProbeQuestions, again: SecondLook?
    ) async throws(ProbeFailure) -> Looks {
        probes.withLock { $0[target.serverID, default: 0] += 1 }
        guard let answer = answers.withLock({ $0[target.serverID] }) else {
            throw ProbeFailure(.unreachable, detail: "no script")
        }
        let first = try await answer(target, questions).get()
        guard let more = await again?.questions(first) else { return Looks(first: first) }
        return Looks(first: first, second: await answer(target, more))
    }
}

extension FileFact {
    /// A plain file of root's, which meets an expectation that asks for nothing but its presence.
    package static let plain = FileFact.present(
        FileEntry(
            status: FileStatus(
                type: .file, mode: 0o644, owner: Account(name: "root", number: 0),
                group: Account(name: "root", number: 0), size: 1)))
}
