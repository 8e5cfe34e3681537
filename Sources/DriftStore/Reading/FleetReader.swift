package import DriftCore
package import FoundationEssentials
package import Postgres

/// Reads the state of the fleet: the view `fleet_status`.
package enum FleetReader {
    /// One line per server and pack: what is wrong first, then by server and pack.
    ///
    /// A server without packs has one line with no pack.
    package static func status(
        _ filter: FleetFilter = FleetFilter(), in transaction: borrowing Transaction
    ) throws -> [FleetLine] {
        try transaction.rows(ordered(filter), of: FleetLine.self)
    }

    /// Those of `rows` of the same lines, counted from 0, where `counts` were read in the same transaction.
    ///
    /// It knows in which groups they are, so it reads little more than them.
    package static func page(
        _ rows: Range<Int>, of counts: FleetCounts, in transaction: borrowing Transaction
    ) throws -> [FleetLine] {
        var (lines, start): ([FleetLine], Int) = ([], 0)
        for group in FleetGroup.allCases {
            let end = start + counts.lines(of: group)
            let wanted = rows.clamped(to: start..<end)
            if !wanted.isEmpty {
                // In this form PostgreSQL expects that most lines are of the group, and stops when it has the page. It expects
                // an expression to equal something so rarely that it would read the fleet.
                let others = FleetGroup.allCases.filter { $0 != group }.map(\.rawValue)
                lines += try transaction.rows(
                    """
                    \(columns) where \(placeOfGroup) <> all(\(others)) and \(shown(group))
                    order by f.server_id, f.pack_name offset \(wanted.lowerBound - start) limit \(wanted.count)
                    """, of: FleetLine.self)
            }
            start = end
        }
        return lines
    }

    /// The lines of ``status(_:in:)``, a thousand at a time: memory does not grow with the fleet.
    package static func eachBatch(
        _ filter: FleetFilter, in transaction: borrowing Transaction, _ body: ([FleetLine]) throws -> Void
    ) throws {
        // All of it is read.
        try transaction.execute("set local cursor_tuple_fraction = 1")
        try transaction.execute("declare fleet no scroll cursor for \(ordered(filter))")
        while true {
            let lines = try transaction.rows("fetch 1000 from fleet", of: FleetLine.self)
            guard !lines.isEmpty else { break }
            try body(lines)
        }
        try transaction.execute("close fleet")
    }

    private static let columns: SQL = """
        select f.server_id, f.display_name, f.pack_name, f.state, f.shown_state, f.standing, f.since,
               f.last_checked_at, f.remembered_check_id, f.mismatch_count, f.item_count, f.unreadable_count,
               f.unreadable_since, f.dark_count, f.last_check_id, f.last_verdict, f.last_reason, f.last_verdict_at,
               f.stale, f.outdated, f.check_overdue, f.disabled, f.disabled_reason, f.failing_streak,
               f.failing_since, f.failing_reason, f.alert_id, f.alert_status, f.expect, f.failing_alert_id,
               f.failing_alert_status, f.dark_alert_id, f.dark_alert_status, f.muted_by, f.waived_count, f.due_count,
               f.flapping_since
        from driftwatch.fleet_status f
        """

    /// The raw value of the line's ``FleetGroup``.
    private static let placeOfGroup: SQL = """
        case f.standing when 'drifted' then 0 when 'failed' then 1 when 'incomplete' then 2
            when 'unknown' then 4 when 'compliant' then case when f.stale then 3 else 5 end
            when 'disabled' then 7 else 6 end
        """

    private static func ordered(_ filter: FleetFilter) -> SQL {
        "\(columns) where \(filter.condition) order by \(placeOfGroup), f.server_id, f.pack_name"
    }

    /// What holds of every line of a group, and has an index.
    private static func shown(_ group: FleetGroup) -> SQL {
        switch group {
        case .drifted: "f.shown_state = 'drifted'"
        case .incomplete: "f.shown_state = 'incomplete'"
        case .unknown: "f.shown_state = 'unknown'"
        case .stale, .compliant: "f.shown_state = 'compliant'"
        case .failed, .withoutPacks, .disabled: "true"
        }
    }

    /// Which of the named servers and packs do not exist.
    package static func unknownNames(
        in selection: ServerSelection, in transaction: borrowing Transaction
    ) throws -> (servers: [ServerID], pack: PackName?) {
        let servers = try transaction.rows(
            """
            select n from unnest(\(selection.servers)::text[]) with ordinality as named (n, place)
            where not exists (select from driftwatch.all_servers s where s.server_id = n and s.removed_at is null)
            order by place
            """, as: ServerID.self)
        let pack = try transaction.first(
            """
            select n from (select \(selection.pack)::text) as named (n)
            where n is not null and not exists (select from driftwatch.all_packs p where p.pack_name = n)
            """, as: PackName.self)
        return (servers, pack)
    }

    /// How many lines there are, by group.
    package static func counts(in transaction: borrowing Transaction) throws -> FleetCounts {
        let groups = try transaction.rows(
            """
            select f.standing, f.stale and not f.disabled, \(placeOfGroup), count(*)::integer
            from driftwatch.fleet_status f group by 1, 2, 3
            """, as: (Standing?, Bool?, FleetGroup, Int).self)
        var counts = FleetCounts(
            servers: try transaction.one(
                "select count(*)::integer from driftwatch.all_servers where removed_at is null", as: Int.self))
        for (standing, isStale, group, count) in groups {
            counts.add(count, standing, isStale: isStale == true, in: group)
        }
        return counts
    }
}

/// Which lines of the fleet are asked for: those that fit all that is given.
package struct FleetFilter: Hashable, Sendable {
    /// Where it names a pack, only the lines of that pack.
    package var selection: ServerSelection
    package var state: State?

    /// What a caller can select: a group of the counts, or a mark such as stale.
    package enum State: Hashable, Sendable {
        case standing(Standing)
        /// Of those that are not disabled.
        case stale, outdated
    }

    package init(_ selection: ServerSelection = ServerSelection(), state: State? = nil) {
        self.selection = selection
        self.state = state
    }

    /// Only of what is given, so that a plan made for any values still finds one server by its key.
    fileprivate var condition: SQL {
        var condition: SQL = "true"
        if !selection.servers.isEmpty {
            condition = "\(condition) and f.server_id = any(\(selection.servers.map(\.rawValue)))"
        }
        if !selection.labels.isEmpty { condition = "\(condition) and f.labels @> \(JSON(selection.labels))" }
        if let pack = selection.pack { condition = "\(condition) and f.pack_name = \(pack)" }
        switch state {
        case nil: break
        case .standing(let standing):
            condition = "\(condition) and f.standing = \(standing)"
            // Such a line is shown in this very state, and that has an index.
            if ShownState(rawValue: standing.rawValue) != nil {
                condition = "\(condition) and f.shown_state = \(standing)"
            }
        case .stale: condition = "\(condition) and f.stale and not f.disabled"
        case .outdated: condition = "\(condition) and f.outdated and not f.disabled"
        }
        return condition
    }
}

/// One server and pack, as `fleet_status` shows it.
package struct FleetLine: Hashable, Sendable, RowDecodable {
    package var serverID: ServerID
    package var displayName: String
    /// Nil of a server without packs; then everything of the assignment is nil.
    package var packName: PackName?
    /// The remembered state, which ignores items that could not be read.
    package var state: DriftStatus?
    package var shownState: ShownState?
    /// The group in which it is counted.
    package var standing: Standing?
    package var since: Date?
    /// The last check that was taken into account.
    package var lastCheckedAt: Date?
    package var rememberedCheckID: Int64?
    /// Items known to be wrong, whether they alerted or not.
    package var mismatchCount: Int
    /// Items that the last finished check was about; 0 before the first.
    package var itemCount: Int?
    /// Those of them that it could not judge.
    package var unreadableCount: Int?
    /// Items that it found different, which a waiver accepts.
    package var waivedCount: Int?
    /// Items that it found different from what the pack wants only later.
    package var dueCount: Int?
    /// Since when items go wrong and right so often that people hear only of the others.
    package var flappingSince: Date?
    /// Since when an item that could be read before no longer can be.
    package var unreadableSince: Date?
    /// How many items that is.
    package var darkCount: Int?
    /// Nil if no check is kept.
    package var lastCheckID: Int64?
    /// Of the newest check, failed ones too, kept or not.
    package var lastVerdict: Verdict?
    package var lastReason: String?
    package var lastVerdictAt: Date?
    /// The last check that finished is older than two slots.
    package var isStale: Bool
    /// The last check that finished compared with an older version of the pack.
    package var isOutdated: Bool
    /// A check has been wanted for ten minutes, and none was made.
    package var isCheckOverdue: Bool
    /// Declared off, or on hold.
    package var isDisabled: Bool
    package var disabledReason: String?
    package var failingStreak: Int
    /// Since when the server cannot be looked at.
    package var failingSince: Date?
    package var failingReason: String?
    /// The alert about drift that is not resolved.
    package var alertID: Int64?
    package var alertStatus: String?
    package var expect: Server.Presence
    /// The alert that the server cannot be checked.
    package var failingAlertID: Int64?
    package var failingAlertStatus: String?
    /// The alert that items can no longer be read.
    package var darkAlertID: Int64?
    package var darkAlertStatus: String?
    /// Why messages about it wait: the hold or the silence, in words.
    package var mutedBy: String?

    /// Whether a check ever finished, or failed, since the pack was assigned, kept or not.
    package var wasChecked: Bool { rememberedCheckID != nil || lastCheckID != nil || failingSince != nil }

    package init(row: Row) throws {
        serverID = try row.column("server_id")
        displayName = try row.column("display_name")
        packName = try row.column("pack_name")
        state = try row.column("state")
        shownState = try row.column("shown_state")
        standing = try row.column("standing")
        since = try row.column("since")
        lastCheckedAt = try row.column("last_checked_at")
        rememberedCheckID = try row.column("remembered_check_id")
        mismatchCount = try row.column("mismatch_count")
        itemCount = try row.column("item_count")
        unreadableCount = try row.column("unreadable_count")
        waivedCount = try row.column("waived_count")
        dueCount = try row.column("due_count")
        flappingSince = try row.column("flapping_since")
        unreadableSince = try row.column("unreadable_since")
        darkCount = try row.column("dark_count")
        lastCheckID = try row.column("last_check_id")
        lastVerdict = try row.column("last_verdict")
        lastReason = try row.column("last_reason")
        lastVerdictAt = try row.column("last_verdict_at")
        isStale = try row.column("stale", as: Bool?.self) ?? false
        isOutdated = try row.column("outdated", as: Bool?.self) ?? false
        isCheckOverdue = try row.column("check_overdue", as: Bool?.self) ?? false
        isDisabled = try row.column("disabled")
        disabledReason = try row.column("disabled_reason")
        failingStreak = try row.column("failing_streak")
        failingSince = try row.column("failing_since")
        failingReason = try row.column("failing_reason")
        alertID = try row.column("alert_id")
        alertStatus = try row.column("alert_status")
        expect = try row.column("expect")
        failingAlertID = try row.column("failing_alert_id")
        failingAlertStatus = try row.column("failing_alert_status")
        darkAlertID = try row.column("dark_alert_id")
        darkAlertStatus = try row.column("dark_alert_status")
        mutedBy = try row.column("muted_by")
    }
}
