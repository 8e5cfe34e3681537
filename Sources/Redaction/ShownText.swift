/// Text made of signs, as it is shown: what is a mark can never be content, nor content a mark.
///
/// A mark stands between `‹` and `›`: `‹U+00A0›`, `‹0xFF›`, `‹masked›`, `‹2 spaces›`, `‹976 characters›`. Control characters
/// are their pictures (`␛`). Where a text has a `‹` or such a picture itself, that becomes a mark too, so the text can be
/// told from what is shown, but for what is masked or left out.
package struct ShownText: Hashable, Sendable {
    package var text: String { before + shown + after }
    /// The same without the numbers of what is left out.
    package private(set) var shown = ""
    private var before = ""
    private var after = ""
    /// The signs that were shown as marks or pictures, each once, in order; no more than a reader wants explained.
    package private(set) var marks: [Sign] = []

    private static let explained = 4
    private static let opening: Unicode.Scalar = "\u{2039}"

    /// Shows `signs`, and those that `isNamed` for certain by their numbers, even where they could be seen.
    ///
    /// `isNamed` is asked with the sign's place. Tabs stay where `keepingTabs`.
    package init(_ signs: ArraySlice<Sign>, keepingTabs: Bool, isNamed: (Int) -> Bool = { _ in false }) {
        // UTF-8: adding to an array is several times faster than adding scalars to a string.
        var shown: [UInt8] = []
        shown.reserveCapacity(signs.count)
        var isAfterMark = true
        var place = signs.startIndex
        while place < signs.endIndex {
            let sign = signs[place]
            let first = place
            place += 1
            switch sign {
            case .scalar(let scalar):
                if (0x21..<0x7F).contains(scalar.value), !isNamed(first) {
                    shown.append(UInt8(truncatingIfNeeded: scalar.value))
                    isAfterMark = false
                    continue
                }
                if isNamed(first), scalar == " " || scalar == "\t" {
                    while place < signs.endIndex, signs[place] == sign, isNamed(place) { place += 1 }
                    let name = scalar == " " ? "space" : "tab"
                    let count = place - first
                    shown += (count == 1 ? "‹\(name)›" : "‹\(count) \(name)s›").utf8
                } else if let picture = scalar.picture, !(scalar == "\t" && keepingTabs) {
                    note(sign)
                    shown += String(picture).utf8
                } else if isNamed(first) || Self.isMarked(scalar) || (isAfterMark && Self.combines(scalar)) {
                    note(sign)
                    shown += "‹\(scalar.codePoint)›".utf8
                } else {
                    shown += String(scalar).utf8
                    // On a blank, what combines would be as hard to see.
                    isAfterMark = scalar == " " || scalar == "\t"
                    continue
                }
            case .broken(let byte):
                note(sign)
                shown += "‹0x\(String(byte, radix: 16, uppercase: true))›".utf8
            case .masked:
                shown += Masking.mask.utf8
            }
            isAfterMark = true
        }
        self.shown = String(decoding: shown, as: UTF8.self)
    }

    /// Shows `range` of `signs`, with the number of those before and after it that are left out.
    package init(
        _ signs: [Sign], in range: Range<Int>, keepingTabs: Bool, isNamed: (Int) -> Bool = { _ in false }
    ) {
        self.init(signs[range], keepingTabs: keepingTabs, isNamed: isNamed)
        before = Self.leftOut(range.lowerBound)
        after = Self.leftOut(signs.count - range.upperBound)
    }

    private static func leftOut(_ count: Int) -> String {
        count == 0 ? "" : count == 1 ? "‹1 character›" : "‹\(count) characters›"
    }

    private mutating func note(_ sign: Sign) {
        if marks.count <= Self.explained, !marks.contains(sign) { marks.append(sign) }
    }

    /// Whether it is a mark wherever it stands.
    private static func isMarked(_ scalar: Unicode.Scalar) -> Bool {
        scalar.kind == .tab
            ? false : scalar.kind != .plain || scalar == opening || (0x2400...0x2421).contains(scalar.value)
    }

    /// Whether it would change the look of a mark before it.
    private static func combines(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x300 else { return false }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark: return true
        default: return false
        }
    }

    /// One line that says what the marks are, such as `‹U+00A0› is NO-BREAK SPACE`; nil if there are none.
    package static func legend(of marks: [Sign]) -> String? {
        var words: [String] = []
        var known: Set<String> = []
        for mark in marks {
            let word = word(for: mark)
            if known.insert(word).inserted { words.append(word) }
        }
        guard !words.isEmpty else { return nil }
        return words.prefix(explained).joined(separator: "; ") + (words.count > explained ? "; and more such" : "")
    }

    private static func word(for mark: Sign) -> String {
        switch mark {
        case .masked: return "\(Masking.mask) hides what looks like a secret"
        case .broken(let byte):
            return "‹0x\(String(byte, radix: 16, uppercase: true))› is a byte that is not UTF-8"
        case .scalar(let scalar):
            guard let picture = scalar.picture else {
                return "‹\(scalar.codePoint)› is \(scalar.properties.name ?? "a character without a name")"
            }
            let name =
                switch scalar {
                case "\t": "a tab"
                case "\n": "a line feed"
                case "\r": "a carriage return"
                case "\u{1B}": "an escape character"
                default: "the control character \(scalar.codePoint)"
                }
            return "\(picture) is \(name)"
        }
    }
}
