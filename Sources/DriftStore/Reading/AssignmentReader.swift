package import DriftCore
package import FoundationEssentials
package import Postgres

/// Reads what is known now about one server and pack, even if its checks have been deleted.
package enum AssignmentReader {
    /// Nil if the server is unknown, or if nothing shows that it ever had the pack.
    package static func view(
        _ server: ServerID, _ pack: PackName, in transaction: borrowing Transaction
    ) throws -> AssignmentView? {
        guard
            var view = try transaction.first(
                """
                select s.server_id, s.display_name, \(pack)::text as pack_name,
                       coalesce(p.display_name, \(pack)) as pack_display_name, a.alert_id, a.status as alert_status,
                       a.opened_at
                from driftwatch.all_servers s
                left join driftwatch.all_packs p on p.pack_name = \(pack)
                left join driftwatch.all_assignments d on d.server_id = s.server_id and d.pack_name = \(pack)
                left join driftwatch.all_alerts a
                    on a.server_id = s.server_id and a.pack_name = \(pack) and a.alert_type = 'config_drift'
                        and a.status <> 'resolved'
                where s.server_id = \(server)
                    and (d.server_id is not null or exists (
                        select from driftwatch.all_checks c where c.server_id = s.server_id and c.pack_name = \(pack))
                    or exists (
                        select from driftwatch.all_alerts o where o.server_id = s.server_id and o.pack_name = \(pack)))
                """, of: AssignmentView.self)
        else { return nil }
        view.mismatches = try transaction.rows(
            """
            select item_key, type, item, expected, actual, jsonb_build_object('kind', cause) || cause_detail
            from driftwatch.known_mismatches
            where server_id = \(server) and pack_name = \(pack) order by item_key, type
            """,
            as: (ItemKey, String, String, JSON<[String: String]>, JSON<[String: String]>, JSON<Cause>?).self
        ).map { key, type, item, expected, actual, cause in
            RememberedMismatch(
                key: key, type: type, item: item, expected: expected.value, actual: actual.value, cause: cause?.value)
        }
        view.unreadables = try transaction.rows(
            """
            select item_key, item, reason, was_readable, since from driftwatch.known_unreadables
            where server_id = \(server) and pack_name = \(pack) order by item_key
            """, as: (ItemKey, String, String, Bool, Date).self
        ).map { RememberedUnreadable(key: $0, item: $1, reason: $2, wasReadable: $3, since: $4) }
        view.lastAlert = try transaction.rows(
            """
            select alert_id, resolution, resolved_at, check_id from driftwatch.all_alerts
            where server_id = \(server) and pack_name = \(pack) and alert_type = 'config_drift' and status = 'resolved'
            order by alert_id desc limit 1
            """, as: (Int64, String, Date?, Int64).self
        ).first.map { ResolvedAlert(id: $0, resolution: $1, resolvedAt: $2, checkID: $3) }
        return view
    }

    /// The alert that a check of this id opened or changed, kept or not; nil if it did neither.
    package static func alert(
        _ server: ServerID, _ pack: PackName, of check: Int64, in transaction: borrowing Transaction
    ) throws -> ToldAlert? {
        // An assignment has one alert after another, and check_id is the last check of each.
        guard
            let (id, resolution, resolvedAt) = try transaction.rows(
                """
                select alert_id, resolution, resolved_at from driftwatch.all_alerts
                where server_id = \(server) and pack_name = \(pack) and alert_type = 'config_drift' and check_id >= \(check)
                order by alert_id limit 1
                """, as: (Int64, String?, Date?).self
            ).first
        else { return nil }
        let items = try transaction.rows(
            """
            select distinct i ->> 'type' as type, i ->> 'item' as item
            from driftwatch.alert_history e, jsonb_array_elements(e.detail -> 'items') i
            where e.alert_id = \(id) order by item, type
            """, as: (String, String).self)
        return ToldAlert(id: id, resolution: resolution, resolvedAt: resolvedAt, items: items.map(ToldAlert.Item.init))
    }

    /// Whether a check of this id is kept, of whatever server and pack.
    package static func isKept(check: Int64, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.one(
            "select exists (select from driftwatch.all_checks where check_id = \(check))", as: Bool.self)
    }
}

/// One server and pack: its names, its alert, and what is known to be wrong.
package struct AssignmentView: Hashable, Sendable, RowDecodable {
    package var serverID: ServerID
    package var serverName: String
    package var packName: PackName
    package var packDisplayName: String
    /// The alert that is not resolved.
    package var alertID: Int64?
    package var alertStatus: String?
    package var alertOpenedAt: Date?
    /// The last one that is.
    package var lastAlert: ResolvedAlert?
    /// What is known to be wrong; without diffs, which only checks have.
    package var mismatches: [RememberedMismatch] = []
    /// What the last check that counted could not judge.
    package var unreadables: [RememberedUnreadable] = []

    package init(row: Row) throws {
        serverID = try row.column("server_id")
        serverName = try row.column("display_name")
        packName = try row.column("pack_name")
        packDisplayName = try row.column("pack_display_name")
        alertID = try row.column("alert_id")
        alertStatus = try row.column("alert_status")
        alertOpenedAt = try row.column("opened_at")
    }
}

/// An alert that is over, and the last check that it was about.
package struct ResolvedAlert: Hashable, Sendable {
    package var id: Int64
    package var resolution: String
    package var resolvedAt: Date?
    package var checkID: Int64
}

/// One mismatch that is known now.
package struct RememberedMismatch: Hashable, Sendable {
    package var key: ItemKey
    /// A `MismatchType`, or one that only a later version knows.
    package var type: String
    package var item: String
    package var expected: [String: String]
    package var actual: [String: String]
    package var cause: Cause?
}

/// An item that the last check that counted could not judge.
package struct RememberedUnreadable: Hashable, Sendable {
    package var key: ItemKey
    package var item: String
    /// An `UnreadableReason`, or one that only a later version knows.
    package var reason: String
    /// Whether it could be read before.
    package var wasReadable: Bool
    package var since: Date
}

extension AssignmentView {
    /// What is known, in the form of a check's result, without items that are ok and without diffs.
    package var outcomes: [ItemOutcome] {
        let wrong = Dictionary(grouping: mismatches, by: \.key)
        let unseen = Dictionary(unreadables.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(wrong.keys).union(unseen.keys).sorted().compactMap { key in
            // A reason that only a newer version knows becomes the nearest one here.
            let reason = unseen[key].map { UnreadableReason(rawValue: $0.reason) ?? .unsupported }
            if let known = wrong[key], let item = known.first?.item {
                let mismatches = known.map {
                    Mismatch(
                        type: MismatchType(rawValue: $0.type), item: $0.item, key: key, expected: $0.expected,
                        actual: $0.actual, cause: $0.cause)
                }
                return ItemOutcome(key: key, item: item, finding: .wrong(mismatches), unseenContent: reason)
            }
            guard let reason, let item = unseen[key]?.item else { return nil }
            return ItemOutcome(key: key, item: item, finding: .unreadable(reason))
        }
    }
}

/// An alert, unresolved or resolved, with the items that people were notified about.
package struct ToldAlert: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        package var type: String
        package var item: String
    }

    package var id: Int64
    /// Nil while it is live.
    package var resolution: String?
    package var resolvedAt: Date?
    /// The first of them: an alert keeps ten of each time.
    package var items: [Item]
}
