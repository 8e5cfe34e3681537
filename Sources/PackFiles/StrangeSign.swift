internal import DriftCore
import Foundation
internal import Redaction

/// The first character of a text that a person takes for another one, or does not see at all.
struct StrangeSign: Hashable {
    var scalar: Unicode.Scalar
    var fault: Fault

    /// What kinds of characters are looked for.
    struct Looking: OptionSet {
        let rawValue: Int
        /// Invisible ones, and those that look like a space.
        static let unseen = Looking(rawValue: 1)
        /// Letters of another alphabet among Latin ones, and full-width forms among narrow ones.
        static let letters = Looking(rawValue: 2)
        /// Dashes, quotation marks and ligatures of word processors.
        static let typography = Looking(rawValue: 4)
        /// Letters with their accents as characters of their own, where there is one character for both.
        static let decomposed = Looking(rawValue: 8)
        static let all: Looking = [.unseen, .letters, .typography, .decomposed]
    }

    static func first(in text: String, _ looking: Looking = .all) -> StrangeSign? {
        guard !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
        if looking.contains(.unseen), let sign = unseen(in: text) { return sign }
        if let sign = lookalike(in: text, looking) { return sign }
        return looking.contains(.decomposed) ? decomposed(in: text) : nil
    }

    private static func unseen(in text: String) -> StrangeSign? {
        let scalars = Array(text.unicodeScalars)
        for (place, scalar) in scalars.enumerated() {
            let isEdge = place == 0 || place == scalars.count - 1
            switch scalar.kind {
            case .blank:
                let what = "a character that looks like a space, \(scalar.codePointAndName)"
                return StrangeSign(scalar, what, hint: "write a plain space, or remove it")
            case .joiner where !isEdge, .plain, .unknown: continue
            case .joiner, .invisible, .tab, .lineBreak, .control:
                let what = "a character that cannot be seen, \(scalar.codePointAndName)"
                return StrangeSign(scalar, what, hint: "remove it")
            }
        }
        return nil
    }

    private static func lookalike(in text: String, _ looking: Looking) -> StrangeSign? {
        let scalars = text.unicodeScalars
        guard scalars.contains(where: { Lookalike($0) != nil }) else { return nil }
        // Whether the text is written in what the character can be mistaken for.
        func isPlain(_ origin: Lookalike.Origin) -> Bool {
            scalars.contains {
                isLatinLetter($0) || origin == .fullWidth && $0.isASCII && $0.properties.numericType != nil
            }
        }
        for word in scalars.split(whereSeparator: { !$0.properties.isAlphabetic && Lookalike($0) == nil }) {
            for scalar in word {
                guard let likeness = Lookalike(scalar) else { continue }
                guard likeness.origin != .typography else {
                    if looking.contains(.typography) { return StrangeSign(scalar, like: likeness) }
                    continue
                }
                guard looking.contains(.letters), isPlain(likeness.origin) else { continue }
                // One letter that is like no Latin one shows that the writing is meant: in the word where Latin letters
                // are mixed in, anywhere in the text where the word has none.
                let isMeant = { (scalar: Unicode.Scalar) in
                    likeness.origin.isHome(of: scalar) && Lookalike(scalar) == nil
                }
                let isMixed = likeness.origin != .fullWidth && word.contains(where: isLatinLetter)
                if isMixed ? !word.contains(where: isMeant) : !scalars.contains(where: isMeant) {
                    return StrangeSign(scalar, like: likeness)
                }
            }
        }
        return nil
    }

    private static func isLatinLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && scalar.properties.isAlphabetic
    }

    private static func decomposed(in text: String) -> StrangeSign? {
        let composed = text.precomposedStringWithCanonicalMapping
        guard !composed.utf8.elementsEqual(text.utf8) else { return nil }
        let kept = Set(composed.unicodeScalars)
        for scalar in text.unicodeScalars where !kept.contains(scalar) && !scalar.isASCII {
            let usual = String(Character(scalar)).precomposedStringWithCanonicalMapping
            if !usual.utf8.elementsEqual(String(Character(scalar)).utf8) {
                return StrangeSign(
                    scalar, "\(scalar.codePointAndName), which looks like \(quoted(usual))",
                    hint: "type a plain \(quoted(usual))")
            }
            if scalar.properties.isDiacritic || scalar.properties.canonicalCombiningClass != .notReordered {
                return StrangeSign(
                    scalar, "a letter whose accent is a character of its own, \(scalar.codePointAndName)",
                    hint: "to Linux this differs from the name as you type it on a keyboard; type it again")
            }
        }
        return nil
    }

    private init(_ scalar: Unicode.Scalar, _ message: String, hint: String) {
        self.scalar = scalar
        fault = Fault(message, hint: hint)
    }

    private init(_ scalar: Unicode.Scalar, like likeness: Lookalike) {
        self.init(
            scalar, "\(scalar.codePointAndName), which looks like \(quoted(likeness.plain))",
            hint: "type a plain \(quoted(likeness.plain))")
    }
}
