/// One of the five fields: its bounds, its names, and how its text is read.
struct CronField {
    var name: String
    var range: ClosedRange<Int>
    /// Three-letter names, the first one for the range's first value.
    var names: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let day = CronField(name: "day of month", range: 1...31)
    static let month = CronField(
        name: "month", range: 1...12,
        names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
    /// Sunday is 0 and 7.
    static let weekday = CronField(
        name: "day of week", range: 0...7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])

    /// What a field allows.
    struct Values: Hashable, Sendable {
        /// Bit n stands for the value n.
        private(set) var bits: UInt64 = 0
        /// Whether the text has a `*`, also as `*/n`: the field is then not restricted to certain values.
        fileprivate(set) var hasStar = false

        func contains(_ value: Int) -> Bool { bits & (1 << UInt64(value)) != 0 }

        fileprivate mutating func insert(_ value: Int) { bits |= 1 << UInt64(value) }

        func first(atOrAfter value: Int) -> Int? {
            guard value < 64 else { return nil }
            let rest = bits & (UInt64.max << UInt64(max(value, 0)))
            return rest == 0 ? nil : rest.trailingZeroBitCount
        }

        func last(atOrBefore value: Int) -> Int? {
            guard value >= 0 else { return nil }
            let rest = bits & (UInt64.max >> UInt64(63 - min(value, 63)))
            return rest == 0 ? nil : 63 - rest.leadingZeroBitCount
        }
    }

    /// A part of the expression, and where it stands.
    struct Piece {
        var text: Substring
        /// From 1.
        var column: Int

        /// What stands between spaces and tabs.
        var words: [Piece] { text.split { $0 == " " || $0 == "\t" }.map(piece) }

        func split(at separator: Character) -> [Piece] {
            text.split(separator: separator, omittingEmptySubsequences: false).map(piece)
        }

        private func piece(_ part: Substring) -> Piece {
            Piece(text: part, column: column + text.distance(from: text.startIndex, to: part.startIndex))
        }
    }

    /// A list of `*`, `value`, `value-value`, the first and the last also with `/step`.
    func parse(_ piece: Piece) throws(CronError) -> Values {
        var values = Values()
        for item in piece.split(at: ",") {
            guard !item.text.isEmpty else {
                throw error("an empty entry in the list", item, "write values with one comma between them, as 1,15")
            }
            let parts = item.split(at: "/")
            guard parts.count <= 2 else {
                throw error("`\(item.text)` has more than one step", item, "write one, as */5")
            }
            let span = try span(of: parts[0])
            var step = 1
            if parts.count == 2 {
                guard parts[0].text == "*" || parts[0].text.contains("-") else {
                    throw error(
                        "`\(item.text)` has a step but no range", item,
                        "write \(parts[0].text)-\(unbounded.upperBound)/\(parts[1].text) for a range that starts there")
                }
                step = try self.step(parts[1], within: span, ofAll: parts[0].text == "*")
            }
            values.hasStar = values.hasStar || parts[0].text == "*"
            for value in stride(from: span.lowerBound, through: span.upperBound, by: step) {
                values.insert(isWeekday ? value % 7 : value)
            }
        }
        return values
    }

    private var isWeekday: Bool { name == Self.weekday.name }

    /// What `*` stands for: every value once.
    private var unbounded: ClosedRange<Int> { isWeekday ? 0...6 : range }

    private func span(of piece: Piece) throws(CronError) -> ClosedRange<Int> {
        if piece.text == "*" { return unbounded }
        let ends = piece.split(at: "-")
        guard ends.count <= 2 else {
            throw error("`\(piece.text)` is not a range", piece, "write two values with one dash, as 1-5")
        }
        let first = try value(of: ends[0])
        guard ends.count == 2 else { return first...first }
        var last = try value(of: ends[1])
        // A week may be written to end with its Sunday.
        if isWeekday, last == 0, first > 0 { last = 7 }
        guard first <= last else {
            throw error(
                "the range `\(piece.text)` goes backwards", piece,
                "write it as two: \(ends[0].text)-\(unbounded.upperBound),\(unbounded.lowerBound)-\(ends[1].text)")
        }
        return first...last
    }

    private var article: String { name == "hour" ? "an" : "a" }

    private func value(of piece: Piece) throws(CronError) -> Int {
        if let index = names.firstIndex(of: piece.text.uppercased()) { return range.lowerBound + index }
        guard let number = digits(piece.text) else {
            throw error("`\(piece.text)` is not \(article) \(name)", piece, remedy(for: piece.text))
        }
        guard range.contains(number) else {
            throw error("`\(piece.text)` is not \(article) \(name)", piece, allowed)
        }
        return number
    }

    /// A `*` in one of the fields for days says that both have to match, so a step may make one value of it: `1-7 * */7` is
    /// the first Sunday of a month.
    private func step(
        _ piece: Piece, within span: ClosedRange<Int>, ofAll isStar: Bool
    ) throws(CronError) -> Int {
        guard let step = digits(piece.text), step > 0 else {
            throw error("`\(piece.text)` is not a step", piece, "write a whole number from 1, as */5")
        }
        let keepsStar = isStar && [Self.day.name, Self.weekday.name].contains(name)
        guard step <= (keepsStar ? span.count : max(span.count - 1, 1)) else {
            throw error(
                "the step \(step) is longer than the range it walks", piece,
                "it would only ever give \(span.lowerBound): write \(keepsStar ? "*/\(span.count)" : "\(span.lowerBound)")"
            )
        }
        return step
    }

    private func digits(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private var allowed: String {
        let bounds = "a \(name) is a number from \(range.lowerBound) to \(range.upperBound)"
        guard let first = names.first, let last = names.last else { return bounds }
        return bounds + " or a name from \(first) to \(last)"
    }

    private func remedy(for text: Substring) -> String {
        let upper = text.uppercased()
        if let name = names.first(where: { upper.hasPrefix($0) }) { return "write \(name)" }
        if text == "?" { return "write *" }
        if upper.contains("L") || upper.contains("W") || upper.contains("#") {
            return "L, W and # are not understood; \(allowed)"
        }
        return allowed
    }

    private func error(_ what: String, _ piece: Piece, _ hint: String) -> CronError {
        CronError(message: "\(what) (\(name), column \(piece.column))", hint: hint)
    }
}
