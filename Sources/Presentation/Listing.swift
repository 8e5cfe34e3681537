/// What a listing command prints: an aligned table, or with `--json` an array of objects with stable keys.
package struct Listing<Row>: Sendable {
    package struct Column: Sendable {
        /// The key in JSON.
        package let key: String
        /// The heading of the table; nil keeps the column to JSON.
        package let heading: String?
        package let value: @Sendable (Row) -> ListingValue
        package let colour: @Sendable (Row) -> Palette.Colour?

        package init(
            _ key: String, _ heading: String? = nil,
            colour: @escaping @Sendable (Row) -> Palette.Colour? = { _ in nil },
            _ value: @escaping @Sendable (Row) -> ListingValue
        ) {
            self.key = key
            self.heading = heading
            self.value = value
            self.colour = colour
        }
    }

    package let columns: [Column]
    /// Said in place of an empty table.
    package let whenEmpty: String

    package init(whenEmpty: String, columns: [Column]) {
        self.whenEmpty = whenEmpty
        self.columns = columns
    }

    /// The aligned table, or ``whenEmpty``.
    package func lines(_ rows: [Row], _ palette: Palette, times: Times = .utc) -> [String] {
        rows.isEmpty ? [whenEmpty] : table(rows, palette, times)
    }

    package func json(_ rows: [Row]) -> JSONValue { .list(rows.map(json)) }

    package func json(_ row: Row) -> JSONValue { .object(columns.map { ($0.key, $0.value(row).json) }) }

    private func table(_ rows: [Row], _ palette: Palette, _ times: Times) -> [String] {
        let shownColumns = columns.filter { $0.heading != nil }
        let cells = rows.map { row in shownColumns.map { $0.value(row).shown(times) } }
        let widths = shownColumns.indices.map { column in
            max(width(shownColumns[column].heading ?? ""), cells.map { width($0[column]) }.max() ?? 0)
        }
        let heading = shownColumns.indices.map { pad(shownColumns[$0].heading ?? "", to: widths[$0]) }
        let body = zip(rows, cells).map { row, texts in
            shownColumns.indices.map {
                palette.coloured(pad(texts[$0], to: widths[$0]), shownColumns[$0].colour(row))
            }
        }
        return ([heading] + body).map { trimmed($0.joined(separator: "  ")) }
    }

    private func trimmed(_ line: String) -> String {
        guard let last = line.lastIndex(where: { $0 != " " }) else { return "" }
        return String(line[...last])
    }
}
