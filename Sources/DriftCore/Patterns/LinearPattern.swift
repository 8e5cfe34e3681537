/// A regular expression that is matched in time linear in the text, whatever the pattern and the text.
///
/// The syntax is what `grep -P`, Python and JavaScript have in common, without what needs backtracking:
/// - literals, `.` (any character but a newline), `\` before punctuation, `\t \n \r \f \v \a \e \xHH \x{HHHH} \uHHHH`
/// - classes `[a-z_]`, `[^…]`, `\d \w \s` and their opposites `\D \W \S`, and `[:alpha:]` and its kin inside of a class; these
///   names mean ASCII
/// - `^ $ \A \z \b \B`; `^` and `$` are the ends of the text, or with `(?m)` of a line
/// - `|`, groups `(…)`, `(?:…)`, `(?<name>…)`; what a group matched is not kept
/// - `* + ? {m} {m,} {m,n}`, each also with `?` behind it, which makes no difference to whether a text matches
/// - `(?i)`, `(?m)`, `(?s)`, `(?i:…)`, `(?-i)`; case is that of single letters of the Latin, Greek and Cyrillic alphabets
///
/// All else is an error that names the character and says why. A pattern has at most ``maximumSize`` states once its
/// repetitions are written out, so a text of n characters takes at most n × ``maximumSize`` steps.
package struct LinearPattern: Hashable, Sendable {
    /// As it was written.
    package let text: String
    let program: PatternProgram

    /// The states of a compiled pattern: about one for each character that a match can have.
    package static let maximumSize = 2000

    package init(_ text: String) throws(PatternError) {
        self.text = text
        var parser = PatternParser(text)
        program = try PatternProgram(parser.parse())
    }

    /// Whether the pattern matches anywhere in `text`.
    ///
    /// For many texts make one ``Matcher`` and keep it: it remembers what it worked out.
    package func matches(_ text: some StringProtocol) -> Bool {
        var matcher = Matcher(self)
        return matcher.matches(text)
    }

    package static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

/// Why a text is not a pattern.
package struct PatternError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of the character, from 1; one past the end if something is missing there.
    package var character: Int
    package var reason: String

    package var description: String { "character \(character): \(reason)" }
}
