import Foundation
import Testing

@testable import DriftCore

/// Days, instants, and what a check makes of a difference that counts for nothing.
@Suite struct ExemptionTests {
    private static let noon = Moment(instant: Date(timeIntervalSince1970: 1_800_000_000), day: "2027-01-15")

    @Test(arguments: ["2027-01-15", "2024-02-29", "2000-02-29", "2027-01-15T06:00:00Z", "2027-01-15T06:00:00+01:00"])
    func daysAndInstantsAreRead(text: String) { #expect(DayOrInstant(text)?.text == text) }

    @Test(arguments: [
        "", "tomorrow", "2027-1-15", "2027-02-29", "1900-02-29", "2027-13-01", "2027-00-01", "2027-04-31", "2027-01-00",
        "20270115", "2027-01-15T06", "+027-01-15", "2027-01-1５", "2027-01-15-01",
    ])
    func nothingElseIs(text: String) { #expect(DayOrInstant(text) == nil) }

    /// 1 800 000 000 is 2027-01-15 08:00 UTC.
    @Test(arguments: [
        ("2027-01-14", true), ("2027-01-15", true), ("2027-01-16", false), ("2027-01-15T08:00:00Z", true),
        ("2027-01-15T08:00:01Z", false), ("2027-01-15T09:00:00+01:00", true), ("2026-12-31", true),
    ])
    func aDayComesWhenItBegins(text: String, hasCome: Bool) throws {
        #expect(try #require(DayOrInstant(text)).hasCome(at: Self.noon) == hasCome)
    }

    private static func check(
        _ present: Bool, from: String? = nil, severity: DriftCore.Expectation.Severity = .warning, waiver: Waiver? = nil
    ) -> Check {
        let expectation = DriftCore.Expectation(
            .file(FileExpectation(path: "/a")), severity: severity, start: from.flatMap(DayOrInstant.init))
        let pack = Pack(name: PackName(rawValue: "base"), expectations: [expectation])
        let waivers = waiver.map { [expectation.key: $0] } ?? [:]
        return Comparison.judge(
            Facts(files: ["/a": present ? file() : .missing]), against: pack, digest: anyDigest,
            exempting: Exemptions(waivers: waivers, at: noon))
    }

    private static func exemption(_ check: Check) -> Exemption? {
        guard case .exempt(let mismatches, let exemption) = check.outcomes[0].finding else { return nil }
        #expect(mismatches.map(\.type) == [.missingFile])
        return exemption
    }

    private static let waiver = Waiver(reason: "later", author: "ann", until: "2027-02-01T00:00:00Z")

    @Test func aDifferenceBeforeItsDayIsDue() {
        let check = Self.check(false, from: "2027-01-16")
        #expect(Self.exemption(check) == .due(from: "2027-01-16"))
        #expect(
            (check.itemCount, check.okCount, check.mismatchCount, check.dueCount, check.waivedCount) == (1, 0, 0, 1, 0))
        #expect(check.verdict == .compliant)
        #expect(Self.check(false, from: "2027-01-15").verdict == .drifted)
    }

    @Test func aWaiverIsNamedBeforeADay() {
        let check = Self.check(false, from: "2027-01-16", waiver: Self.waiver)
        #expect(Self.exemption(check) == .waived(Self.waiver))
        #expect((check.itemCount, check.waivedCount, check.dueCount) == (1, 1, 0))
    }

    @Test func whatIsAsExpectedOrForInformationStaysSo() {
        #expect(Self.check(true, from: "2027-01-16", waiver: Self.waiver).outcomes[0].finding == .ok)
        guard case .notable = Self.check(false, severity: .info, waiver: Self.waiver).outcomes[0].finding else {
            Issue.record("severity: info is stronger")
            return
        }
    }

    @Test func exemptionsAreStoredAndToldApart() throws {
        let checks = [
            Self.check(false), Self.check(false, from: "2027-01-16"), Self.check(false, from: "2027-01-17"),
            Self.check(false, waiver: Self.waiver), Self.check(false, waiver: Waiver(reason: "later", author: "ann")),
            Self.check(false, waiver: Waiver(reason: "never", author: "ann")),
        ]
        #expect(Set(checks.map(\.fingerprint)).count == checks.count)
        for check in checks { #expect(try StoredItems(json: check.detailsJSON()).outcomes == check.outcomes) }
        #expect(
            try checks[3].detailsJSON().contains(
                #""status":"waived","waiver":{"author":"ann","reason":"later","until":"2027-02-01T00:00:00Z"}"#))
        #expect(try checks[1].detailsJSON().contains(#""from":"2027-01-16""#))
    }
}
