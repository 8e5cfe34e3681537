import DriftCore
import Foundation
import Testing

@Suite("RetryAfter")
struct DeliveryRetryAfterTests {
    /// 2026-11-22 06:00:00 UTC.
    private static let now = Date(timeIntervalSince1970: 1_795_327_200)

    @Test(
        "the header is read in every form",
        arguments: [
            ("5", .seconds(5)), (" 30 ", .seconds(30)), ("0", .zero), ("1.5", .milliseconds(1500)), ("-3", .zero),
            ("Sun, 22 Nov 2026 06:00:42 GMT", .seconds(42)), ("Sun, 22 Nov 2026 05:00:00 GMT", .zero),
            ("", nil), ("soon", nil), ("5 s", nil), ("nan", nil), ("Sun, 22 Nov", nil), ("22 Nov 2026", nil),
            ("5,5", nil),
        ] as [(String, Duration?)])
    func theHeaderIsReadInEveryForm(text: String, wait: Duration?) {
        #expect(RetryAfter(text, now: Self.now)?.wait == wait)
    }

    @Test(
        "absurd waits stay finite",
        arguments: ["1e300", "inf", "99999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
    func absurdWaitsStayFinite(text: String) throws {
        let wait = try #require(RetryAfter(text, now: Self.now)).wait
        #expect(wait > .seconds(86400) && wait <= .seconds(101 * 366 * 86400))
    }
}
