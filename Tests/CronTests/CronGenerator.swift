import TestSupport

/// A random cron expression that knows, apart from its text, what it must mean.
struct RandomCron {
    struct Field {
        var text: String
        var values: Set<Int>
        var hasStar: Bool { text.contains("*") }
    }

    let minute: Field
    let hour: Field
    let day: Field
    let month: Field
    let weekday: Field

    var text: String { [minute, hour, day, month, weekday].map(\.text).joined(separator: " ") }

    init(using random: inout SeededGenerator) {
        minute = Self.field(0...59, using: &random)
        hour = Self.field(0...23, using: &random)
        // Days to the 28th are in every month, so that none of these never fires.
        day = Self.field(1...28, star: 1...31, using: &random)
        month = Self.field(1...12, using: &random)
        var weekday = Self.field(0...7, star: 0...6, using: &random)
        weekday.values = Set(weekday.values.map { $0 % 7 })
        self.weekday = weekday
    }

    func includes(month monthNumber: Int, day dayNumber: Int, weekday weekdayNumber: Int) -> Bool {
        let dayFits = day.values.contains(dayNumber)
        let weekdayFits = weekday.values.contains(weekdayNumber)
        let either = !day.hasStar && !weekday.hasStar
        return month.values.contains(monthNumber) && (either ? dayFits || weekdayFits : dayFits && weekdayFits)
    }

    func includes(minuteOfDay: Int) -> Bool {
        hour.values.contains(minuteOfDay / 60) && minute.values.contains(minuteOfDay % 60)
    }

    private static func field(
        _ range: ClosedRange<Int>, star: ClosedRange<Int>? = nil, using random: inout SeededGenerator
    ) -> Field {
        let star = star ?? range
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            return Field(text: "*", values: Set(star))
        case 4:
            let step = Int.random(in: 1..<star.count, using: &random)
            return Field(
                text: "*/\(step)", values: Set(stride(from: star.lowerBound, through: star.upperBound, by: step)))
        default:
            let entries = (1...Int.random(in: 1...3, using: &random)).map { _ in entry(range, using: &random) }
            return Field(
                text: entries.map(\.text).joined(separator: ","),
                values: entries.reduce(into: []) { $0.formUnion($1.values) })
        }
    }

    private static func entry(_ range: ClosedRange<Int>, using random: inout SeededGenerator) -> Field {
        let first = Int.random(in: range, using: &random)
        let last = Int.random(in: first...range.upperBound, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return Field(text: "\(first)", values: [first])
        case 1: return Field(text: "\(first)-\(last)", values: Set(first...last))
        default:
            let step = Int.random(in: 1...max(last - first, 1), using: &random)
            return Field(text: "\(first)-\(last)/\(step)", values: Set(stride(from: first, through: last, by: step)))
        }
    }
}
