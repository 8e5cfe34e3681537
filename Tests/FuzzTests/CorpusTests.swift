import Foundation
import FuzzTargets
import Remote
import Testing

/// Everything that the fuzzer ever found, and what it starts from.
///
/// How long an input takes is `scripts/fuzz`'s business; here one that does not end within a minute fails.
@Suite struct CorpusTests {
    struct Input: CustomTestStringConvertible {
        var target: FuzzTarget
        var file: URL
        var testDescription: String { "\(target.rawValue)/\(file.lastPathComponent)" }
    }

    static let inputs: [Input] = FuzzTarget.allCases.flatMap { target in
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Corpus/\(target.rawValue)")
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).sorted { $0.path < $1.path }.map { Input(target: target, file: $0) }
    }

    @Test func everyTargetHasACorpus() {
        #expect(Set(Self.inputs.map(\.target)) == Set(FuzzTarget.allCases))
    }

    @Test(.timeLimit(.minutes(1)), arguments: inputs)
    func isReadWithoutAFault(input: Input) throws {
        #expect(input.target.fault(in: Array(try Data(contentsOf: input.file))) == nil)
    }

    /// Long inputs of one kind each, which a corpus of small files cannot hold.
    @Test(.timeLimit(.minutes(1)), arguments: FuzzTarget.allCases, LongInput.all)
    func longInputsOfOneKindAreReadToTheirEnd(target: FuzzTarget, input: LongInput) {
        #expect(target.fault(in: input.bytes(for: target)) == nil)
    }
}

/// What once took minutes, or might.
struct LongInput: CustomTestStringConvertible, Sendable {
    let testDescription: String
    private let part: [UInt8]

    private init(_ name: String, _ part: String) {
        testDescription = name
        self.part = Array(part.utf8)
    }

    static let all = [
        Self("line feeds", "\n"), Self("blanks", " "), Self("assignments", "a="), Self("quotes", "\""),
        Self("letters", "x"), Self("words", "password "), Self("lines", "key: value\n"), Self("colons", "a:"),
        Self("comments", "# "), Self("brackets", "{["), Self("begins", "-----BEGIN PRIVATE KEY-----\n"),
        Self("escapes", "\u{1B}\u{202E}"), Self("backslashes", "\\\n"), Self("heredocs", "<<E\n"),
    ]

    /// 16 KiB on each side of a diff, and 64 KiB of all else: a debug build is slow.
    func bytes(for target: FuzzTarget) -> [UInt8] {
        func repeated(_ count: Int) -> [UInt8] { Array((0..<(count / part.count)).map { _ in part }.joined()) }
        switch target {
        case .answer: return Array("driftwatch-probe d1 begin \(ProbeScript.version)\n".utf8) + repeated(65_536)
        case .redaction: return repeated(65_536)
        case .diff: return repeated(16_384) + [0] + part.reversed() + repeated(16_384)
        }
    }
}
