import DriftCore
import Redaction
import Remote
import Testing

/// Answers that lie, break off or make no sense.
@Suite struct ProbeAnswerTests {
    private static let hash = SHA256Digest(of: Array("x\n".utf8))
    private static let questions = ProbeQuestions(
        files: [.init(path: "/a", expectedHashes: [SHA256Digest(of: [1])]), .init(path: "~/b"), .init(path: "/link")],
        packages: true, environment: ["E", "U"])
    private let request = ProbeRequest(questions, nonce: "d1")

    private static let good = [
        "home /home/x", "stat 0 81a4:0:0:2:root:root", "hash 0 \(hash.hexadecimal)", "body 0 base64 eAo=",
        "gone 1 missing", "stat 2 a1ff:0:0:1:root:UNKNOWN", "link 2 =t", "dangling 2", "pkg ii /curl/7.88.1-10/amd64",
        "pkgs dpkg",
        // "\nnoise\ndriftwatch-d1 name E\nvim\ndriftwatch-d1 set\ndriftwatch-d1 name U\ndriftwatch-d1 unset\ndriftwatch-d1 done\n"
        "env base64 Cm5vaXNlCmRyaWZ0d2F0Y2gtZDEgbmFtZSBFCnZpbQpkcmlmdHdhdGNoLWQxIHNldApkcmlmdHdhdGNoLWQxIG5hbWUgVQpkcmlmdHdhdGNoLWQxIHVuc2V0CmRyaWZ0d2F0Y2gtZDEgZG9uZQo=",
    ]

    private func answer(_ records: [String]) -> [UInt8] {
        let lines =
            ["noise", "driftwatch-probe d1 begin 1"] + records
            + ["\(records.count + 1)", "complete", "driftwatch-probe d1 end", "more noise"]
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    @Test func aWholeAnswerIsReadWhole() throws {
        let facts = try #require(try ProbeAnswer.facts(in: answer(Self.good), to: request))
        #expect(facts.home == "/home/x")
        let root = Account(name: "root", number: 0)
        #expect(
            facts.files["/a"]
                == .present(
                    FileEntry(
                        status: FileStatus(type: .file, mode: 0o644, owner: root, group: root, size: 2),
                        content: .read(Self.hash, bytes: Array("x\n".utf8)))))
        #expect(facts.files["~/b"] == .missing)
        guard case .present(let link) = facts.files["/link"] else {
            Issue.record("no link")
            return
        }
        #expect(link.link == .init(target: "t", destination: nil))
        #expect(link.status.group.name == nil)
        #expect(
            facts.packages
                == .dpkg(["curl": [.init(status: "ii ", version: "7.88.1-10", architecture: "amd64")]]))
        #expect(facts.environment == ["E": .value("vim"), "U": .unset])
    }

    @Test func noAnswerAtAllIsNone() throws {
        #expect(try ProbeAnswer.facts(in: [], to: request) == nil)
        #expect(try ProbeAnswer.facts(in: Array("driftwatch-probe d2 begin 1\n".utf8), to: request) == nil)
    }

    @Test(arguments: Self.good.indices) func aRecordThatIsMissingProvesNothing(index: Int) throws {
        var records = Self.good
        records.remove(at: index)
        let whole = try #require(try ProbeAnswer.facts(in: answer(Self.good), to: request))
        let facts = try #require(try ProbeAnswer.facts(in: answer(records), to: request))
        expectNoInvention(facts, whole)
    }

    @Test(arguments: [
        "stat 99 81a4:0:0:2:root:root", "stat -1 81a4:0:0:2:root:root", "stat x", "boo", "", "gone", "hash",
        "stat 18446744073709551616 81a4:0:0:2:root:root",
    ])
    func aRecordOfNoQuestionFailsTheWhole(record: String) {
        #expect(throws: ProbeFailure.self) { try ProbeAnswer.facts(in: answer([record] + Self.good), to: request) }
    }

    @Test(arguments: [
        "stat 0 81a4:0:0:2:root", "stat 0 zzzz:0:0:2:root:root", "stat 0 81a4:-1:0:2:root:root", "stat 0 ",
        "hash 0 abc", "gone 0 whatever", "gone 0",
    ])
    func aRecordThatMakesNoSenseMakesItsItemUnreadable(record: String) throws {
        let facts = try #require(try ProbeAnswer.facts(in: answer(Self.good + [record]), to: request))
        switch facts.files["/a"] {
        case .unreadable(.malformedAnswer): break
        case .present(let entry): #expect(entry.content == .unreadable(.malformedAnswer))
        default: Issue.record("\(facts.files)")
        }
    }

    @Test func contentsThatNobodyAskedForAreDropped() throws {
        let other = "body 0 base64 \("eQo=")"
        let facts = try #require(
            try ProbeAnswer.facts(in: answer(Self.good.filter { !$0.hasPrefix("body") } + [other]), to: request))
        guard case .present(let entry) = facts.files["/a"] else {
            Issue.record("no entry")
            return
        }
        #expect(entry.content == .read(Self.hash, bytes: nil))

        let shadow = ProbeRequest(
            ProbeQuestions(files: [.init(path: "/etc/shadow", expectedHashes: [SHA256Digest(of: [1])])]), nonce: "d1")
        let told = try #require(try ProbeAnswer.facts(in: answer(Array(Self.good[1...3])), to: shadow))
        guard case .present(let secret) = told.files["/etc/shadow"] else {
            Issue.record("no entry")
            return
        }
        #expect(secret.content == .read(Self.hash, bytes: nil))
    }

    @Test(arguments: [
        ("real 0 =/srv/x", true), ("real 0 =/etc/ppp/chap-secrets", false), ("real 0 =", false), ("real 0", false),
        ("real 0 srv/x", false),
    ])
    func whereAPathEndsDecidesToo(record: String, isShown: Bool) throws {
        let facts = try #require(try ProbeAnswer.facts(in: answer([record] + Self.good), to: request))
        guard case .present(let entry) = facts.files["/a"] else {
            Issue.record("no entry")
            return
        }
        #expect(entry.content == .read(Self.hash, bytes: isShown ? Array("x\n".utf8) : nil))
        #expect(Masking.mayReadContent(of: "/a", at: entry) == isShown)
    }

    /// A link in place of the home itself shows only to who knows the home.
    @Test func aTildeIsTheHomeThatItStandsFor() throws {
        let tilde = ProbeRequest(
            ProbeQuestions(files: [.init(path: "~/a", expectedHashes: [SHA256Digest(of: [1])])]), nonce: "d1")
        for (home, isShown) in [("/home/x", true), ("/srv/secrets/x", false)] {
            let records = ["home \(home)"] + Self.good[1...3]
            let facts = try #require(try ProbeAnswer.facts(in: answer(records), to: tilde))
            guard case .present(let entry) = facts.files["~/a"] else {
                Issue.record("no entry")
                return
            }
            #expect(entry.content == .read(Self.hash, bytes: isShown ? Array("x\n".utf8) : nil))
        }
    }

    @Test func controlCharactersAndBrokenTextBecomeHarmless() throws {
        let records = ["home /home/x", "stat 2 a1ff:0:0:1:ro\u{1B}ot:UNKNOWN", "link 2 =a\u{0}b\u{7}", "dangling 2"]
        let facts = try #require(try ProbeAnswer.facts(in: answer(records), to: request))
        guard case .present(let link) = facts.files["/link"] else {
            Issue.record("no link")
            return
        }
        #expect(link.link?.target == "a\u{FFFD}b\u{FFFD}")
        #expect(link.status.owner.name == "ro\u{FFFD}ot")
    }

    /// Cut, flipped, doubled and shuffled answers: never a crash, and nothing turns missing, unset or read by chance.
    @Test(arguments: 0..<40) func brokenAnswersInventNothing(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let whole = try #require(try ProbeAnswer.facts(in: answer(Self.good), to: request))
        for _ in 0..<50 {
            var bytes = answer(Self.good)
            switch random.next() % 4 {
            case 0: bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
            case 1:
                for _ in 0..<(1 + random.next() % 3) { bytes.remove(at: Int(random.next() % UInt64(bytes.count))) }
            case 2:
                let start = Int(random.next() % UInt64(bytes.count))
                bytes.insert(contentsOf: bytes[start...].prefix(20), at: start)
            default: bytes.removeSubrange(Int(random.next() % UInt64(bytes.count / 2))..<(bytes.count / 2))
            }
            do {
                guard let facts = try ProbeAnswer.facts(in: bytes, to: request) else { continue }
                for (path, fact) in facts.files where fact == .missing { #expect(path == "~/b") }
                for (name, fact) in facts.environment where fact == .unset { #expect(name == "U") }
                if case .present(let entry) = facts.files["/a"], case .read(let digest, let bytes) = entry.content {
                    #expect(bytes == nil || SHA256Digest(of: bytes ?? []) == digest)
                }
                _ = whole
            } catch {
                #expect([.truncated, .malformedAnswer, .probeOutdated].contains(error.reason))
            }
        }
    }

    private func expectNoInvention(_ facts: Facts, _ whole: Facts) {
        for (path, fact) in facts.files where fact == .missing { #expect(whole.files[path] == .missing) }
        for (name, fact) in facts.environment where fact == .unset { #expect(whole.environment[name] == .unset) }
        if case .dpkg = facts.packages { #expect(facts.packages == whole.packages) }
    }
}

/// A small generator with a seed, so that a failure can be seen again.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
