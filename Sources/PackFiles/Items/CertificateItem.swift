internal import DriftCore
internal import Redaction
import Yams

extension ItemForm {
    static let certificate = ItemForm(
        "a certificate",
        [
            Key("path", .text(.absolutePath), .required, "A PEM file; private keys in it stay on the server"),
            Key(
                "min_days", .integer(PackFileReader.days),
                "For how many more days every certificate in the file must be valid"),
            Key("names", .set(.text(.certificateName)), "Names that the first certificate must be valid for"),
            Key("issuer", .text(.line), "The common name (`CN`) or the organisation (`O`) of its issuer"),
            .literal,
        ]
    ) { $0.certificate($1) }
}

extension PackFileReader {
    fileprivate static let days = 0...36500

    fileprivate mutating func certificate(_ fields: Fields) -> Expectation.Subject? {
        let literal = isLiteral(fields)
        let path = reader.requiredText("path", in: fields, of: "a certificate") { path in
            Grammar.path(path, literal: literal)
                ?? (path.hasPrefix("~")
                    ? Fault("certificates are not looked for below ~", hint: "write the absolute path") : nil)
        }
        let days = reader.integer("min_days", in: fields) { days in
            Self.days.contains(days) ? nil : Fault("\(days) is not a number of days", hint: "such as 21")
        }
        let names = reader.texts("names", in: fields, where: Grammar.certificateName)
        let issuer = reader.text("issuer", in: fields) { Grammar.line($0, limit: 256, literal: literal) }
        reader.refuseEmpty("names", names, in: fields)
        if !literal {
            reader.doubt("path", in: fields, path.flatMap(PathDoubt.fault(of:)))
            reader.doubt("issuer", in: fields, issuer.flatMap(ItemDoubt.displayName))
        }
        return path.map {
            .certificate(CertificateExpectation(path: $0, minDays: days, names: names, issuer: issuer))
        }
    }
}

extension Grammar {
    /// A host name that a certificate must be valid for, an IPv4 address, or a wildcard that it must have.
    static func certificateName(_ name: String) -> Fault? {
        let plain = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
        let labels = plain.split(separator: ".", omittingEmptySubsequences: false)
        guard consists(plain, of: ".-_", limit: 253), labels.allSatisfy({ (1...63).contains($0.utf8.count) }) else {
            return Fault(
                "\(quoted(name)) is not a host name",
                hint: name.contains("://")
                    ? "without https:// and path" : "such as www.example.net; xn--… for others than a-z")
        }
        return nil
    }
}
