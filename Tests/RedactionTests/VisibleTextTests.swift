import Testing

@testable import Redaction

@Suite struct VisibleTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("é ü 漢 ‹›", "é ü 漢 ‹›"), ("a\tb", "a␉b"), ("a\u{0}b", "a␀b"),
        ("\u{1B}[31mred", "␛[31mred"),
        ("a\r\nb", "a␍␊b"), ("\u{7F}", "␡"), ("\u{9B}x", "‹U+009B›x"), ("\u{202E}gpj.exe", "‹U+202E›gpj.exe"),
        ("a\u{2028}b", "a‹U+2028›b"), ("a\u{200B}b\u{FEFF}", "a‹U+200B›b‹U+FEFF›"), ("\u{E0041}", "‹U+E0041›"),
        ("\u{2066}x\u{2069}", "‹U+2066›x‹U+2069›"),
    ])
    func invisibleCharactersAreShown(text: String, shown: String) {
        #expect(VisibleText.line(text) == shown)
    }

    @Test func longTextsAreCutAndSaySo() {
        #expect(VisibleText.line(String(repeating: "a", count: 1024)).utf8.count == 1024)
        #expect(
            VisibleText.line(String(repeating: "a", count: 1030))
                == String(repeating: "a", count: 1024) + "… (6 more characters)")
        // One letter with a thousand accents is one character to Swift, but not to a screen.
        let accents = "a" + String(repeating: "\u{301}", count: 5000)
        #expect(VisibleText.line(accents).unicodeScalars.count < 1100)
    }
}

@Suite struct MediaTests {
    @Test(arguments: [
        ("a\u{A0}b", "a‹U+00A0›b"), ("a\u{3164}", "a‹U+3164›"), ("a\u{200D}b", "a‹U+200D›b"),
        ("a\u{FE00}", "a‹U+FE00›"), ("\u{2003}", "‹U+2003›"), ("\u{E000}", "‹U+E000›"),
    ])
    func whatLooksLikeAnotherTextIsShownAsEvidence(text: String, shown: String) {
        #expect(VisibleText.line(text) == shown)
    }

    @Test func theMediaDifferOnlyInTheirRendering() {
        let text = "a\tb\u{1B}[0m\u{202E}\u{200D}\nc"
        #expect(VisibleText.page(text) == "a\tb\u{FFFD}[0m\u{FFFD}\u{200D}\u{FFFD}c")
        #expect(VisibleText.terminal(text) == "a\\tb\\u{1b}[0m\\u{202e}\\u{200d}\\nc")
        #expect(VisibleText.message(text) == "a b[0m\u{200D} c")
        #expect(VisibleText.plain(text.utf8) == "a b[0m\u{200D}c")
        #expect(VisibleText.value(text.utf8) == "a\tb\u{FFFD}[0m\u{202E}\u{200D}\nc")
    }

    @Test(
        .timeLimit(.minutes(1)), arguments: [" ", "\u{0}", "\u{202E}", "\u{301}", "\n", "é", "\u{E000}"])
    func longTextsTakeNoTime(piece: String) {
        let text = String(repeating: piece, count: 4 << 20 / piece.utf8.count)
        #expect(VisibleText.line(text).utf8.count < 20_000)
        #expect(VisibleText.plain(text.utf8).utf8.count <= 800)
        #expect(Masking.detail(text).utf8.count < 4000)
    }
}
