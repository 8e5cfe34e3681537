import DriftCore
import DriftStore
import Postgres
import Presentation

extension Listing {
    func print(_ rows: [Row], times: Times, asJSON: Bool, to console: Console) {
        console.print(lines: asJSON ? [json(rows).pretty] : lines(rows, console.palette, times: times))
    }
}

extension Times {
    /// In the zone of the schedule that the database holds.
    ///
    /// - Throws: `DatabaseError`
    init(in transaction: borrowing Transaction) throws {
        self.init(zone: try SchedulesReader.schedule(in: transaction)?.timeZone)
    }
}

extension OutcomeText {
    init(_ outcomes: [ItemOutcome], console: Console, times: Times) {
        self.init(outcomes, palette: console.palette, times: times)
    }
}

/// The line above what a check found, in the console's colours.
func verdictLine(
    _ verdict: Verdict, reason: String? = nil, items: Int, wrong: Int, unreadable: Int, waived: Int, due: Int,
    console: Console
) -> String {
    verdictLine(
        verdict, reason: reason, items: items, wrong: wrong, unreadable: unreadable, waived: waived, due: due,
        palette: console.palette)
}

extension Verdict {
    var exitStatus: ExitStatus {
        switch self {
        case .compliant: .fine
        case .drifted: .badNews
        case .incomplete, .failed: .unknown
        }
    }
}
