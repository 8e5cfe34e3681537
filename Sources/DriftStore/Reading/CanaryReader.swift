package import DriftCore
package import FoundationEssentials
package import Postgres

/// What became of a drift that a canary planted, or took away again.
package struct CanaryFacts: Hashable, Sendable {
    /// Why the newest check since then failed; nil if there is none, or it did not.
    package var failure: String?
    /// A check that began since then has judged the pack.
    package var isChecked: Bool
    /// The item is known to be wrong.
    package var isWrong: Bool
    /// The alert of the server and pack that is not resolved.
    package var openAlert: Int64?
    /// The newest alert that opened since then.
    package var alert: Int64?
    package var resolution: String?
    /// Messages about the alert's last event, and those of them that were sent.
    package var messages: Int
    package var sent: Int
    /// Why one of them is not sent.
    package var why: String?
}

/// Reads what a canary waits for.
package enum CanaryReader {
    /// The facts about `item` since an instant of the database's clock.
    ///
    /// `opening`: the messages are those about the opening of the alert, otherwise those about its end.
    package static func facts(
        _ server: ServerID, _ pack: PackName, item: ItemKey, since: Date, opening: Bool,
        in transaction: borrowing Transaction
    ) throws -> CanaryFacts {
        let kind = opening ? "drift_detected" : "drift_resolved"
        let (failure, isChecked, isWrong, openAlert) = try transaction.one(
            """
            select (select c.reason from driftwatch.all_checks c
                    where c.server_id = \(server) and c.pack_name = \(pack) and c.checked_at >= \(since) and c.verdict = 'failed'
                    order by c.check_id desc limit 1),
                   exists (select from driftwatch.all_checks c
                           where c.server_id = \(server) and c.pack_name = \(pack) and c.started_at >= \(since)
                             and c.verdict <> 'failed'),
                   exists (select from driftwatch.known_mismatches m
                           where m.server_id = \(server) and m.pack_name = \(pack) and m.item_key = \(item)),
                   (select a.alert_id from driftwatch.all_alerts a
                    where a.server_id = \(server) and a.pack_name = \(pack) and a.status <> 'resolved' limit 1)
            """, as: (String?, Bool, Bool, Int64?).self)
        let alert = try transaction.first(
            """
            select a.alert_id, a.resolution from driftwatch.all_alerts a
            where a.server_id = \(server) and a.pack_name = \(pack)
              and (a.opened_at >= \(since) or a.resolved_at >= \(since))
            order by a.alert_id desc limit 1
            """, as: (Int64, String?).self)
        let (messages, sent, why) = try transaction.one(
            """
            select count(*), count(*) filter (where m.state = 'sent'), min(b.why)
            from driftwatch.all_messages m
            left join driftwatch.outbox_backlog b on b.outbox_id = m.outbox_id
            where m.alert_id = \(alert?.0) and m.kind = \(kind)
            """, as: (Int, Int, String?).self)
        return CanaryFacts(
            failure: failure, isChecked: isChecked, isWrong: isWrong, openAlert: openAlert, alert: alert?.0,
            resolution: alert?.1, messages: messages, sent: sent, why: why)
    }

    /// The local servers with the label `canary=true`.
    package static func canaries(in transaction: borrowing Transaction) throws -> [ServerLine] {
        try ServersReader.list(ServerSelection(labels: ["canary": "true"]), in: transaction)
            .filter { $0.connection == .local }
    }

    package static func now(in transaction: borrowing Transaction) throws -> Date {
        try transaction.one("select driftwatch.clock()", as: Date.self)
    }
}
