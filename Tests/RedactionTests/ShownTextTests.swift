import Testing

@testable import Redaction

@Suite struct ShownTextTests {
    private func shown(_ bytes: [UInt8], keepingTabs: Bool = true) -> ShownText {
        ShownText(Sign.signs(in: bytes)[...], keepingTabs: keepingTabs)
    }

    @Test(
        arguments: [
            ([0x61, 0xFF, 0x62], "a‹0xFF›b"), ([0xC3, 0x28], "‹0xC3›("), ([0xE2, 0x82], "‹0xE2›‹0x82›"),
            ([0xC3, 0xA9], "é"), ([0xF0, 0x9F, 0x98, 0x80], "😀"), ([0xED, 0xA0, 0x80], "‹0xED›‹0xA0›‹0x80›"),
            (Array("\ta\u{1B}".utf8), "\ta␛"),
        ] as [([UInt8], String)])
    func bytesAreShownForWhatTheyAre(bytes: [UInt8], text: String) {
        #expect(shown(bytes).text == text)
    }

    @Test(arguments: [
        ("‹U+00A0›", "‹U+2039›U+00A0›"), ("‹masked›", "‹U+2039›masked›"), ("␛", "‹U+241B›"), ("a›", "a›"),
        ("\u{301}a", "‹U+0301›a"), ("e\u{301}", "e\u{301}"), ("\u{A0}\u{301}", "‹U+00A0›‹U+0301›"),
        (" \u{301}", " ‹U+0301›"),
    ])
    func contentIsNeverTakenForAMark(content: String, text: String) {
        #expect(shown(Array(content.utf8)).text == text)
    }

    @Test func whatIsNamedSaysHowOften() {
        let text = ShownText(Sign.signs(in: "a  \t b".utf8)[...], keepingTabs: true) { $0 > 0 }
        #expect(text.text == "a‹2 spaces›‹tab›‹space›‹U+0062›")
    }

    @Test func theLegendNamesEachMarkOnceAndNotTooMany() {
        #expect(ShownText.legend(of: []) == nil)
        let marks = shown(Array("\u{A0}\u{A0}\r\u{E9}".utf8) + [0xE9]).marks
        #expect(
            ShownText.legend(of: marks)
                == "‹U+00A0› is NO-BREAK SPACE; ␍ is a carriage return; ‹0xE9› is a byte that is not UTF-8")
        let many = shown(Array("\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}".utf8)).marks
        #expect(ShownText.legend(of: many)?.hasSuffix("; ␄ is the control character U+0004; and more such") == true)
    }

    @Test func aMaskIsOneSignWhateverItHides() {
        let signs = MaskedText(Array("x\npassword = c4n4ry-of-some-length\n".utf8)).signs
        #expect(signs.count == "x\npassword = ".count + 2)
        #expect(ShownText(signs[...], keepingTabs: true).text == "x␊password = ‹masked›␊")
    }

    @Test(arguments: [
        ("a\u{430}", "aa"), ("e\u{301}", "é"), ("a b", "a\t\u{A0}b "), ("it’s – “so”", "it's - \"so\""),
        ("\u{FF21}", "A"), ("a\u{200B}b\r", "ab"),
        ("0", "O"), ("l", "1"), ("I", "l"), ("\u{406}", "1"),
    ])
    func whatLooksTheSameMakesOneImpression(one: String, other: String) {
        #expect(Sign.signs(in: one.utf8).impression == Sign.signs(in: other.utf8).impression)
    }

    @Test(arguments: [("a", "b"), ("é", "e"), ("ü", "ö"), ("漢", "字"), ("0", "o"), ("1", "i"), ("O", "Q")])
    func whatLooksDifferentDoesNot(one: String, other: String) {
        #expect(Sign.signs(in: one.utf8).impression != Sign.signs(in: other.utf8).impression)
    }
}
