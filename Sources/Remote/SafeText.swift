/// Text from a server, made harmless.
enum SafeText {
    /// Bytes as text: broken UTF-8, NUL and control characters but newline and tab become U+FFFD.
    ///
    /// They are replaced, not dropped, so that no wrong value can turn into a right one.
    static func value(_ bytes: some Collection<UInt8>) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
            scalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(scalars)
    }

    /// One line for people: what would move the cursor, end the line or turn its direction is left out.
    static func line(_ bytes: some Collection<UInt8>, limit: Int = 200) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in String(decoding: bytes.prefix(limit * 4), as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control: if scalar == "\t" { scalars.append(" ") }
            case .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: break
            default: scalars.append(scalar)
            }
            if scalars.count >= limit { break }
        }
        return String(scalars)
    }

    /// A plain decimal number without sign, 15 digits at the most.
    static func number(_ bytes: some Collection<UInt8>) -> Int? {
        number(bytes, radix: 10)
    }

    static func number(_ bytes: some Collection<UInt8>, radix: Int) -> Int? {
        guard (1...15).contains(bytes.count), bytes.allSatisfy({ $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") })
        else { return nil }
        return Int(String(decoding: bytes, as: UTF8.self), radix: radix)
    }
}
