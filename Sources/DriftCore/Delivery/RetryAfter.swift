package import Foundation

/// A `Retry-After` header: seconds, also fractional ones, or an HTTP date.
package struct RetryAfter: Hashable, Sendable {
    /// What is waited for where a destination does not say.
    package static let fallback = Duration.seconds(30)

    /// Never negative; a century at the most.
    package let wait: Duration

    /// Reads the header's value; `nil` when it is neither form.
    ///
    /// A date is compared with `now`: best the reply's own `Date`, so that clocks need not agree.
    package init?(_ text: String, now: Date) {
        let text = text.trimmingCharacters(in: .whitespaces)
        guard let seconds = Double(text) ?? Self.date(text)?.timeIntervalSince(now), !seconds.isNaN else { return nil }
        let century = 100 * 365.25 * 86400.0
        wait = .seconds(min(max(seconds, 0), century))
    }

    /// How long a reply that it was too fast asks to wait: the first of `texts` that can be read, or ``fallback``.
    ///
    /// `date` is the reply's own `Date` header.
    package static func wait(asked texts: [String?], date: String?, now: Date) -> Duration {
        let now = date.flatMap(Self.date) ?? now
        return texts.lazy.compactMap(\.self).compactMap { Self($0, now: now) }.first?.wait ?? fallback
    }

    /// Reads an HTTP date in the form that is still in use: `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text)
    }
}
