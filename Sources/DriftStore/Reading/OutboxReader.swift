package import FoundationEssentials
package import Postgres

/// Reads the messages to send, and their destinations.
package enum OutboxReader {
    package enum Filter: String, Hashable, Sendable, CaseIterable {
        /// Not delivered: waiting, being sent, dead.
        case undelivered
        case dead
        case all
    }

    /// In the order in which they were queued, and how many more there are.
    ///
    /// Of undelivered or dead messages it returns the first, which may hold up others; of all messages, the last.
    package static func list(
        _ filter: Filter, limit: Int = 200, in transaction: borrowing Transaction
    ) throws -> (lines: [OutboxLine], more: Int) {
        let condition: SQL =
            switch filter {
            case .undelivered: "o.state not in ('sent', 'folded')"
            case .dead: "o.state = 'dead'"
            case .all: "true"
            }
        let order: SQL = filter == .all ? "desc" : "asc"
        let lines = try transaction.rows(
            """
            select * from (
                \(selection) where \(condition)
                order by o.outbox_id \(order) limit \(limit)) chosen
            order by outbox_id
            """, of: OutboxLine.self)
        let all = try transaction.one(
            "select count(*) from driftwatch.all_messages o where \(condition)", as: Int.self)
        return (lines, all - lines.count)
    }

    /// The messages of an alert, in order.
    package static func messages(of alert: Int64, in transaction: borrowing Transaction) throws -> [OutboxLine] {
        try transaction.rows(
            "\(selection) where o.alert_id = \(alert) order by o.seq, o.destination", of: OutboxLine.self)
    }

    private static let selection: SQL = """
        select o.outbox_id, o.destination, o.alert_id, o.seq, o.kind, o.state, o.attempt, o.doubtful_attempts, o.created_at,
               o.sent_at, o.last_error, o.message_id::text as message_id, b.why
        from driftwatch.all_messages o left join driftwatch.outbox_backlog b on b.outbox_id = o.outbox_id
        """

    package static func destinations(in transaction: borrowing Transaction) throws -> [DestinationLine] {
        try transaction.rows(
            """
            select d.destination, d.kind, d.settings::text, d.packs, d.labels::text, d.severities,
                   coalesce(d.held_at, d.paused_at) as paused_at, d.held_by as paused_by,
                   coalesce(d.held_reason, d.paused_reason) as paused_reason, d.next_send_at, d.next_probe_at, d.failures,
                   d.notifier_id, d.waiting, d.dead, d.unserved_reason,
                   h.last_error, h.notice
            from driftwatch.all_destinations d
            left join driftwatch.delivery_health h on h.destination = d.destination
            order by d.destination
            """, of: DestinationLine.self)
    }
}

/// One message, and what it waits for.
package struct OutboxLine: Hashable, Sendable, RowDecodable {
    package var id: Int64
    package var destination: String
    /// Nil of a reminder or a digest.
    package var alertID: Int64?
    package var seq: Int?
    package var kind: String
    package var state: String
    package var attempt: Int
    /// Attempts that may have delivered it without our knowing.
    package var doubtfulAttempts: Int
    package var createdAt: Date
    package var sentAt: Date?
    package var lastError: String?
    package var messageID: String
    /// What it waits for; nil of a sent one.
    package var why: String?

    package init(row: Row) throws {
        id = try row.column("outbox_id")
        destination = try row.column("destination")
        alertID = try row.column("alert_id")
        seq = try row.column("seq")
        kind = try row.column("kind")
        state = try row.column("state")
        attempt = try row.column("attempt")
        doubtfulAttempts = try row.column("doubtful_attempts")
        createdAt = try row.column("created_at")
        sentAt = try row.column("sent_at")
        lastError = try row.column("last_error")
        messageID = try row.column("message_id")
        why = try row.column("why")
    }
}
