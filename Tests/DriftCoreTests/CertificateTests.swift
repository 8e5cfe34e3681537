import DriftCore
import Foundation
import Testing

@Suite("Certificates")
struct CertificateTests {
    /// Valid from 2026-01-01 to 2026-03-31 12:00, issued by R10.
    private static let leaf = """
        MIIB2DCCAX6gAwIBAgIBAzAKBggqhkjOPQQDAjAmMRYwFAYDVQQKDA1FeGFtcGxlIFRydXN0MQwwCgYDVQQDDANSMTAwHhcNMjYwMTAxMDAwMD\
        AwWhcNMjYwMzMxMTIwMDAwWjAdMRswGQYDVQQDDBJjb21tb24uZXhhbXBsZS5uZXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQQAqQul56w\
        KzlxNF8Y9kqY3Jq84/3LYmQpd5YTJ/xmNXQMZbFNou0ZFi3kPh3o1px3vZ6ysStNDTF04MLERtSzo4GlMIGiMAkGA1UdEwQCMAAwVQYDVR0RBE\
        4wTIIPV1dXLmV4YW1wbGUubmV0ghIqLnNob3AuZXhhbXBsZS5uZXSHBMAAAgeHECABDbgAAAAAAAAAAAAAAAeBDWFAZXhhbXBsZS5uZXQwHQYD\
        VR0OBBYEFOi29D29G0kKqLQJ3QWnkCpg9YkxMB8GA1UdIwQYMBaAFH1OOra/8CmcVlLAgiQcEKaSlT0KMAoGCCqGSM49BAMCA0gAMEUCIQCje8\
        GdiFTC+bkSMb6AMQhlLF0ZIXg4/r5lh0RWQIQijAIgIKQwbzs7J6BhP4fJbqhjiKwAlgbaRktlYaVuBgGQNfI=
        """
    /// CN R10, valid from 2024 to 2028, issued by the root.
    private static let inter = """
        MIIBkDCCATWgAwIBAgIBAjAKBggqhkjOPQQDAjAnMRYwFAYDVQQKDA1FeGFtcGxlIFRydXN0MQ0wCwYDVQQDDARSb290MB4XDTI0MDEwMTAwMD\
        AwMFoXDTI5MDEwMTAwMDAwMFowJjEWMBQGA1UECgwNRXhhbXBsZSBUcnVzdDEMMAoGA1UEAwwDUjEwMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\
        QgAEZrzU4wxGaL3fZhFhOvIcS6gezjx9HkZpDLb+/u+phMFOIDmXiBkxv8KJx95/BajYKbTMQwPbL5maSYr8vyG1PKNTMFEwDwYDVR0TAQH/BA\
        UwAwEB/zAdBgNVHQ4EFgQUfU46tr/wKZxWUsCCJBwQppKVPQowHwYDVR0jBBgwFoAU99uesgmBTMjSIiM9lpwPl7aQJrYwCgYIKoZIzj0EAwID\
        SQAwRgIhAIbG8t2BCQ4cvNpHxDPl2MVbCveCN2K6+H5vwZrpK7cWAiEAmgrBjjJG92IHgs1+8NLqrd0d+b9m1GNHPOiPASCq2Zw=
        """
    /// CN Root of Example Trust, valid from 2020 to 2059.
    private static let root = """
        MIIBcTCCARegAwIBAgIBATAKBggqhkjOPQQDAjAnMRYwFAYDVQQKDA1FeGFtcGxlIFRydXN0MQ0wCwYDVQQDDARSb290MCAXDTIwMDEwMTAwMD\
        AwMFoYDzIwNjAwMTAxMDAwMDAwWjAnMRYwFAYDVQQKDA1FeGFtcGxlIFRydXN0MQ0wCwYDVQQDDARSb290MFkwEwYHKoZIzj0CAQYIKoZIzj0D\
        AQcDQgAEYu6yNksANkBF34rdJJHa5lVacZTsjAfodK/1VByKtrxprz1sWOHEUV51nG9IjBGtye0w8X561tur9RUcqguP4KMyMDAwDwYDVR0TAQ\
        H/BAUwAwEB/zAdBgNVHQ4EFgQU99uesgmBTMjSIiM9lpwPl7aQJrYwCgYIKoZIzj0EAwIDSAAwRQIgd+ayIawlQpAUv5Xs4FKJu3XUeOaTWRuW\
        /i6Xg+6L8dYCIQCVB+YQZw0Q1aJXbeo+IMdKXAPP7O8opiHwbGAlyVWKog==
        """
    private static let end = 1_774_958_400
    private static let path = "/etc/ssl/site.pem"

    private static func lines(_ chain: [String], now: Int = end - 30 * 86400) -> [String] {
        ["now \(now)", "about \(path)", "path 1 read \(path)", "next"] + chain.map { "pem 1 \($0)" }
            + ["read 1 \(chain.count) text", "whole"]
    }

    private func told(_ wanted: CertificateExpectation, _ lines: [String]?) -> Told? {
        DriftCoreTests.told(.certificate(wanted), ["certificates": lines].compactMapValues(\.self))
    }

    private static func wanted(_ days: Int? = nil, names: [String]? = nil, issuer: String? = nil)
        -> CertificateExpectation
    {
        CertificateExpectation(path: path, minDays: days, names: names, issuer: issuer)
    }

    @Test(
        arguments: [
            (30 * 86400, 30, nil), (30 * 86400 - 1, 30, "29 (until 2026-03-31)"),
            (30 * 86400, 31, "30 (until 2026-03-31)"),
            (0, nil, nil), (0, 0, nil), (-1, nil, "expired (until 2026-03-31)"),
            (-86400, 21, "expired (until 2026-03-31)"),
            (86399, 1, "0 (until 2026-03-31)"),
        ] as [(Int, Int?, String?)])
    func mustBeValidForSomeDays(left: Int, days: Int?, actual: String?) {
        let found = told(Self.wanted(days), Self.lines([Self.leaf, Self.inter], now: Self.end - left))
        #expect(
            found
                == (actual.map {
                    .wrong(.expiringCertificate, ["days_left": "at least \(days ?? 0)"], ["days_left": $0])
                } ?? .ok))
    }

    @Test func theFirstOfAChainToExpireCounts() {
        let chain = [Self.inter, Self.root]
        let now = 1_870_000_000
        #expect(
            told(Self.wanted(), Self.lines(chain, now: now))
                == .wrong(
                    .expiringCertificate, ["days_left": "at least 0"], ["days_left": "expired (until 2029-01-01)"]))
        #expect(
            told(Self.wanted(21), Self.lines([Self.root, Self.inter, Self.leaf], now: Self.end))
                == .several([.expiringCertificate, .wrongCertificate]))
        guard
            case .wrong(_, _, let actual)? = told(
                Self.wanted(21), Self.lines([Self.leaf, Self.inter, Self.root], now: Self.end))
        else { return }
        #expect(actual == ["days_left": "0 (until 2026-03-31)"])
    }

    @Test func oneThatIsNotYetValidIsWrong() {
        #expect(
            told(Self.wanted(), Self.lines([Self.leaf], now: 1_767_225_599))
                == .wrong(.wrongCertificate, ["valid": "now"], ["valid": "only from 2026-01-01"]))
        #expect(told(Self.wanted(), Self.lines([Self.leaf], now: 1_767_225_600)) == .ok)
    }

    private static let names = "*.shop.example.net, 192.0.2.7, www.example.net"

    @Test(
        arguments: [
            ("www.example.net", true), ("WWW.Example.NET", true), ("a.shop.example.net", true), ("192.0.2.7", true),
            ("*.shop.example.net", true), ("shop.example.net", false), ("a.b.shop.example.net", false),
            ("example.net", false), ("common.example.net", false), ("192.0.2.8", false), ("*.example.net", false),
            (".shop.example.net", true), ("*.www.example.net", false), ("net", false),
        ])
    func aNameIsCoveredAsBrowsersHaveIt(name: String, covered: Bool) {
        let found = told(Self.wanted(names: [name]), Self.lines([Self.leaf]))
        #expect(
            found
                == (covered
                    ? .ok
                    : .wrong(.wrongCertificate, ["names": name], ["names": "\(Self.names); not \(name)"])))
    }

    @Test(
        arguments: [
            ([leaf], "R10", nil), ([leaf], "Example Trust", nil), ([leaf], "R11", "R10, Example Trust"),
            ([leaf], "r10", "R10, Example Trust"), ([root], "Root", nil),
            ([root], "R10", "itself (Root, Example Trust)"),
        ] as [([String], String, String?)])
    func theIssuerIsItsCommonNameOrOrganisation(chain: [String], issuer: String, actual: String?) {
        #expect(
            told(Self.wanted(issuer: issuer), Self.lines(chain))
                == (actual.map { .wrong(.wrongCertificate, ["issuer": issuer], ["issuer": $0]) } ?? .ok))
    }

    @Test(
        arguments: [
            ([leaf], nil), ([leaf, inter], nil), ([leaf, inter, root], nil), ([root], nil),
            ([leaf, root], 1), ([inter, leaf], 1), ([leaf, inter, inter], 2), ([leaf, root, inter], 1),
            ([leaf, leaf], 1),
        ] as [([String], Int?)])
    func eachIsIssuedByTheNext(chain: [String], wrong: Int?) {
        #expect(
            told(Self.wanted(), Self.lines(chain))
                == (wrong.map {
                    .wrong(
                        .wrongCertificate, ["chain": "each certificate issued by the next"],
                        ["chain": "number \($0) is not issued by number \($0 + 1)"])
                } ?? .ok))
    }

    @Test func aSelfSignedOneIsSaid() throws {
        let pack = Pack(
            name: PackName(rawValue: "base"), expectations: [Expectation(.certificate(Self.wanted(issuer: "Root")))])
        var facts = Facts()
        for question in ProbeQuestions(packs: [pack]).topics {
            facts.topics.read(question.topic, Self.lines([Self.root]).map { Array($0.utf8)[...] })
        }
        let outcome = try #require(Comparison.judge(facts, against: pack, digest: anyDigest).outcomes.first)
        #expect(outcome.finding == .ok)
        #expect(outcome.remark == "the certificate is self-signed")
    }

    private static func file(_ state: String, _ end: String...) -> [String] {
        ["now \(CertificateTests.end)", "about \(path)", "path 1 \(state) \(path)", "next"] + end + ["whole"]
    }

    @Test(
        arguments: [
            (file("missing"), .wrong(.missingFile, ["state": "file"], ["state": "missing"])),
            (
                file("read", "read 1 0 text"),
                .wrong(.wrongCertificate, ["certificate": "in PEM form"], ["certificate": "none in the file"])
            ),
            (file("read", "read 1 0 binary"), .unreadable(.unsupported)),
            (file("denied"), .unreadable(.permissionDenied)), (file("planted"), .unreadable(.plantedLink)),
            (file("special"), .unreadable(.notRegular)), (file("other"), .unreadable(.malformedAnswer)),
            (file("read"), .unreadable(.malformedAnswer)), (file("read", "error 1"), .unreadable(.readError)),
            (file("read", "large 1"), .unreadable(.tooLarge)),
            (file("read", "error 1", "read 1 0 text"), .unreadable(.malformedAnswer)),
            (file("read", "read 1 1 text"), .unreadable(.malformedAnswer)),
            (file("read", "pem 1 \(leaf)", "read 1 2 text"), .unreadable(.malformedAnswer)),
            (file("read", "pem 2 \(leaf)", "read 1 1 text"), .unreadable(.malformedAnswer)),
            (file("read", "pem 1 AAAA", "read 1 1 text"), .unreadable(.malformedAnswer)),
            (file("read", "pem 1 ?", "read 1 1 text"), .unreadable(.malformedAnswer)),
            (["now 5", "slow \(path)", "whole"], .unreadable(.slow)), (["whole"], .unreadable(.malformedAnswer)),
            ([], .unreadable(.malformedAnswer)), (Array(lines([leaf]).dropLast()), .unreadable(.malformedAnswer)),
            (Array(lines([leaf]).dropFirst()), .unreadable(.malformedAnswer)),
            (["now soon"] + lines([leaf]).dropFirst(), .unreadable(.malformedAnswer)),
            (file("denied") + lines([leaf, inter]), .ok),
        ] as [([String], Told)])
    func whatWasNotSeenProvesNothing(lines: [String], expected: Told) {
        #expect(told(Self.wanted(), lines) == expected)
    }

    @Test func whatRootWasRefusedIsUnreadable() { #expect(told(Self.wanted(), nil) == .unreadable(.sudoRefused)) }

    /// Whatever becomes of its bytes, it is the same certificate or none.
    @Test func alteredBytesNeverTrap() throws {
        let bytes = Array(try #require(Data(base64Encoded: Self.leaf)))
        func found(_ bytes: [UInt8]) -> Told? {
            told(
                Self.wanted(names: ["www.example.net"], issuer: "R10"), Self.lines([Data(bytes).base64EncodedString()]))
        }
        #expect(found(bytes) == .ok)
        for length in bytes.indices {
            #expect(found(Array(bytes.prefix(length))) == .unreadable(.malformedAnswer))
        }
        #expect(found(bytes + [0]) == .unreadable(.malformedAnswer))
        var kinds: Set<String> = []
        for place in bytes.indices {
            for value: UInt8 in [0, 0x30, 0x84, 0xFF] {
                var altered = bytes
                altered[place] = value
                kinds.insert("\(String(describing: found(altered)))")
            }
        }
        #expect(kinds.count > 2)
    }

    @Test func asksForItsFile() {
        #expect(questions(.certificate(Self.wanted())) == ["certificates \(Self.path)"])
    }
}
