/// One value of DER (X.690): strict, so that no two programs can read different things from the same bytes.
struct DERValue {
    let tag: UInt8
    /// The whole value, its header included.
    let bytes: ArraySlice<UInt8>
    let content: ArraySlice<UInt8>

    /// Reads the value that `bytes` begins with, and removes it; nil if there is none that DER allows.
    init?(next bytes: inout ArraySlice<UInt8>) {
        guard bytes.count >= 2, let tag = bytes.first, tag & 0x1F != 0x1F else { return nil }
        var rest = bytes.dropFirst()
        guard let first = rest.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            let count = Int(first & 0x7F)
            // Not more bytes than needed, and none without an end.
            guard (1...4).contains(count), rest.count >= count, rest.first != 0 else { return nil }
            length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(count)
            guard length >= 0x80 else { return nil }
        }
        guard rest.count >= length else { return nil }
        self.tag = tag
        content = rest.prefix(length)
        self.bytes = bytes.prefix(bytes.count - rest.count + length)
        bytes = rest.dropFirst(length)
    }

    /// Reads bytes that are one value and nothing else.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        self.init(next: &rest)
        guard rest.isEmpty else { return nil }
    }

    /// The values in this one; nil if its content is not a row of values.
    var parts: [DERValue]? {
        guard tag & 0x20 != 0 else { return nil }
        var rest = content
        var parts: [DERValue] = []
        while !rest.isEmpty {
            guard let part = DERValue(next: &rest) else { return nil }
            parts.append(part)
        }
        return parts
    }
}

extension DERValue {
    static let octetString: UInt8 = 0x04
    static let objectIdentifier: UInt8 = 0x06
    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31

    /// A text of one of the types that names have.
    var text: String? {
        switch tag {
        // UTF8String, PrintableString, IA5String, and what some authorities wrote before 2004.
        case 0x0C, 0x12, 0x13, 0x16: String(validating: content, as: UTF8.self)
        case 0x14: String(String.UnicodeScalarView(content.map { Unicode.Scalar($0) }))
        case 0x1E where content.count.isMultiple(of: 2):
            String(
                decoding: stride(from: content.startIndex, to: content.endIndex, by: 2).map {
                    UInt16(content[$0]) << 8 | UInt16(content[$0 + 1])
                }, as: UTF16.self)
        default: nil
        }
    }

    /// UTCTime or GeneralizedTime, as RFC 5280 allows them.
    var moment: Certificate.Moment? {
        let digits = content.dropLast().map { Int64($0) - 0x30 }
        guard content.last == UInt8(ascii: "Z"), digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        func number(_ range: Range<Int>) -> Int64 { digits[range].reduce(0) { $0 * 10 + $1 } }
        let year: Int64
        switch (tag, digits.count) {
        case (0x17, 12): year = number(0..<2) < 50 ? 2000 + number(0..<2) : 1900 + number(0..<2)
        case (0x18, 14): year = number(0..<4)
        default: return nil
        }
        let start = digits.count - 10
        let fields = (0..<5).map { number(start + 2 * $0..<start + 2 * $0 + 2) }
        guard (1...12).contains(fields[0]), (1...31).contains(fields[1]), fields[2] < 24, fields[3] < 60, fields[4] < 61
        else { return nil }
        let day = ([year] + fields.prefix(2)).map { ($0 < 10 ? "0" : "") + String($0) }.joined(separator: "-")
        let time = fields[2] * 3600 + fields[3] * 60 + fields[4]
        return Certificate.Moment(seconds: Self.days(year, fields[0], fields[1]) * 86400 + time, day: day)
    }

    /// Days from 1970 to a day of the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Years that begin in March, so that the leap day is the last.
        let year = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719468
    }
}
