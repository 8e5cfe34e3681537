import Redaction
import Testing

@testable import DriftCore

/// What a content that is not the wanted one is told with.
@Suite struct ComparisonDiffTests {
    private func found(
        _ wanted: FileExpectation.Content, _ bytes: [UInt8]?, of digest: SHA256Digest? = nil,
        show: FileExpectation.Show = .worldReadable, at path: ServerPath = "/etc/motd", mode: UInt16 = 0o644
    ) -> Mismatch? {
        let content = FileContent.read(digest ?? SHA256Digest(of: bytes ?? [1]), bytes: bytes)
        let finding = judge(
            .file(.init(path: path.text, content: wanted, show: show)),
            Facts(files: [path: file(.of(mode: mode), content: content)]))
        guard case .wrong(let mismatches) = finding, mismatches.count == 1 else { return nil }
        return mismatches.first
    }

    @Test func textsAreShownAsAUnifiedDiff() throws {
        let mismatch = try #require(found(template("a\nb\n"), Array("a\nc\r\n\u{1B}[1m".utf8)))
        #expect(
            mismatch.diff == """
                --- expected /etc/motd
                +++ actual /etc/motd
                @@ -1,2 +1,3 @@
                 a
                -b
                +c␍
                +␛[1m
                \\ No newline at end of file
                \\ ␍ is a carriage return; ␛ is an escape character

                """)
        #expect(mismatch.expected["template"] == "motd")
        #expect(mismatch.actual["note"] == nil)
    }

    @Test(
        arguments: [
            (.worldReadable, 0o644, true), (.worldReadable, 0o640, false), (.text, 0o600, true), (.text, 0o644, true),
            (.hidden, 0o644, false), (.hidden, 0o600, false),
        ] as [(FileExpectation.Show, UInt16, Bool)])
    func onlyWhatMayBeShownIs(show: FileExpectation.Show, mode: UInt16, isShown: Bool) throws {
        let mismatch = try #require(found(template("a\n"), Array("diary\n".utf8), show: show, mode: mode))
        #expect(mismatch.type == .wrongContent)
        #expect((mismatch.diff != nil) == isShown)
        #expect("\(mismatch)".contains("diary") == isShown)
    }

    @Test func whatIsHiddenShowsNoHash() throws {
        let mismatch = try #require(found(template("a\n"), Array("1234\n".utf8), show: .hidden))
        #expect(mismatch.expected == ["template": "motd"])
        #expect(mismatch.actual == ["note": "the content differs, and is not shown"])
    }

    @Test func aFileThatHoldsSecretsIsNeverShown() throws {
        let mismatch = try #require(
            found(template("a\n"), Array("diary\n".utf8), show: .text, at: "/root/.pgpass", mode: 0o600))
        #expect(mismatch.diff == nil)
        #expect(mismatch.actual["content_hash"] == nil)
    }

    /// The texts of one file are asked for by one pack and kept away by another, each with its own check.
    @Test func whatAnotherPackAsksForIsNotShownHere() throws {
        let mismatch = try #require(found(template("a\n"), Array("diary\n".utf8), mode: 0o600))
        #expect(mismatch.actual["note"] == "private, the text is not shown")
    }

    @Test func brokenTextIsShownByteForByte() throws {
        let mismatch = try #require(found(template("a\n"), [0x61, 0xE9, 0x0A]))
        #expect(try #require(mismatch.diff).hasSuffix("-a\n+a‹0xE9›\n\\ ‹0xE9› is a byte that is not UTF-8\n"))
    }

    @Test func longDiffsAreCut() throws {
        let text = (0..<5000).map { "line \($0)\n" }.joined()
        let diff = try #require(found(template(""), Array(text.utf8))?.diff)
        #expect(diff.split(separator: "\n").count == 203)
        #expect(
            diff.hasSuffix(
                "\\ All lines were compared, of 0 expected and \(text.utf8.count) actual bytes; 4801 more of this diff are not shown\n"
            ))
        let wide = try #require(found(template(""), Array(String(repeating: "é", count: 60_000).utf8))?.diff)
        #expect(wide.utf8.count < 4096)
    }

    @Test(
        arguments: [
            (template("a"), [UInt8](arrayLiteral: 1, 0, 2), "binary"),
            (.template(name: "b", bytes: [0]), Array("text".utf8), "a binary file is expected"),
            (.hash(anyDigest), [0], "binary"),
        ] as [(FileExpectation.Content, [UInt8], String)])
    func binariesHaveNoDiff(wanted: FileExpectation.Content, bytes: [UInt8], note: String) throws {
        let mismatch = try #require(found(wanted, bytes))
        #expect(mismatch.diff == nil)
        #expect(mismatch.actual["note"] == note)
        #expect(mismatch.actual["content_hash"] == SHA256Digest(of: bytes).description)
    }

    @Test func aHashAloneHasNoDiff() throws {
        let mismatch = try #require(found(.hash(anyDigest), Array("a\n".utf8)))
        #expect(mismatch.diff == nil)
        #expect(mismatch.expected == ["content_hash": anyDigest.description])
        #expect(mismatch.actual == ["content_hash": SHA256Digest(of: Array("a\n".utf8)).description])
    }

    @Test func bytesOfAnotherContentAreNotShown() throws {
        let mismatch = try #require(found(template("a"), Array("b".utf8), of: SHA256Digest(of: [9])))
        #expect(mismatch.diff == nil)
        #expect(mismatch.actual["note"] == "changed while it was read")
    }

    @Test func withoutBytesOnlyTheHashesAreTold() throws {
        let mismatch = try #require(found(template("a"), nil))
        #expect(mismatch.diff == nil)
        #expect(
            mismatch.actual == [
                "content_hash": SHA256Digest(of: [1]).description,
                "note": "only the hash was compared: the server did not send the text",
            ])
    }
}
