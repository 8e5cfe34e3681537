import TestSupport
import Testing

@testable import DriftCore

@Suite struct WantedValueTests {
    static let numbers: [(String, String?, String?, WantedValue.Judgement)] = [
        ("60", nil, "10", WantedValue.Judgement.unmet), ("10", nil, "10", .met), ("9.99", nil, "10", .met),
        ("-1", "0", nil, .unmet),
        ("0", "-0", "-0.0", .met), ("007", "7", "7", .met), ("1.50", "1.5", "1.5", .met), ("2", "10", nil, .unmet),
        ("128MB", "64MB", nil, .met), ("32MB", "64MB", nil, .unmet), ("1GB", "64MB", nil, .unclear),
        ("128MB", "64", nil, .unclear),
        ("128", "64MB", nil, .unclear), ("30 s", nil, "60s", .met), ("5m", nil, "300", .unclear),
        ("80%", nil, "90%", .met),
        ("none", nil, "10", .unclear), ("", nil, "10", .unclear), ("0x10", nil, "10", .unclear),
        ("1,5", nil, "10", .unclear),
        ("4096 131072", nil, "10", .unclear), ("1e3", nil, "10", .unclear), ("1.2.3", nil, "10", .unclear),
        (".5", nil, "1", .unclear),
        ("99999999999999999999999999", "99999999999999999999999998", nil, .met), ("-5", "-10", "-1", .met),
        ("-11", "-10", nil, .unmet),
        ("0.10", "0.09", "0.11", .met), ("0.1", "0.09", "0.11", .met),
    ]

    @Test(arguments: numbers)
    func numbersCompareAsNumbers(value: String, min: String?, max: String?, expected: WantedValue.Judgement) throws {
        #expect(try WantedValue(min: min, max: max).judgement(of: value) == expected)
    }

    @Test func randomNumbersCompareAsTheyDoInBinary() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let (left, right) = (
                Int.random(in: -2000...2000, using: &generator), Int.random(in: -2000...2000, using: &generator)
            )
            func text(_ number: Int) -> String {
                let amount = abs(number)
                let fraction = String(amount % 100 + 100).dropFirst()
                return (number < 0 ? "-" : "") + "\(amount / 100).\(fraction)"
            }
            let wanted = try WantedValue(min: text(right))
            #expect(wanted.judgement(of: text(left)) == (left < right ? .unmet : .met), "\(left) \(right)")
        }
    }

    @Test func onlyTheSameBytesAreTheExpectedValue() {
        let wanted = WantedValue(expected: "é")
        #expect(wanted.judgement(of: "\u{E9}") == .met)
        #expect(wanted.judgement(of: "e\u{301}") == .unmet)
        #expect(WantedValue(expected: "").judgement(of: "") == .met)
    }

    @Test func oneOfSeveralIsEnough() throws {
        let wanted = try WantedValue(oneOf: ["no", "prohibit-password"])
        #expect(wanted.judgement(of: "prohibit-password") == .met)
        #expect(wanted.judgement(of: "yes") == .unmet)
    }

    @Test func allThatIsGivenMustHold() throws {
        let wanted = try WantedValue(min: "1", max: "10", matches: "^[0-9]+$")
        #expect(wanted.judgement(of: "5") == .met)
        #expect(wanted.judgement(of: "11") == .unmet)
        #expect(wanted.judgement(of: "5.5") == .unmet)
    }

    @Test func aValueWithSeveralMeaningsIsJudgedOnlyIfTheyAgree() throws {
        #expect(WantedValue(expected: "a").judgement(ofAny: ["a", "a # b"]) == .unclear)
        #expect(WantedValue(expected: "b").judgement(ofAny: ["a", "a # b"]) == .unmet)
        #expect(try WantedValue(matches: "^a").judgement(ofAny: ["a", "a # b"]) == .met)
    }

    @Test func whatAPackDoesNotSayClearlyIsRefused() {
        func field(_ make: () throws(WantedValue.Fault) -> WantedValue) -> String? {
            do throws(WantedValue.Fault) {
                _ = try make()
                return "accepted"
            } catch {
                return error.field
            }
        }
        #expect(field { () throws(WantedValue.Fault) in try WantedValue() } == nil)
        #expect(field { () throws(WantedValue.Fault) in try WantedValue(oneOf: []) } == "one_of")
        #expect(field { () throws(WantedValue.Fault) in try WantedValue(expected: "1", max: "2") } == "max")
        #expect(field { () throws(WantedValue.Fault) in try WantedValue(min: "2", max: "1") } == "max")
        #expect(field { () throws(WantedValue.Fault) in try WantedValue(min: "1MB", max: "1GB") } == "max")
        #expect(field { () throws(WantedValue.Fault) in try WantedValue(min: "one") } == "min")
        #expect(field { () throws(WantedValue.Fault) in try WantedValue(matches: "(") } == "matches")
        #expect(field { () throws(WantedValue.Fault) in try WantedValue(min: "1", max: "1") } == "accepted")
    }
}
