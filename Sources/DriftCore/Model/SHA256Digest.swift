internal import CLibcrypto

/// A SHA-256, written as 64 lower-case hexadecimal digits; in packs and in the database with `sha256:` before them.
package struct SHA256Digest: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The bits, the first ones first.
    private let words: Words

    private struct Words: Hashable, Sendable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0

        /// Moves everything up by the bits of one hexadecimal digit.
        mutating func append(_ digit: UInt64) {
            first = first << 4 | second >> 60
            second = second << 4 | third >> 60
            third = third << 4 | fourth >> 60
            fourth = fourth << 4 | digit
        }
    }

    /// Reads `sha256:` and 64 hexadecimal digits, or the digits alone.
    package init?(_ text: String) {
        let digits = text.utf8.starts(with: "sha256:".utf8) ? text.utf8.dropFirst(7) : text.utf8[...]
        self.init(hexadecimal: digits)
    }

    /// Reads 64 hexadecimal digits.
    package init?(hexadecimal digits: some Sequence<UInt8>) {
        var words = Words()
        var count = 0
        for digit in digits {
            count += 1
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): words.append(UInt64(digit - UInt8(ascii: "0")))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): words.append(UInt64(digit - UInt8(ascii: "a") + 10))
            case UInt8(ascii: "A")...UInt8(ascii: "F"): words.append(UInt64(digit - UInt8(ascii: "A") + 10))
            default: return nil
            }
            if count > 64 { return nil }
        }
        guard count == 64 else { return nil }
        self.words = words
    }

    /// 64 lower-case digits.
    package var hexadecimal: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(64)
        for word in [words.first, words.second, words.third, words.fourth] {
            for shift in stride(from: 60, through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 0xF
                digits.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    package init(of bytes: [UInt8]) {
        let digest = unsafe [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { buffer, count in
            _ = unsafe SHA256(bytes, bytes.count, buffer.baseAddress)
            count = Int(SHA256_DIGEST_LENGTH)
        }
        self.init(digest)
    }

    /// HMAC-SHA256: recognises a secret again without storing it.
    package init(authenticating secret: [UInt8], key: [UInt8]) {
        let digest = unsafe [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { buffer, count in
            var length: UInt32 = 0
            _ = unsafe HMAC(
                EVP_sha256(), key, Int32(key.count), secret, secret.count, buffer.baseAddress, &length)
            count = Int(length)
        }
        self.init(digest)
    }

    private init(_ digest: [UInt8]) {
        var words = Words()
        for byte in digest {
            words.append(UInt64(byte >> 4))
            words.append(UInt64(byte & 0xF))
        }
        self.words = words
    }

    /// The first 16 bytes: enough to tell values apart that nobody could make equal on purpose.
    package var firstHalf: [UInt8] {
        [words.first, words.second].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }

    package var description: String { "sha256:\(hexadecimal)" }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a SHA-256: \(text.prefix(80))"))
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
