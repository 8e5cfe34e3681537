import Testing

@testable import DriftCore

@Suite struct MaskingSafeTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("é ü 漢 ‹›", "é ü 漢 ‹›"), ("a\tb", "a␉b"), ("a\u{0}b", "a␀b"),
        ("\u{1B}[31mred", "␛[31mred"),
        ("a\r\nb", "a␍␊b"), ("\u{7F}", "␡"), ("\u{9B}x", "‹U+009B›x"), ("\u{202E}gpj.exe", "‹U+202E›gpj.exe"),
        ("a\u{2028}b", "a‹U+2028›b"), ("a\u{200B}b\u{FEFF}", "a‹U+200B›b‹U+FEFF›"), ("\u{E0041}", "‹U+E0041›"),
        ("\u{2066}x\u{2069}", "‹U+2066›x‹U+2069›"),
    ])
    func invisibleCharactersAreShown(text: String, shown: String) {
        #expect(SafeText.line(text) == shown)
    }

    @Test func tabsOfContentsStay() {
        #expect(SafeText.contentLine("\ta\u{1B}") == "\ta␛")
    }

    @Test func longTextsAreCutAndSaySo() {
        #expect(SafeText.line(String(repeating: "a", count: 1024)).utf8.count == 1024)
        #expect(
            SafeText.line(String(repeating: "a", count: 1030))
                == String(repeating: "a", count: 1024) + "… (6 more characters)")
        // One letter with a thousand accents is one character to Swift, but not to a screen.
        let accents = "a" + String(repeating: "\u{301}", count: 5000)
        #expect(SafeText.line(accents).unicodeScalars.count < 1100)
    }
}
