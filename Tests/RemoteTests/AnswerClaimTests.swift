import DriftCore
import Foundation
import Remote
import Testing

/// An answer is held to what it says of itself, and brings nothing that nobody needs.
@Suite struct AnswerClaimTests {
    private static let bytes = Array("x\n".utf8)
    private static let hash = SHA256Digest(of: bytes)

    private func facts(expecting hashes: Set<SHA256Digest>, topics: Int = 1) throws -> Facts {
        let request = ProbeRequest(ProbeQuestions(files: [.init(path: "/a", expectedHashes: hashes)]), nonce: "d1")
        let lines = [
            "driftwatch-probe d1 begin 2", "topics files", "try 1", "stat 0 81a4:0:0:2:root:root",
            "hash 0 \(Self.hash.hexadecimal)", "text 0 base64 eAo=", "status 1", "done 1", "answered files",
            "driftwatch-probe d1 end \(topics)",
        ]
        return try #require(try ProbeAnswer.facts(in: Array((lines.joined(separator: "\n") + "\n").utf8), to: request))
    }

    @Test func aTextThatIsAsEveryPackWantsItIsDropped() throws {
        #expect(try content(expecting: [Self.hash]) == .read(Self.hash, bytes: nil))
        #expect(try content(expecting: [Self.hash, SHA256Digest(of: [1])]) == .read(Self.hash, bytes: Self.bytes))
    }

    private func content(expecting hashes: Set<SHA256Digest>) throws -> FileContent? {
        guard case .present(let entry) = try facts(expecting: hashes).files["/a"] else { return nil }
        return entry.content
    }

    @Test(arguments: [0, 2]) func anAnswerThatMiscountsItsTopicsIsNone(topics: Int) {
        let failure = #expect(throws: ProbeFailure.self) { _ = try facts(expecting: [Self.hash], topics: topics) }
        #expect(failure?.reason == .malformedAnswer)
    }
}
