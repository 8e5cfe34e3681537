internal import CLibcrypto

/// A SHA-256, written as 64 lower-case hexadecimal digits; in packs and in the database with `sha256:` before them.
package struct SHA256Digest: Hashable, Sendable, Codable, CustomStringConvertible {
    package let hexadecimal: String

    /// Reads `sha256:` and 64 hexadecimal digits, or the digits alone.
    package init?(_ text: String) {
        let digits = text.hasPrefix("sha256:") ? String(text.dropFirst("sha256:".count)) : text
        guard digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit), digits.utf8.allSatisfy({ $0 < 128 }) else {
            return nil
        }
        hexadecimal = digits.lowercased()
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
        hexadecimal = digest.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
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
