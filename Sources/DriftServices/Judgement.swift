import DriftCore
import DriftStore
import Synchronization

/// Compares what a server's looks saw with its packs.
///
/// Not on the caller's executor: diffs of large files take time.
final class Judgement: Sendable {
    /// What one look proves of one pack.
    private struct Found {
        var pack: CheckSubject.AssignedPack
        var check: Check
        var new: NewlyWrong
    }

    private let subject: CheckSubject
    private let executor: (any TaskExecutor)?
    /// What the first look proves, once it is known.
    private let first = Mutex<[Found]?>(nil)

    init(of subject: CheckSubject, on executor: (any TaskExecutor)?) {
        self.subject = subject
        self.executor = executor
    }

    /// What to ask once more; nil if nothing is newly wrong.
    func questions(after facts: Facts) async -> ProbeQuestions? {
        guard let found = try? await judge(facts) else { return nil }
        first.withLock { $0 = found }
        let wrong = found.filter { !$0.new.mismatches.isEmpty }
        guard !wrong.isEmpty else { return nil }
        // Packs of one server are looked at together, so their last looks are one, but for a pack that is new.
        let since = wrong.compactMap { $0.pack.lastLook?.age }.max()
        return ProbeQuestions(again: wrong.map(\.new.part), on: subject.server, first: facts, since: since)
    }

    /// The checks that count; `packOfLastLook` reads the version of a pack that was compared last.
    func checks(
        _ looks: Looks, packOfLastLook: (CheckSubject.AssignedPack) async -> Pack?
    ) async throws(ProbeFailure) -> [Check] {
        let known = first.withLock(\.self)
        var found: [Found] = []
        if let known { found = known } else { found = try await judge(looks.first) }
        var checks: [Check] = []
        for var found in found {
            var facts = looks.first
            if case .success(let second) = looks.second, !found.new.mismatches.isEmpty {
                facts = second
                found = await confirmed(found, by: second)
            }
            var last: CauseFinding.LastLook?
            if !found.new.mismatches.isEmpty, let look = found.pack.lastLook {
                last = .init(pack: await packOfLastLook(found.pack), server: look.server, age: look.age)
            }
            checks.append(explained(found, facts, last))
        }
        return checks
    }

    private func judge(_ facts: Facts) async throws(ProbeFailure) -> [Found] {
        var found: [Found] = []
        for pack in subject.packs {
            if Task.isCancelled { throw ProbeFailure(.cancelled) }
            let check = await compare(facts, with: pack.pack, of: pack)
            found.append(
                Found(
                    pack: pack, check: check,
                    new: NewlyWrong(check, of: pack.pack, remembered: pack.remembered, on: subject.server)))
        }
        return found
    }

    private func confirmed(_ found: Found, by facts: Facts) async -> Found {
        let second = await compare(facts, with: found.new.part, of: found.pack)
        let check = found.check.confirmed(by: second, remembered: found.pack.remembered)
        return Found(
            pack: found.pack, check: check,
            new: NewlyWrong(check, of: found.pack.pack, remembered: found.pack.remembered, on: subject.server))
    }

    /// A mismatch keeps the cause that it had; a new one gets one if there is a last look to compare with.
    private func explained(_ found: Found, _ facts: Facts, _ last: CauseFinding.LastLook?) -> Check {
        let finding = last.map { CauseFinding(pack: found.pack.pack, on: subject.server, last: $0, facts: facts) }
        return found.check.explained { mismatch in
            guard found.new.mismatches.contains(mismatch) else { return found.pack.causes[mismatch] }
            // What could not be seen at the last look may have gone wrong long before.
            guard !found.pack.remembered.dark.contains(mismatch.key) else { return nil }
            return finding?.cause(of: mismatch.key)
        }
    }

    /// With the whole pack, or with a part of it.
    private func compare(_ facts: Facts, with part: Pack, of pack: CheckSubject.AssignedPack) async -> Check {
        await withTaskExecutorPreference(executor) { await Self.judge(facts, against: part, of: pack, subject.server) }
    }

    @concurrent
    private static func judge(
        _ facts: Facts, against part: Pack, of pack: CheckSubject.AssignedPack, _ server: ServerVariables
    ) async -> Check {
        Comparison.judge(facts, against: part, digest: pack.digest, on: server, exempting: pack.exemptions)
    }
}
