import Foundation

/// One value of a listing, for the table and for JSON.
enum ListingValue: Sendable {
    case text(String?)
    case number(Int64?)
    case time(Date?)
    case flag(Bool)
    case texts([String])
    case json(JSONValue)

    static func number(_ number: Int?) -> Self { .number(number.map(Int64.init)) }

    var json: JSONValue {
        switch self {
        case .text(let text): .optional(text)
        case .number(let number): .optional(number)
        case .time(let date): .optional(date)
        case .flag(let flag): .flag(flag)
        case .texts(let texts): .texts(texts)
        case .json(let value): value
        }
    }

    /// In one line and harmless to a terminal; `-` where there is nothing.
    var shown: String {
        switch self {
        case .text(let text): text.map { $0.isEmpty ? "-" : visible($0) } ?? "-"
        case .number(let number): number.map(String.init) ?? "-"
        case .time(let date): date.map(shortTime) ?? "-"
        case .flag(let flag): flag ? "yes" : "no"
        case .texts(let texts): texts.isEmpty ? "-" : visible(texts.joined(separator: ","))
        case .json(let value): visible(value.line)
        }
    }
}

/// `2026-11-22 06:00:03Z`.
func shortTime(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space))
}

/// What a listing command prints: an aligned table, or with `--json` an array of objects with stable keys.
struct Listing<Row>: Sendable {
    struct Column: Sendable {
        /// The key in JSON.
        let key: String
        /// The heading of the table; nil keeps the column to JSON.
        let heading: String?
        let value: @Sendable (Row) -> ListingValue
        let colour: @Sendable (Row) -> Console.Colour?

        init(
            _ key: String, _ heading: String? = nil,
            colour: @escaping @Sendable (Row) -> Console.Colour? = { _ in nil },
            _ value: @escaping @Sendable (Row) -> ListingValue
        ) {
            self.key = key
            self.heading = heading
            self.value = value
            self.colour = colour
        }
    }

    let columns: [Column]
    /// Said in place of an empty table.
    let whenEmpty: String

    init(whenEmpty: String, columns: [Column]) {
        self.whenEmpty = whenEmpty
        self.columns = columns
    }

    func print(_ rows: [Row], asJSON: Bool, to console: Console) {
        if asJSON {
            console.print(JSONValue.list(rows.map(json)).pretty)
        } else if rows.isEmpty {
            console.print(whenEmpty)
        } else {
            console.print(lines: table(rows, console))
        }
    }

    func json(_ row: Row) -> JSONValue { .object(columns.map { ($0.key, $0.value(row).json) }) }

    private func table(_ rows: [Row], _ console: Console) -> [String] {
        let shownColumns = columns.filter { $0.heading != nil }
        let cells = rows.map { row in shownColumns.map { $0.value(row).shown } }
        let widths = shownColumns.indices.map { column in
            max(width(shownColumns[column].heading ?? ""), cells.map { width($0[column]) }.max() ?? 0)
        }
        let heading = shownColumns.indices.map { pad(shownColumns[$0].heading ?? "", to: widths[$0]) }
        let body = zip(rows, cells).map { row, texts in
            shownColumns.indices.map {
                console.coloured(pad(texts[$0], to: widths[$0]), shownColumns[$0].colour(row))
            }
        }
        return ([heading] + body).map { trimmed($0.joined(separator: "  ")) }
    }

    private func trimmed(_ line: String) -> String {
        guard let last = line.lastIndex(where: { $0 != " " }) else { return "" }
        return String(line[...last])
    }
}

/// Columns that `text` takes in a terminal: wide characters of East Asia and emoji take two, marks none.
func width(_ text: String) -> Int {
    text.reduce(0) { total, character in
        guard let scalar = character.unicodeScalars.first else { return total }
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
            0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            return total + 2
        default: return total + 1
        }
    }
}

func pad(_ text: String, to columns: Int) -> String {
    text + String(repeating: " ", count: max(0, columns - width(text)))
}
