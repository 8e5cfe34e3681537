internal import Redaction

extension DebianVersion {
    /// What dpkg says of a text that is not a version, in the order in which it looks.
    package struct Complaint: Hashable, Sendable {
        /// dpkg's own words.
        package var words: String
        /// Whether dpkg does not compare such a text at all; others it compares with a warning.
        package var isRefusal: Bool

        /// Nil for a version that `dpkg --validate-version` accepts.
        package init?(about text: String) {
            let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
            let body = text.utf8.drop(while: isBlank)
            let rest = Array(body.prefix { !isBlank($0) })
            if rest.isEmpty {
                self.init("version string is empty", isRefusal: true)
            } else if !body.dropFirst(rest.count).allSatisfy(isBlank) {
                self.init("version string has embedded spaces", isRefusal: true)
            } else if let words = Self.refusal(ofEpoch: rest, endsThere: body.count == rest.count) {
                self.init(words, isRefusal: true)
            } else {
                let numbers = rest.firstIndex(of: UInt8(ascii: ":")).map { rest[($0 + 1)...] } ?? rest[...]
                self.init(aboutNumbers: numbers)
            }
        }

        private init(_ words: String, isRefusal: Bool) {
            self.words = words
            self.isRefusal = isRefusal
        }

        private static func refusal(ofEpoch text: [UInt8], endsThere: Bool) -> String? {
            guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let isNegative = text[0] == UInt8(ascii: "-")
            let digits = isNegative || text[0] == UInt8(ascii: "+") ? text[..<colon].dropFirst() : text[..<colon]
            guard digits.first?.isDigit == true else { return "epoch in version is empty" }
            guard digits.allSatisfy(\.isDigit) else { return "epoch in version is not number" }
            let number = Int32(String(decoding: digits, as: UTF8.self))
            if isNegative, number != 0 { return "epoch in version is negative" }
            guard number != nil else { return "epoch in version is too big" }
            return colon == text.count - 1 && endsThere ? "nothing after colon in version number" : nil
        }

        /// Of what stands behind the epoch.
        private init?(aboutNumbers text: ArraySlice<UInt8>) {
            let hyphen = text.lastIndex(of: UInt8(ascii: "-"))
            let upstream = text[..<(hyphen ?? text.endIndex)]
            let revision = hyphen.map { text[($0 + 1)...] }
            if let revision, revision.isEmpty {
                self.init("revision number is empty", isRefusal: true)
            } else if upstream.isEmpty {
                self.init("version number is empty", isRefusal: true)
            } else if upstream.first?.isDigit != true {
                self.init("version number does not start with digit", isRefusal: false)
            } else if !upstream.allSatisfy({ $0.isAlphanumeric || ".-+~:".utf8.contains($0) }) {
                self.init("invalid character in version number", isRefusal: false)
            } else if !(revision ?? []).allSatisfy({ $0.isAlphanumeric || ".+~".utf8.contains($0) }) {
                self.init("invalid character in revision number", isRefusal: false)
            } else {
                return nil
            }
        }
    }
}
