import FoundationEssentials

/// Microseconds from 1970 to 2000, where the server's own counting begins.
let serverEpoch: Int64 = 946_684_800_000_000

extension Date {
    /// Microseconds since 1970, rounded to the nearest; nil beyond what 64 bits hold.
    var microsecondsSince1970: Int64? {
        Int64(exactly: (timeIntervalSinceReferenceDate * 1_000_000).rounded())
            .map { $0.addingReportingOverflow(978_307_200_000_000) }
            .flatMap { $0.overflow ? nil : $0.partialValue }
    }

    init(microsecondsSince1970 microseconds: Int64) {
        let sinceReference = microseconds - 978_307_200_000_000
        self.init(timeIntervalSinceReferenceDate: Double(sinceReference) / 1_000_000)
    }
}

extension Duration {
    /// Rounded to the nearest; nil beyond what 64 bits hold.
    var wholeMicroseconds: Int64? {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let half: Int64 = attoseconds < 0 ? -500_000_000_000 : 500_000_000_000
        let (sum, overflow2) = scaled.addingReportingOverflow((attoseconds + half) / 1_000_000_000_000)
        return overflow || overflow2 ? nil : sum
    }
}

/// `2026-11-22 06:00:00.000001+00`, which the server reads the same under every `DateStyle` and `TimeZone`.
///
/// nil outside the server's range (4713 BC to 294276 AD).
func timestampText(_ date: Date) -> String? {
    guard let microseconds = date.microsecondsSince1970 else { return nil }
    let (days, inDay) = microseconds.flooredDivision(by: 86_400_000_000)
    guard (-2_440_588..<106_751_991).contains(days) else { return nil }
    let (year, month, day) = civilDate(daysSince1970: days)
    let (seconds, fraction) = inDay.quotientAndRemainder(dividingBy: 1_000_000)
    let date = "\(padded(year > 0 ? year : 1 - year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let time = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
    return "\(date) \(time).\(padded(fraction, 6))+00\(year > 0 ? "" : " BC")"
}

/// The proleptic Gregorian date, by counting eras of 400 years from 1 March of year 0.
private func civilDate(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension Int64 {
    /// Quotient and remainder with the remainder never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
