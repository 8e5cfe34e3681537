/// What a character can be mistaken for: the other half of the table of ``SignKind``.
///
/// Only characters that people really paste or type by accident: letters of another keyboard, full-width forms, and what
/// word processors put in place of hyphens and quotation marks.
package struct Lookalike: Hashable, Sendable {
    /// Where a character comes from.
    package enum Origin: Hashable, Sendable {
        case cyrillic, greek, fullWidth
        /// Dashes, quotation marks, ligatures: at home in prose, and hardly ever in the name of a file.
        case typography
    }

    package var origin: Origin
    /// In ASCII.
    package var plain: String

    /// Nil for a character that is not mistaken for another one.
    package init?(_ scalar: Unicode.Scalar) {
        guard scalar.value > 0x7F else { return nil }
        if (0xFF01...0xFF5E).contains(scalar.value), let plain = Unicode.Scalar(scalar.value - 0xFEE0) {
            self.init(origin: .fullWidth, plain: String(Character(plain)))
        } else if let plain = Self.letters(Self.cyrillic, like: scalar) {
            self.init(origin: .cyrillic, plain: plain)
        } else if let plain = Self.letters(Self.greek, like: scalar) {
            self.init(origin: .greek, plain: plain)
        } else if let plain = Self.typography[scalar] {
            self.init(origin: .typography, plain: plain)
        } else {
            return nil
        }
    }

    private init(origin: Origin, plain: String) {
        self.origin = origin
        self.plain = plain
    }

    private static func letters(_ table: [Unicode.Scalar: Unicode.Scalar], like scalar: Unicode.Scalar) -> String? {
        table[scalar].map { String(Character($0)) }
    }

    private static func table(_ letters: String, _ plain: String) -> [Unicode.Scalar: Unicode.Scalar] {
        Dictionary(uniqueKeysWithValues: zip(letters.unicodeScalars, plain.unicodeScalars))
    }

    private static let cyrillic = table("аАВԁеЕһНіІјЈКӏМоОрРԛсСѕЅТԝхХуУ", "aABdeEhHiIjJKlMoOpPqcCsSTwxXyY")
    private static let greek = table("αΑΒΕΖΗιΙΚΜΝνοΟρΡΤυΥΧ", "aABEZHiIKMNvoOpPTuYX")

    private static let typography: [Unicode.Scalar: String] = [
        "\u{2010}": "-", "\u{2011}": "-", "\u{2012}": "-", "\u{2013}": "-", "\u{2014}": "-", "\u{2212}": "-",
        "\u{2018}": "'", "\u{2019}": "'", "\u{02BC}": "'", "\u{2032}": "'", "\u{00B4}": "'", "\u{201C}": "\"",
        "\u{201D}": "\"", "\u{201E}": "\"", "\u{201A}": ",", "\u{2024}": ".", "\u{2026}": "...", "\u{2044}": "/",
        "\u{2215}": "/", "\u{29F8}": "/", "\u{2217}": "*", "\u{223C}": "~", "\u{02DC}": "~", "\u{2236}": ":",
        "\u{FB00}": "ff", "\u{FB01}": "fi", "\u{FB02}": "fl", "\u{FB03}": "ffi", "\u{FB04}": "ffl", "\u{FB06}": "st",
    ]
}

extension Lookalike.Origin {
    /// Whether a letter belongs to the writing that the origin's characters come from.
    package func isHome(of scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .cyrillic: (0x0400...0x052F).contains(scalar.value)
        case .greek: (0x0370...0x03FF).contains(scalar.value) || (0x1F00...0x1FFF).contains(scalar.value)
        // Where full-width forms are typed on purpose there is Chinese, Japanese or Korean around them.
        case .fullWidth:
            scalar.properties.isIdeographic || (0x3040...0x30FF).contains(scalar.value)
                || (0xAC00...0xD7A3).contains(scalar.value) || (0xFF01...0xFF5E).contains(scalar.value)
        case .typography: false
        }
    }
}

extension Unicode.Scalar {
    /// The sign that stands for all of ASCII that look like this one in some font; nil if none does.
    ///
    /// Where `l` and `1`, or `O` and `0`, are all that two texts differ in, few readers see it.
    package var asciiTwin: Unicode.Scalar? {
        switch self {
        case "l", "1", "I": "l"
        case "O", "0": "O"
        default: nil
        }
    }

    /// `U+00A0 NO-BREAK SPACE`: the code point with the name that Unicode gives it, as far as it gives one.
    package var codePointAndName: String {
        let name = properties.name ?? properties.nameAlias
        return name.map { "\(codePoint) \($0)" } ?? codePoint
    }
}
