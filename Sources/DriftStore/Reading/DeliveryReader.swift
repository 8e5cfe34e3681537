package import Postgres

/// Reads whether messages are delivered: the view `delivery_health`.
package enum DeliveryReader {
    /// A line for each destination that has something to say.
    package struct Report: Hashable, Sendable {
        /// What keeps messages from arriving; empty if all is well.
        package var problems: [String]
        /// What keeps nothing from arriving but is worth a look: a destination that answers late,
        /// a heartbeat that cannot be delivered.
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
        let heartbeat = try transaction.rows(
            """
            select 'the heartbeat after the slot of ' || driftwatch.rfc3339(s.slot_at) || ' is not delivered: ' || s.heartbeat_error
            from (select * from driftwatch.recent_slots s
                  where s.schedule_name = 'default' and s.completed_at is not null and s.skipped is null
                  order by s.slot_at desc limit 1) s
            where s.heartbeat_error is not null
            """, as: String.self)
        return Report(problems: lines.compactMap(\.0), notices: lines.compactMap(\.1) + heartbeat)
    }
}
