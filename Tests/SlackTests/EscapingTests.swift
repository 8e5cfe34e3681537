import Messages
import TestSupport
import Testing

@Suite("Escaping")
struct EscapingTests {
    @Test(
        "exactly three characters are escaped",
        arguments: [
            ("a & b", "a &amp; b"), ("<!channel>", "&lt;!channel&gt;"), ("&amp;", "&amp;amp;"), ("&lt;", "&amp;lt;"),
            ("\"quotes\" 'and' `code`", "\"quotes\" 'and' `code`"), ("*b* _i_ ~s~", "*b* _i_ ~s~"),
            ("<\u{301}", "&lt;\u{301}"), ("", ""), ("naïve 👩‍👩‍👧‍👦", "naïve 👩‍👩‍👧‍👦"),
        ])
    func exactlyThreeCharactersAreEscaped(text: String, escaped: String) {
        #expect(Escaping.slack.fit(text, 1000) == escaped)
        #expect(Escaping.none.fit(text, 1000) == text)
    }

    @Test(
        "what steers terminals and readers is taken out",
        arguments: [
            ("a\u{1b}[31mb", "a[31mb"), ("a\nb\r\nc\td", "a b  c d"), ("\0\u{7}\u{7f}\u{9b}x", "x"),
            ("\u{202e}gpj.exe\u{202c}", "gpj.exe"), ("\u{2066}a\u{2069}\u{200e}\u{200f}\u{61c}", "a"),
            ("a\u{2028}b\u{2029}c", "a b c"), ("\u{feff}\u{200b}\u{ad}x", "x"), ("\u{e0041}x", "x"), ("👩‍👧", "👩‍👧"),
        ])
    func whatSteersIsTakenOut(text: String, kept: String) {
        #expect(printable(text) == kept)
    }

    @Test(
        "text is cut between graphemes, never inside an entity",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abcdef", 1, "…"), ("abcdef", 0, ""),
            ("a<b", 6, "a&lt;b"),
            ("a<b", 5, "a…"), ("a<", 5, "a&lt;"), ("<<", 7, "&lt;…"), ("<<", 4, "…"), ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 21, "👩‍👩‍👧‍👦…"),
            ("👩‍👩‍👧‍👦!", 11, "…"),
        ])
    func textIsCutBetweenGraphemes(text: String, limit: Int, cut: String) {
        #expect(Escaping.slack.fit(text, limit) == cut)
    }

    @Test("hostile text always fits and reads back", arguments: 0..<100)
    func hostileTextAlwaysFitsAndReadsBack(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let text = String.hostile(maximumPieces: 30, using: &generator)
        let limit = Int.random(in: 0...400, using: &generator)
        let fitted = Escaping.slack.fit(text, limit)
        #expect(fitted.utf16.count <= limit)
        let read = unescaped(fitted)
        let whole = printable(text)
        if Escaping.slack.fit(text, .max).utf16.count <= limit {
            #expect(read == whole)
        } else if limit > 0 {
            let isStart = whole.unicodeScalars.starts(with: read.unicodeScalars.dropLast())
            #expect(isStart && read.unicodeScalars.last == "…")
        }
    }
}

/// As Slack decodes, scalar by scalar: fails on anything that is not one of the three entities.
func unescaped(_ text: String) -> String {
    let entities: [(String, Unicode.Scalar)] = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")]
    var rest = text.unicodeScalars[...]
    var read = String.UnicodeScalarView()
    while let scalar = rest.first {
        if scalar == "&", let (entity, character) = entities.first(where: { rest.starts(with: $0.0.unicodeScalars) }) {
            read.append(character)
            rest.removeFirst(entity.unicodeScalars.count)
        } else {
            if scalar == "&" || scalar == "<" || scalar == ">" { Issue.record("\(scalar) is not escaped") }
            read.append(scalar)
            rest.removeFirst()
        }
    }
    return String(read)
}
