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
    package func lines(_ rows: [Row], _ palette: Palette, times: Times) -> [String] {
        var widths: [Int] = []
        return rows.isEmpty ? [whenEmpty] : lines(rows, palette, times: times, widths: &widths)
    }

    /// The next rows of a table that is too long for memory: the heading only where `widths` is empty, and columns at least
    /// as wide as those before.
    package func lines(_ rows: [Row], _ palette: Palette, times: Times, widths: inout [Int]) -> [String] {
        let shownColumns = columns.filter { $0.heading != nil }
        let headings = shownColumns.map { $0.heading ?? "" }
        let isFirst = widths.isEmpty
        if isFirst { widths = headings.map { width($0) } }
        let cells = rows.map { row in shownColumns.map { TableCell($0.value(row).shown(times)) } }
        for column in shownColumns.indices {
            widths[column] = max(widths[column], cells.map { $0[column].width }.max() ?? 0)
        }
        let body = zip(rows, cells).map { row, cells in
            line(cells, widths) { palette.coloured($0, shownColumns[$1].colour(row)) }
        }
        return isFirst ? [line(headings.map(TableCell.init), widths) { text, _ in text }] + body : body
    }

    /// The texts of one line, dressed, with blanks between them; nothing follows the last one.
    private func line(_ cells: [TableCell], _ widths: [Int], _ dress: (String, Int) -> String) -> String {
        var line = ""
        var blanks = 0
        for column in cells.indices {
            let cell = cells[column]
            if cell.width > 0 {
                append(blanks: blanks, to: &line)
                line += dress(cell.text, column)
                blanks = 0
            }
            blanks += widths[column] - cell.width + 2
        }
        return line
    }

    package func json(_ rows: [Row]) -> JSONValue { .list(rows.map { json($0) }) }

    /// One row, with what belongs to it.
    package func json(_ row: Row, parts: [(String, JSONValue)] = []) -> JSONValue {
        .object(columns.map { ($0.key, $0.value(row).json) } + parts)
    }
}

/// Outside ``Listing``, so that it is no generic type.
private struct TableCell {
    let text: String
    let width: Int

    init(_ text: String) {
        self.text = text
        width = Presentation.width(text)
    }
}
