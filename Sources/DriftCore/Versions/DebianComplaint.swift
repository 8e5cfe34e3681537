internal import Redaction

extension DebianVersion {
    /// In dpkg's own words, and in the order in which dpkg looks; nil for a version that `dpkg --validate-version` accepts.
    package static func complaint(about text: String) -> VersionComplaint? {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let body = text.utf8.drop(while: isBlank)
        let rest = Array(body.prefix { !isBlank($0) })
        if rest.isEmpty { return VersionComplaint("version string is empty", isRefusal: true) }
        if !body.dropFirst(rest.count).allSatisfy(isBlank) {
            return VersionComplaint("version string has embedded spaces", isRefusal: true)
        }
        if let words = refusal(ofEpoch: rest, endsThere: body.count == rest.count) {
            return VersionComplaint(words, isRefusal: true)
        }
        return complaint(aboutNumbers: rest.firstIndex(of: UInt8(ascii: ":")).map { rest[($0 + 1)...] } ?? rest[...])
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
    private static func complaint(aboutNumbers text: ArraySlice<UInt8>) -> VersionComplaint? {
        let hyphen = text.lastIndex(of: UInt8(ascii: "-"))
        let upstream = text[..<(hyphen ?? text.endIndex)]
        let revision = hyphen.map { text[($0 + 1)...] }
        if let revision, revision.isEmpty { return VersionComplaint("revision number is empty", isRefusal: true) }
        if upstream.isEmpty { return VersionComplaint("version number is empty", isRefusal: true) }
        if upstream.first?.isDigit != true {
            return VersionComplaint("version number does not start with digit", isRefusal: false)
        }
        if !upstream.allSatisfy({ $0.isAlphanumeric || ".-+~:".utf8.contains($0) }) {
            return VersionComplaint("invalid character in version number", isRefusal: false)
        }
        if !(revision ?? []).allSatisfy({ $0.isAlphanumeric || ".+~".utf8.contains($0) }) {
            return VersionComplaint("invalid character in revision number", isRefusal: false)
        }
        return nil
    }
}
