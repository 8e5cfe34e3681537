/// What a Unicode scalar is to a reader: the one table that every rendering of ``VisibleText`` goes by.
package enum SignKind: Hashable, Sendable {
    /// It shows as itself.
    case plain
    case tab
    /// Line feed, carriage return, and all others that end a line.
    case lineBreak
    /// Any other control character.
    case control
    /// Invisible, but scripts and emoji need it: the two joiners, and the two selectors of text and emoji style.
    case joiner
    /// Invisible, or turns its neighbours around: format characters, fillers, variation selectors.
    case invisible
    /// It looks like a space but is another character.
    case blank
    /// No meaning that everybody knows: unassigned, for private use, no character at all.
    case unknown

    package init(_ scalar: Unicode.Scalar) {
        self =
            switch scalar.value {
            case 0x20...0x7E: .plain
            case 0x09: .tab
            case 0x0A...0x0D, 0x85, 0x2028, 0x2029: .lineBreak
            case 0x00...0x1F, 0x7F...0x9F: .control
            case 0x200C, 0x200D, 0xFE0E, 0xFE0F: .joiner
            case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x3164, 0xFE00...0xFE0D, 0xFFA0,
                0xE0100...0xE01EF:
                .invisible
            case 0x2800: .blank
            default: Self.byCategory(scalar.properties.generalCategory)
            }
    }

    private static func byCategory(_ category: Unicode.GeneralCategory) -> SignKind {
        switch category {
        case .format: .invisible
        case .spaceSeparator: .blank
        case .unassigned, .privateUse, .surrogate: .unknown
        default: .plain
        }
    }

    /// Whether a person sees it for what it is.
    package var isVisible: Bool { self == .plain || self == .blank || self == .joiner }
}

extension Unicode.Scalar {
    package var kind: SignKind { SignKind(self) }

    /// `U+00A0`: how people name a character that cannot be seen.
    package var codePoint: String {
        let digits = String(value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// The picture of a control character, such as `␛`; nil for any other.
    var picture: Unicode.Scalar? {
        switch value {
        case 0x00..<0x20: Unicode.Scalar(0x2400 + value)
        case 0x7F: "\u{2421}"
        default: nil
        }
    }
}
