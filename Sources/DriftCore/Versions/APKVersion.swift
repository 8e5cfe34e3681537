internal import Redaction

/// A version as apk reads and orders it: `number{.number}{letter}{_suffix{number}}{~hash}{-rN}`.
///
/// The order is that of apk-tools 3. Release 2 differs only where numbers behind a point begin with zeros.
package struct APKVersion: PackageVersion {
    private let bytes: ArraySlice<UInt8>

    package init(_ text: String) { bytes = Array(text.utf8)[...] }

    /// apk has no epochs.
    package var epoch: ArraySlice<UInt8> { [] }
    package var withoutEpoch: ArraySlice<UInt8> { bytes }
    package var upstream: ArraySlice<UInt8> {
        guard let hyphen = bytes.lastIndex(of: UInt8(ascii: "-")) else { return bytes }
        return bytes[..<hyphen]
    }

    package func order(against other: Self) -> Int {
        var (left, right) = (Tokens(bytes), Tokens(other.bytes))
        var (token, otherToken) = (left.next(), right.next())
        while token.kind == otherToken.kind, token.kind < .end {
            let order = token.order(against: otherToken)
            if order != 0 { return order }
            (token, otherToken) = (left.next(), right.next())
        }
        // What goes on is newer than what ends, unless it goes on as something before a release.
        if token.kind == otherToken.kind { return 0 }
        if token.isBeforeRelease { return -1 }
        if otherToken.isBeforeRelease { return 1 }
        return otherToken.kind.rawValue - token.kind.rawValue
    }

    package static func complaint(about text: String) -> VersionComplaint? {
        var tokens = Tokens(Array(text.utf8)[...])
        while true {
            switch tokens.next().kind {
            case .end: return nil
            case .invalid: return VersionComplaint("it is not \(form)", isRefusal: true)
            default: continue
            }
        }
    }

    private static let form = "number{.number}{letter}{_suffix{number}}{~hash}{-rN}"
}

/// One part of a version.
private struct Token {
    /// In the order in which they may follow each other.
    enum Kind: Int, Comparable {
        case firstNumber, number, letter, suffix, suffixNumber, hash, revision, end, invalid

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    var kind: Kind
    var text: ArraySlice<UInt8> = []
    /// The place of a suffix among ``suffixes``.
    var suffix = 0

    /// Older than the release in front of `p`atches and the states of repositories.
    var isBeforeRelease: Bool { kind == .suffix && suffix < Self.firstAfterRelease }

    /// Against a token of the same kind.
    func order(against other: Self) -> Int {
        let zero = UInt8(ascii: "0")
        switch kind {
        case .number where text.first == zero || other.text.first == zero: return text.order(asTextAgainst: other.text)
        case .firstNumber, .number, .suffixNumber, .revision: return text.order(asNumberAgainst: other.text)
        case .suffix: return suffix - other.suffix
        case .letter, .hash, .end, .invalid: return text.order(asTextAgainst: other.text)
        }
    }

    /// From the oldest to the newest; those from `cvs` on are newer than no suffix.
    static let suffixes = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"].map { Array($0.utf8) }
    static let firstAfterRelease = 4
}

/// Parts a version into tokens, up to its end or to what is not allowed there.
private struct Tokens {
    private var rest: ArraySlice<UInt8>
    private var last: Token.Kind?

    init(_ text: ArraySlice<UInt8>) { rest = text }

    mutating func next() -> Token {
        let token = take()
        last = token.kind
        return token
    }

    private mutating func take() -> Token {
        guard let last else { return number(.firstNumber) }
        guard let first = rest.first else { return Token(kind: .end) }
        switch Unicode.Scalar(first) {
        case "a"..."z" where last <= .number:
            defer { rest.removeFirst() }
            return Token(kind: .letter, text: rest.prefix(1))
        case "." where last <= .number:
            rest.removeFirst()
            return number(.number)
        case "0"..."9" where last == .suffix: return number(.suffixNumber)
        case "_" where last <= .suffixNumber:
            rest.removeFirst()
            let word = rest.take { $0.isLetter }
            guard let place = Token.suffixes.firstIndex(where: { word.elementsEqual($0) }) else { break }
            return Token(kind: .suffix, text: word, suffix: place)
        case "~" where last < .hash:
            rest.removeFirst()
            let hash = rest.take { $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
            if !hash.isEmpty { return Token(kind: .hash, text: hash) }
        case "-" where last < .revision:
            rest.removeFirst()
            if rest.take("r") { return number(.revision) }
        default: break
        }
        return Token(kind: .invalid)
    }

    private mutating func number(_ kind: Token.Kind) -> Token {
        let digits = rest.take(while: \.isDigit)
        return digits.isEmpty ? Token(kind: .invalid) : Token(kind: kind, text: digits)
    }
}
