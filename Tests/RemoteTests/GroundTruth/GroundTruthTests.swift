import DriftCore
import Foundation
import TestSupport
import Testing

/// A fleet that is made from random numbers, in which everything that a pack can say is broken in every way.
///
/// Each server is a root folder of its own, in which the real script runs. What must come out is known from how the
/// server was made, by the documentation and not by the code that judges: exactly these mismatches, and nothing else.
///
/// `scripts/ground-truth` runs many more rounds.
@Suite struct GroundTruthTests {
    private static let servers = Self.setting("GROUND_TRUTH_SERVERS") ?? 80
    private static let rounds = Self.setting("GROUND_TRUTH_ROUNDS") ?? 1
    private static let seed = Self.setting("GROUND_TRUTH_SEED") ?? 1

    /// One server that came out wrong.
    private static let server = Self.setting("GROUND_TRUTH_SERVER").map(UInt64.init)

    private static func setting(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    /// Every way in which an item can come out.
    private static let all: Set<String> = [
        "ok", "n/a", "missing_file", "unexpected_file", "wrong_type", "wrong_permissions", "wrong_owner",
        "wrong_content", "wrong_target", "missing_line", "unexpected_line", "too_old", "too_small", "unexpected_entry",
        "missing_package", "unexpected_package", "wrong_version", "wrong_hold", "wrong_setting", "wrong_service",
        "missing_user", "wrong_user", "unexpected_user", "wrong_group", "unexpected_key", "missing_key",
        "expiring_certificate", "wrong_certificate", "missing_port", "unexpected_port", "wrong_mount",
        "missing_module", "unexpected_module", "wrong_system", "private", "permission_denied", "undecided",
        "unsupported", "malformed_file", "computed_value",
    ]

    /// Looks at the servers of these seeds, some at a time: differences, and what was known to be true.
    private func look(at seeds: [UInt64]) async throws -> (differences: [String], truths: [Truth]) {
        let pool = try await CredentialPool.shared.value
        let now = Int(Date().timeIntervalSince1970)
        return try await withThrowingTaskGroup(of: (differences: [String], truths: [Truth]).self) { group in
            var rest = seeds[...]
            var all: (differences: [String], truths: [Truth]) = ([], [])
            for _ in 0..<3 {
                if let seed = rest.popFirst() { group.addTask { try await Self.look(at: seed, pool, now) } }
            }
            while let part = try await group.next() {
                all.differences += part.differences
                all.truths += part.truths
                if let seed = rest.popFirst() { group.addTask { try await Self.look(at: seed, pool, now) } }
            }
            return all
        }
    }

    private static func look(
        at seed: UInt64, _ pool: CredentialPool, _ now: Int
    ) async throws -> (differences: [String], truths: [Truth]) {
        let server = SimulatedServer(seed: seed, pool: pool, now: now)
        do {
            return (try await server.differences(), Array(server.truths.values))
        } catch {
            return (["seed \(seed): \(error)\n\(server.pack)"], [])
        }
    }

    @Test func exactlyWhatIsWrongComesOut() async throws {
        guard geteuid() == 0, await Tool.succeeds(["/usr/bin/unshare", "-m", "/bin/true"]) else {
            try Test.cancel("no mount namespaces here")
        }
        var types: [String: Int] = [:]
        var count = 0
        if let server = Self.server {
            let (differences, truths) = try await look(at: [server])
            for difference in differences { Issue.record("\(difference)") }
            return Self.say("server \(server): \(truths.count) items")
        }
        for round in 0..<Self.rounds {
            let first = UInt64(Self.seed * 1_000_000 + round * 1000)
            let (differences, truths) = try await look(at: (0..<UInt64(Self.servers)).map { first + $0 })
            for difference in differences.prefix(20) { Issue.record("\(difference)") }
            #expect(differences.isEmpty, "\(differences.count) of \(truths.count) items")
            if Self.rounds > 1 {
                Self.say("round \(round + 1): \(truths.count) items, \(differences.count) of them wrong")
            }
            for truth in truths {
                count += 1
                for word in truth.words { types[word, default: 0] += 1 }
            }
        }
        #expect(Self.all.subtracting(types.keys) == [], "not among what was broken")
        if Self.rounds > 1 {
            Self.say("\(Self.rounds * Self.servers) servers, \(count) items; each outcome as often as:")
            for (type, count) in types.sorted(by: { $0.key < $1.key }) { Self.say("  \(type) \(count)") }
        }
    }

    private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
