internal import Redaction

/// A decimal number of any size, with the unit behind it: `10`, `-1.50`, `64MB`, `30 s`.
///
/// Numbers are compared exactly, and only with numbers of the same unit: what `1G` is in `M` depends on the program.
struct ExactNumber: Hashable, Sendable {
    /// As it was written.
    let text: String
    let unit: String
    private let isNegative: Bool
    /// Without leading zeros.
    private let whole: String
    /// Without trailing zeros.
    private let fraction: String

    /// Nil if `text` is not a number.
    init?(_ text: String) {
        var rest = text.utf8[...]
        let isSigned = rest.first == UInt8(ascii: "-")
        if isSigned || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = rest.prefix(while: \.isDigit)
        guard !whole.isEmpty else { return nil }
        rest = rest.dropFirst(whole.count)
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: \.isDigit)
            guard !fraction.isEmpty else { return nil }
            rest = rest.dropFirst(fraction.count + 1)
        }
        if rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
        // An octal or hexadecimal number, a version or a list is another thing.
        guard rest.allSatisfy({ ($0.isAlphanumeric && !$0.isDigit) || $0 == UInt8(ascii: "%") }) else { return nil }
        self.text = text
        unit = String(decoding: rest, as: UTF8.self)
        self.whole = String(decoding: whole.drop { $0 == UInt8(ascii: "0") }, as: UTF8.self)
        while fraction.last == UInt8(ascii: "0") { fraction = fraction.dropLast() }
        self.fraction = String(decoding: fraction, as: UTF8.self)
        isNegative = isSigned && !(self.whole.isEmpty && self.fraction.isEmpty)
    }

    /// Nil if the units differ.
    func isLess(than other: ExactNumber) -> Bool? {
        guard unit == other.unit else { return nil }
        if isNegative != other.isNegative { return isNegative }
        return isNegative ? other.isSmaller(than: self) : isSmaller(than: other)
    }

    /// By its amount alone.
    private func isSmaller(than other: ExactNumber) -> Bool {
        let (count, otherCount) = (whole.utf8.count, other.whole.utf8.count)
        if count != otherCount { return count < otherCount }
        if whole != other.whole { return whole < other.whole }
        return fraction < other.fraction
    }
}
