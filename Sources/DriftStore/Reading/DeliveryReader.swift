package import Postgres

/// Reads whether messages are delivered: the view `delivery_health`.
package enum DeliveryReader {
    /// A line for each destination that has something to say.
    package struct Report: Hashable, Sendable {
        /// What keeps messages from arriving; empty if all is well.
        package var problems: [String]
        /// What keeps nothing from arriving but is worth a look: a destination that answers late.
        package var notices: [String]

        package init(problems: [String], notices: [String]) {
            self.problems = problems
            self.notices = notices
        }
    }

    package static func report(in transaction: borrowing Transaction) throws -> Report {
        let lines = try transaction.rows(
            """
            select 'messages to ' || destination || ' are not delivered: ' || problem,
                   'destination ' || destination || ' ' || notice
            from driftwatch.delivery_health order by destination
            """, as: (String?, String?).self)
        return Report(problems: lines.compactMap(\.0), notices: lines.compactMap(\.1))
    }
}
