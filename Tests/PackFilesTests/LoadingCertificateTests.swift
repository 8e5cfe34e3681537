import DriftCore
import PackFiles
import Testing

/// Items below `certificates`.
@Suite struct LoadingCertificateTests {
    private static func pack(_ fields: String) -> String { "items:\n  certificates:\n    - { \(fields) }\n" }

    private static func bad(_ fields: String, _ says: String...) -> BadInput {
        var input = BadInput(pack(fields), line: 3)
        input.says = says
        return input
    }

    private let whole = pack(
        "path: /etc/ssl/site.pem, min_days: 21, names: [www.example.net, \"*.a.net\"], issuer: \"R10\"")

    @Test func everyKeyIsReadAndStored() throws {
        let (pack, warnings) = try loadPack(whole)
        #expect(warnings.isEmpty)
        #expect(
            pack.expectations.map(\.subject) == [
                .certificate(
                    CertificateExpectation(
                        path: "/etc/ssl/site.pem", minDays: 21, names: ["*.a.net", "www.example.net"], issuer: "R10"))
            ])
        #expect(pack.expectations.map(\.key.rawValue) == ["certificate:/etc/ssl/site.pem"])
        let again = try Pack(resolvedJSON: pack.resolvedJSON())
        #expect(again == pack)
        #expect(again.digest == pack.digest)
    }

    @Test(arguments: [
        ("min_days: 21, ", ""), ("21", "22"), ("www.example.net, ", ""), ("R10", "R11"), ("site", "other"),
    ])
    func theDigestChangesWithWhatChangesAJudgement(old: String, new: String) throws {
        #expect(whole.contains(old))
        #expect(try loadPack(whole).pack.digest != loadPack(whole.replacing(old, with: new)).pack.digest)
    }

    @Test(arguments: [
        bad("min_days: 21", "a certificate needs `path`"), bad("path: site.pem", "is a relative path"),
        bad("path: ~/site.pem", "not looked for below ~"), bad("path: /a, min_days: \"21\"", "must be a whole number"),
        bad("path: /a, min_days: 40000", "is not a number of days"), bad("path: /a, names: []", "`names` is empty"),
        bad("path: /a, names: www.example.net", "must be a list"),
        bad("path: /a, names: [a, a]", "`names` has `a` twice"),
        bad("path: /a, names: [\"https://a/\"]", "is not a host name", "without https://"),
        bad("path: /a, names: [\"a..b\"]", "is not a host name"), bad("path: /a, names: [\"*\"]", "is not a host name"),
        bad("path: /a, names: [bücher.example]", "xn--"), bad("path: /a, issuer: 10", "must be a text"),
        bad("path: /a, min_day: 5", "unknown key `min_day`", "did you mean `min_days`?"),
    ])
    func isRefused(input: BadInput) { input.check(problems { try loadPack(input.text) }) }

    @Test func aPatternIsDoubted() throws {
        #expect(try loadPack(Self.pack("path: /etc/ssl/*.pem")).warnings.count == 1)
        #expect(try loadPack(Self.pack("path: /etc/ssl/*.pem, literal: true")).warnings.isEmpty)
    }
}
