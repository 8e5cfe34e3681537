import DriftCore
import Testing

@Suite("Authorised keys")
struct AuthorizedKeyTests {
    private static let blob = "AAAAC3NzaC1lZDI1NTE5AAAAIAqjyeFl9kM2QVOxWwQ0fkTcYn2leucXVcXQvoc86oxf"
    private static let key = "SHA256:BP0jK2z04aMq0dGF0zYtwg2+BOOH6d0CHzX8m7Bt180"
    private static let other = "SHA256:" + String(repeating: "b", count: 43)
    private static let accounts = ["user file deploy:shadow:1001:1001:/home/deploy:/bin/sh", "whole"]
    private static let file = ["about deploy", "path 1 read /home/deploy/.ssh/authorized_keys", "next"]
    private static let line = "key 1 ssh-ed25519 \(blob) "

    private func told(_ wanted: AuthorizedKeysExpectation, _ lines: [String]?, accounts: [String] = accounts) -> Told? {
        DriftCoreTests.told(.user(.keys(wanted)), ["accounts": accounts, "keys": lines].compactMapValues(\.self))
    }

    private static func wanted(only: [String]? = nil, contains: [String]? = nil) -> AuthorizedKeysExpectation {
        AuthorizedKeysExpectation(name: "deploy", only: only, contains: contains)
    }

    private static let stranger: [String: String] = [
        "authorized_keys": "\(key) (ED25519)", "file": "/home/deploy/.ssh/authorized_keys",
    ]

    @Test(
        arguments: [
            (wanted(only: [key]), [line, "read 1 0"], .ok),
            (wanted(only: [key, other]), [line, "read 1 0"], .ok),
            (wanted(only: []), ["read 1 0"], .ok),
            (wanted(contains: [key]), [line, "read 1 0"], .ok),
            (
                wanted(only: [other]), [line, "read 1 0"],
                .wrong(.unexpectedKey, ["authorized_keys": "only \(other)"], stranger)
            ),
            (wanted(only: []), [line, "read 1 0"], .wrong(.unexpectedKey, ["authorized_keys": "none"], stranger)),
            (
                wanted(contains: [other]), [line, "read 1 0"],
                .wrong(.missingKey, ["authorized_keys": other], ["authorized_keys": "not there"])
            ),
            (wanted(only: [other], contains: [other]), [line, "read 1 0"], .several([.unexpectedKey, .missingKey])),
            // One that signs certificates opens more than the key itself would.
            (
                wanted(only: [key]), [line + ",cert-authority", "read 1 0"],
                .wrong(
                    .unexpectedKey, ["authorized_keys": "only \(key)"],
                    ["authorized_keys": "cert-authority \(key) (ED25519)", "file": "/home/deploy/.ssh/authorized_keys"])
            ),
            (
                wanted(contains: [key]), [line + ",cert-authority", "read 1 0"],
                .wrong(.missingKey, ["authorized_keys": key], ["authorized_keys": "not there"])
            ),
            (wanted(only: ["cert-authority \(key)"]), [line + ",cert-authority,from", "read 1 0"], .ok),
            (
                wanted(only: []), [line + ",command,from", "read 1 0"],
                .wrong(
                    .unexpectedKey, ["authorized_keys": "none"],
                    ["authorized_keys": "\(key) (ED25519, command, from)", "file": "/home/deploy/.ssh/authorized_keys"])
            ),
        ] as [(AuthorizedKeysExpectation, [String], Told)])
    func areJudgedByFingerprint(wanted: AuthorizedKeysExpectation, lines: [String], expected: Told) {
        #expect(told(wanted, Self.file + lines + ["whole"]) == expected)
    }

    /// What may be there and was not seen is not absent; what was seen is there.
    @Test(
        arguments: [
            (["about deploy", "path 1 denied /x", "next"], .permissionDenied),
            (["about deploy", "path 1 planted /x", "next"], .plantedLink),
            (["about deploy", "path 1 read /x", "next", "large 1"], .tooLarge),
            (["about deploy", "path 1 read /x", "next", "error 1"], .readError),
            (["about deploy", "path 1 read /x", "next"], .malformedAnswer),
            (["about deploy", "path 1 read /x", "next", "read 1 0", "read 1 0"], .malformedAnswer),
            (["about deploy", "path 1 strange /x", "next"], .malformedAnswer),
            (["about deploy"], .malformedAnswer), (["slow deploy"], .slow),
            (["command", "about deploy", "next"], .unsupported),
        ] as [([String], UnreadableReason)])
    func whatWasNotSeenMayBeThere(lines: [String], reason: UnreadableReason) {
        #expect(told(Self.wanted(only: [Self.key]), lines + ["whole"]) == .unreadable(reason))
        #expect(told(Self.wanted(contains: [Self.key]), lines + ["whole"]) == .unreadable(reason))
        // Another file of his could be read.
        let file =
            ["about deploy", "path 7 read /y"] + lines.filter { $0 != "about deploy" && $0 != "slow deploy" }
        let seen = file + ["next", "key 7 ssh-ed25519 \(Self.blob) ", "read 7 0", "whole"]
        guard lines.contains("about deploy"), lines.contains("next") else { return }
        #expect(told(Self.wanted(contains: [Self.key]), seen) == .ok)
        #expect(told(Self.wanted(only: [Self.key]), seen) == .unreadable(reason))
        guard case .wrong(.unexpectedKey, _, _)? = told(Self.wanted(only: []), seen) else {
            Issue.record("a key that was seen passes")
            return
        }
    }

    @Test(arguments: [
        [], file, ["about other", "next", "whole"], ["about deploy", "next"],
    ])
    func anAnswerThatIsNotWholeProvesNothing(lines: [String]) {
        #expect(told(Self.wanted(only: []), lines) == .unreadable(.malformedAnswer))
    }

    @Test func filesThatDependOnTheConnectionAreUnsupported() {
        #expect(
            told(Self.wanted(only: []), ["unclear", "about deploy", "next", "whole"]) == .unreadable(.unsupported))
        #expect(told(Self.wanted(only: []), nil) == .unreadable(.sudoRefused))
    }

    @Test func theAccountMustBeThere() {
        let gone = ["sources passwd files", "whole"]
        #expect(
            told(Self.wanted(only: []), ["about deploy", "next", "whole"], accounts: gone)
                == .wrong(.missingUser, ["state": "present"], ["state": "absent"]))
        #expect(
            told(Self.wanted(only: []), ["about deploy", "next", "whole"], accounts: [])
                == .unreadable(.malformedAnswer))
    }

    @Test func whatRootSaysReplacesWhatTheLoginUserSaid() {
        let denied = [
            "about deploy", "path 1 denied /x", "next", "about root", "path 2 denied /y", "next", "whole",
        ]
        let root = ["about deploy", "path 1 read /x", "next", Self.line, "read 1 0", "whole"]
        #expect(told(Self.wanted(only: [Self.key]), denied + root) == .ok)
        #expect(told(Self.wanted(only: []), denied + root) != .ok)
    }

    /// Lines that sshd would not take for a key open nothing.
    @Test(arguments: [
        "key 1 ssh-rsa \(blob) ", "key 1 ssh-ed25519 AAAA ", "key 1 ssh-ed25519 ? ", "key 1 ssh-ed25519  ",
        "key 1 ssh-ed25519 \(blob.dropLast(4)) ", "key 1 ssh-ed25519 \(blob)AAAA ",
        "key 1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ",
        "key 2 ssh-ed25519 \(blob) ", "key x ssh-ed25519 \(blob) ", "key 1 ssh-ed25519", "key",
    ])
    func aLineThatIsNoKeyOpensNothing(line: String) {
        #expect(told(Self.wanted(only: []), Self.file + [line, "read 1 0", "whole"]) == .ok)
    }

    @Test func whatElseLetsSomebodyInIsSaid() throws {
        let pack = Pack(
            name: PackName(rawValue: "base"), expectations: [Expectation(.user(.keys(Self.wanted(only: []))))])
        var facts = Facts()
        let lines = [
            "accounts": Self.accounts,
            "keys": ["authorities"] + Self.file + ["key 1 ssh-ed25519 AAAA ", "read 1 2", "whole"],
        ]
        for question in ProbeQuestions(packs: [pack]).topics {
            facts.topics.read(question.topic, (lines[question.topic.name] ?? []).map { Array($0.utf8)[...] })
        }
        let outcome = try #require(Comparison.judge(facts, against: pack, digest: anyDigest).outcomes.first)
        #expect(
            outcome.remark
                == "sshd also accepts certificates of its TrustedUserCAKeys; 3 lines are not keys, and sshd ignores them"
        )
        #expect(outcome.item == "authorized keys of deploy")
    }
}
