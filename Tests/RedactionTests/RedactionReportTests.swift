import Foundation
import Redaction
import Testing

@testable import RedactionReport

/// The rates that are promised, over the cases of this repository.
@Suite struct RedactionReportTests {
    private static func cases() throws -> Cases {
        try Cases(folder: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "cases").path)
    }

    @Test func noKindThatMustStaySecretLeaks() throws {
        let cases = try Self.cases()
        #expect(cases.secrets.count > 100)
        for (file, secrets) in cases.leaking where file.must { Issue.record("\(file.id): \(secrets)") }
        #expect(cases.leaking.count * 20 <= cases.secrets.count)
    }

    @Test func nothingHarmlessIsHidden() throws {
        let cases = try Self.cases()
        #expect(cases.harmless.count > 100)
        for (line, shown) in cases.hidden { Issue.record("\(line) -> \(shown)") }
    }

    /// The whole file, not line by line: nothing stays open behind a line that only looks like a beginning.
    @Test func harmlessLinesStayHarmlessTogether() throws {
        let lines = try Self.cases().harmless.shuffled()
        let text = MaskedText(Array(lines.joined(separator: "\n").utf8))
        for line in text.maskedLines {
            Issue.record("\(lines[line]) -> \(String(decoding: text[line], as: UTF8.self))")
        }
    }

    /// Without its secrets every one of these files is shown.
    @Test func aMaskedLineStillSaysThatItDiffers() throws {
        for file in try Self.cases().secrets where file.must && !SecretPlaces.contains(file.path.utf8) {
            #expect(MaskedText(Array(file.text)).hasSecrets, "\(file.id)")
        }
    }
}
