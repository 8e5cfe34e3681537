import Foundation

/// Bytes that travel as one line: `base64 …`, or `hex …` where the server has no base64.
enum EncodedBytes {
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let (encoding, encoded) = text.cut()
        if encoding.isEqual(to: "base64") { return Data(base64Encoded: Data(encoded)).map { Array($0) } }
        return encoding.isEqual(to: "hex") ? hexadecimal(encoded) : nil
    }

    private static func hexadecimal(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var index = text.startIndex
        while index < text.endIndex {
            guard let high = text[index].hexadecimalValue, let low = text[index + 1].hexadecimalValue else {
                return nil
            }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }
}

/// The text of a symbolic link: as it is behind a `=`, or as `stat` quotes it in C's manner.
enum LinkText {
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.first == UInt8(ascii: "\"") else {
            return text.first == UInt8(ascii: "=") ? Array(text.dropFirst()) : nil
        }
        guard text.count >= 2, text.last == UInt8(ascii: "\"") else { return nil }
        var bytes: [UInt8] = []
        var rest = text.dropFirst().dropLast()
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = unescape(&rest) else { return nil }
            bytes.append(escaped)
        }
        return bytes
    }

    private static func unescape(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        guard let letter = rest.popFirst() else { return nil }
        switch letter {
        case UInt8(ascii: "a"): return 7
        case UInt8(ascii: "b"): return 8
        case UInt8(ascii: "t"): return 9
        case UInt8(ascii: "n"): return 10
        case UInt8(ascii: "v"): return 11
        case UInt8(ascii: "f"): return 12
        case UInt8(ascii: "r"): return 13
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "?"): return letter
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            guard let middle = rest.popFirst()?.octalValue, let last = rest.popFirst()?.octalValue else { return nil }
            return (letter - UInt8(ascii: "0")) << 6 | middle << 3 | last
        default: return nil
        }
    }
}

extension UInt8 {
    fileprivate var octalValue: UInt8? {
        (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(self) ? self - UInt8(ascii: "0") : nil
    }

    fileprivate var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
