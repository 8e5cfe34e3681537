import DriftCore
import Remote
import TestSupport
import Testing

/// A child that hangs is killed, perhaps in the middle of a line.
@Suite struct CutAnswerTests {
    private static let hash = SHA256Digest(of: Array("x\n".utf8)).hexadecimal
    private let request = ProbeRequest(
        ProbeQuestions(files: [.init(path: "/a", expectedHashes: [SHA256Digest(of: [1])]), .init(path: "/b")]),
        nonce: "d1")

    private func facts(_ records: [String]) throws -> Facts {
        let lines =
            ["driftwatch-probe d1 begin 2", "topics files"] + records + ["answered files", "driftwatch-probe d1 end 1"]
        return try #require(try ProbeAnswer.facts(in: Array((lines.joined(separator: "\n") + "\n").utf8), to: request))
    }

    private static let again = ["try 10001", "gone 0 missing", "gone 1 missing", "status 10001", "done 10001"]

    @Test(arguments: ["", "b68cad9cd8e420a3e041a1b00ea41d", "gone 0 mis", "gone 1", "status", "try", "elev", "driftwa"])
    func theLineBeforeItDoesNotCount(rest: String) throws {
        let facts = try facts(["try 1", "gone 1 missing", rest, "cut d1"] + Self.again)
        #expect(facts.files.values.allSatisfy { $0 == .missing })
    }

    @Test func theLineBeforeItDoesNotCountThoughItLooksWhole() throws {
        // Of `nohash 1 denied`.
        let facts = try facts(["try 1", "gone 0 missing", "status 1", "gone 1 missing", "cut d1"])
        #expect(facts.files["/a"] == .missing)
        #expect(facts.files["/b"] == .unreadable(.slow))
    }

    @Test func itEndsWhatRootSays() throws {
        for begun in [[], ["driftwatch-probe d10 begin 2", "topics files", "try 1", "gone 0 mi"]] {
            let facts = try facts(
                ["try 1", "status 1", "done 1", "elevate", "a lecture"] + begun + ["cut d1"] + Self.again)
            #expect(facts.files.values.allSatisfy { $0 == .missing })
        }
    }

    @Test func rootsProbeEndsOnlyItsOwnChild() throws {
        let denied = ["stat 0 8180:0:0:2:root:root", "nohash 0 denied"]
        let facts = try facts(
            ["try 1"] + denied + [
                "gone 1 missing", "status 1", "done 1", "elevate", "driftwatch-probe d10 begin 2", "try 1", "gone 0",
            ]
                + [
                    "", "", "cut d10", "try 10001", "stat 0 8180:0:0:2:root:root", "hash 0 \(Self.hash)",
                    "status 10001",
                    "done 10001",
                ]
                + ["answered files", "driftwatch-probe d10 end 1", "elevated d1"])
        guard case .present(let entry) = facts.files["/a"] else {
            Issue.record("\(facts)")
            return
        }
        #expect(entry.content == .read(SHA256Digest(of: Array("x\n".utf8)), bytes: nil))
    }

    @Test(arguments: ["cut d2", "cut d10", "cut "]) func nobodyElseCuts(line: String) throws {
        #expect(throws: ProbeFailure.self) { try facts(["try 1", "gone 1", line] + Self.again) }
    }

    /// The first child says half a line, then hangs.
    @Test(arguments: [["/bin/sh"], ["/bin/dash"], ["/bin/bash"]])
    func whatAKilledChildSaidLastSpoilsNothing(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("\(shell[0]) is not installed") }
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let ended = #"dw_put "status $1""#
        let script = ProbeScript.text.replacing(
            ended, with: "\(ended)\nif [ \"$1\" = 1 ]; then dw_flush; printf b68cad; sleep 60; fi")
        #expect(script != ProbeScript.text)
        let request = ProbeRequest(folder.questions)
        let answer = try await Tool.run(shell + ["-c", script, script, "chosen"], input: request.input)
        #expect(answer.text.contains("b68cad\ncut "))
        folder.expect(try #require(try ProbeAnswer.facts(in: answer.output, to: request)))
    }
}
