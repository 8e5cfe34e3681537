package import Postgres

/// Reads whether messages are delivered: the view `delivery_health`.
package enum DeliveryReader {
    /// What keeps messages from arriving, a line for each destination that has a problem; empty if all is well.
    package static func problems(in transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            """
            select 'messages to ' || destination || ' are not delivered: ' || problem
            from driftwatch.delivery_health where problem is not null order by destination
            """, as: String.self)
    }

    /// What does not keep messages from arriving but is worth a look: a destination that answers late.
    package static func notices(in transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            """
            select 'destination ' || destination || ' ' || notice
            from driftwatch.delivery_health where notice is not null order by destination
            """, as: String.self)
    }
}
