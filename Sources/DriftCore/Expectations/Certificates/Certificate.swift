internal import Redaction

/// What a check needs of an X.509 certificate (RFC 5280).
///
/// Its signature is not verified.
struct Certificate: Hashable {
    struct Moment: Hashable {
        /// Since 1970.
        var seconds: Int64
        /// In UTC, such as `2026-12-01`.
        var day: String
    }

    /// As bytes, which are the same where one certificate is issued by another.
    let issuer: [UInt8]
    let subject: [UInt8]
    /// The issuer's common name, and its organisation.
    let issuerNames: [String]
    let notBefore: Moment
    let notAfter: Moment
    /// The subject's alternative names: host names in lower case, and addresses.
    let names: [String]

    /// Nil if the bytes are not a certificate in DER.
    init?(der: [UInt8]) {
        guard let whole = DERValue(der[...]), whole.tag == DERValue.sequence, let parts = whole.parts, parts.count == 3,
            parts[0].tag == DERValue.sequence, var fields = parts[0].parts
        else { return nil }
        // The version, which only version 1 leaves out.
        if fields.first?.tag == 0xA0 { fields.removeFirst() }
        // Serial number, algorithm, issuer, validity, subject, key.
        guard fields.count >= 6, fields[2].tag == DERValue.sequence, fields[4].tag == DERValue.sequence,
            let issuerNames = Self.names(in: fields[2]), let times = fields[3].parts, times.count == 2,
            let notBefore = times[0].moment, let notAfter = times[1].moment,
            let names = Self.alternativeNames(fields.dropFirst(6).first { $0.tag == 0xA3 })
        else { return nil }
        issuer = Array(fields[2].bytes)
        subject = Array(fields[4].bytes)
        self.issuerNames = issuerNames
        (self.notBefore, self.notAfter) = (notBefore, notAfter)
        self.names = names
    }

    var isSelfSigned: Bool { issuer == subject }

    private static func names(in name: DERValue) -> [String]? {
        guard let parts = name.parts else { return nil }
        var names: [(order: Int, text: String)] = []
        for part in parts {
            guard part.tag == DERValue.set, let attributes = part.parts else { return nil }
            for attribute in attributes {
                guard let pair = attribute.parts, pair.count == 2, pair[0].tag == DERValue.objectIdentifier else {
                    return nil
                }
                // id-at-commonName, id-at-organizationName
                let order = [[0x55, 0x04, 0x03], [0x55, 0x04, 0x0A]].firstIndex { pair[0].content.elementsEqual($0) }
                if let order, let text = pair[1].text { names.append((order, text)) }
            }
        }
        return names.sorted { $0.order < $1.order }.map(\.text)
    }

    /// Empty without the extension; nil if it is not what it should be.
    private static func alternativeNames(_ wrapper: DERValue?) -> [String]? {
        guard let wrapper else { return [] }
        guard let list = wrapper.parts?.first, let extensions = list.parts else { return nil }
        for one in extensions {
            guard let fields = one.parts, let identifier = fields.first, let value = fields.last else { return nil }
            // id-ce-subjectAltName
            guard identifier.content.elementsEqual([0x55, 0x1D, 0x11]) else { continue }
            guard value.tag == DERValue.octetString, let names = DERValue(value.content)?.parts else { return nil }
            return names.compactMap { name in
                switch name.tag {
                case 0x82: String(validating: name.content, as: UTF8.self)?.lowercased()
                case 0x87 where name.content.count == 4: name.content.map(String.init).joined(separator: ".")
                default: nil
                }
            }
        }
        return []
    }

    /// Whether a program that connects to `name` would take the certificate for that name's (RFC 6125).
    ///
    /// A wildcard stands for one whole label, the first. The common name counts for nothing.
    func covers(_ name: String) -> Bool {
        let name = name.lowercased()
        if names.contains(name) { return true }
        guard let dot = name.firstIndex(of: "."), !name.hasPrefix("*"),
            !name.utf8.allSatisfy({ $0 == 0x2E || $0.isDigit })
        else { return false }
        return names.contains("*" + name[dot...])
    }
}
