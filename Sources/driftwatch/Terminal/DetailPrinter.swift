import Presentation

/// Prints one thing with all its fields, and what belongs to it.
struct DetailPrinter {
    /// A list that belongs to the thing.
    struct Part {
        fileprivate let name: String
        fileprivate let json: JSONValue
        fileprivate let print: (Console) -> Void

        init<Row>(_ name: String, _ rows: [Row], _ listing: Listing<Row>) {
            self.name = name
            json = .list(rows.map(listing.json))
            print = { listing.print(rows, asJSON: false, to: $0) }
        }
    }

    private let console: Console
    private let asJSON: Bool

    init(_ console: Console, asJSON: Bool) {
        self.console = console
        self.asJSON = asJSON
    }

    func print<Row>(_ row: Row, of listing: Listing<Row>, parts: [Part]) {
        guard !asJSON else {
            guard case .object(let fields) = listing.json(row) else { return }
            console.print(JSONValue.object(fields + parts.map { ($0.name, $0.json) }).pretty)
            return
        }
        let keys = listing.columns.map(\.key)
        let longest = keys.map { $0.count }.max() ?? 0
        for column in listing.columns {
            let shown = column.value(row).shown
            if shown != "-" { console.print("\(pad(column.key, to: longest))  \(shown)") }
        }
        for part in parts {
            console.print()
            console.print("\(part.name):")
            part.print(console)
        }
    }
}
