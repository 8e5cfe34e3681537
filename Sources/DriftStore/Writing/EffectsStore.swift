package import DriftCore
package import Foundation
package import Postgres

/// Stores the result of a check (`sql/functions/f20_checks.sql`, `f21_alerts.sql`).
///
/// All of it runs inside the transaction that settled the job. Lock order: job, server, drift states by pack, alerts by
/// id, outbox.
package enum EffectsStore {
    /// Which job a check belongs to, and when its attempt began.
    package struct Origin: Sendable {
        package var jobID: Int64
        package var serverID: ServerID
        package var startedAt: Date
        package var duration: Duration

        package init(jobID: Int64, serverID: ServerID, startedAt: Date, duration: Duration) {
            self.jobID = jobID
            self.serverID = serverID
            self.startedAt = startedAt
            self.duration = duration
        }
    }

    /// What is remembered of one assignment, locked.
    package struct Assignment: Sendable {
        package var state: DriftState
        /// The version of the pack that is in force now.
        package var packDigest: String
        /// When the attempt began whose check was last taken into account.
        package var lastStartedAt: Date?
        /// That check; 0 if there is none.
        package var lastCheckID: Int64
        package var alertID: Int64?
        package var alert: LiveAlert?
        package var flapping: Flapping
    }

    /// Locks the server, and returns, locked, what is remembered of the packs that are still assigned.
    ///
    /// Returns nothing if results from `location` do not count any more. `failure` says why `job` could not look at the
    /// server.
    @discardableResult
    package static func begin(
        at location: CheckSubject.Location, by job: Int64, packs: [PackName] = [], failure: ProbeFailure? = nil,
        in transaction: borrowing Transaction
    ) throws -> [PackName: Assignment] {
        let rows = try transaction.rows(
            """
            select a.pack_name, a.digest, a.state, a.unverified, a.unverified_contents, a.last_started_at, a.last_check_id,
                   a.remembered, a.never_compliant, a.alert_id, a.alert_mismatch_count, a.equal_checks
            from driftwatch.begin_effects(
                \(location.serverID), \(failure?.reason.rawValue), \(location.address), \(location.port), \(location.user),
                \(location.configUser), \(location.connection), \(job),
                \(failure.flatMap { $0.detail.isEmpty ? nil : $0.detail }), \(failure?.jumpHost)) as begun (counts)
            cross join lateral driftwatch.lock_assignments(
                \(location.serverID), case when begun.counts then \(packs.map(\.rawValue))::text[] end) a
            """,
            as: (
                PackName, String, DriftStatus, [ItemKey], [ItemKey], Date?, Int64, JSON<[StoredMismatch]>,
                JSON<TypesByItem>, Int64?, Int?, Int?
            ).self)
        var assignments: [PackName: Assignment] = [:]
        for row in rows {
            let (
                pack, digest, status, unverified, contents, lastStartedAt, lastCheck, remembered, never, alertID, count,
                equalChecks
            ) =
                row
            assignments[pack] = Assignment(
                state: DriftState(
                    status: status,
                    mismatches: Set(remembered.value.map { MismatchID(key: $0.key, type: $0.type) }),
                    neverCompliant: Set(never.value), unverified: Set(unverified), unverifiedContents: Set(contents)),
                packDigest: digest, lastStartedAt: lastStartedAt, lastCheckID: lastCheck, alertID: alertID,
                alert: count.map(LiveAlert.init(mismatchCount:)), flapping: Flapping(equalChecks: equalChecks))
        }
        return assignments
    }

    /// Writes a check that changes nothing: it is history.
    package static func record(_ check: Check, from origin: Origin, in transaction: borrowing Transaction) throws {
        try transaction.execute("select \(try recording(check, from: origin, counts: false))")
    }

    /// The call that writes a check and returns its id.
    private static func recording(_ check: Check, from origin: Origin, counts: Bool) throws -> SQL {
        let hasDetails = check.outcomes.contains(where: \.isWorthSaying)
        // Three rows and indexes hold it, so it is short: 22 characters without the padding.
        let fingerprint =
            hasDetails ? Data(check.fingerprint.firstHalf).base64EncodedString().replacing("=", with: "") : nil
        let items = hasDetails ? try check.detailsJSON() : nil
        return """
            driftwatch.record_check(
                \(origin.jobID), \(origin.serverID), \(check.packName), \(check.packDigest.description),
                \(check.verdict), null, \(check.okCount), \(check.mismatchCount), \(check.unreadableCount),
                \(fingerprint), \(items)::text::jsonb, \(origin.startedAt), \(origin.duration.wholeMilliseconds),
                \(counts), \(check.waivedCount), \(check.dueCount))
            """
    }

    /// Writes that a probe did not finish.
    package static func recordFailure(
        _ reason: ProbeFailure.Reason, of pack: CheckSubject.AssignedPack, from origin: Origin,
        in transaction: borrowing Transaction
    ) throws {
        try recordFailure(reason.rawValue, of: pack.pack.name, pack.digest, from: origin, in: transaction)
    }

    /// Stores that a pack was not compared, because its stored text was changed in the database.
    package static func recordFailure(
        of pack: AlteredPack, from origin: Origin, in transaction: borrowing Transaction
    ) throws {
        try recordFailure(AlteredPack.reason, of: pack.name, pack.digest, from: origin, in: transaction)
    }

    private static func recordFailure(
        _ reason: String, of pack: PackName, _ digest: SHA256Digest, from origin: Origin,
        in transaction: borrowing Transaction
    ) throws {
        _ = try transaction.execute(
            """
            select driftwatch.record_check(
                \(origin.jobID), \(origin.serverID), \(pack), \(digest.description),
                'failed', \(reason), 0, 0, 0, null, null, \(origin.startedAt),
                \(origin.duration.wholeMilliseconds))
            """)
    }

    /// What a check did to an alert that people are notified about.
    package struct AlertChange: Sendable {
        /// As in `alert_events`.
        package enum Event: String, Sendable {
            case opened, updated, resolved
        }

        package var event: Event
        package var alertID: Int64
        package var checkID: Int64
        package var pack: PackName
    }

    /// Stores a check with its transition: the new memory, and the change of the alert, which is returned.
    package static func store(
        _ check: Check, _ transition: Transition, over assignment: Assignment, from origin: Origin,
        in transaction: borrowing Transaction
    ) throws -> AlertChange? {
        let checkID = try remember(transition.state, seeing: check, from: origin, in: transaction)
        var flapping = assignment.flapping
        let turns =
            flapping.asksForTurns(before: transition.action)
            ? try transaction.one(
                """
                select driftwatch.turns_of(
                    \(origin.serverID), \(check.packName), \(newNames(in: check, after: transition.action))::text[])
                """, as: Int.self) : 0
        let notice = flapping.see(transition, over: assignment.state, in: check, turnsBefore: turns)
        let noting: SQL =
            "select driftwatch.note_flapping(\(origin.serverID), \(check.packName), \(flapping.equalChecks))"
        // Before the alert changes, so that its own message is left out.
        if flapping != assignment.flapping, notice != .ended { try transaction.execute(noting) }
        let change = try changeAlert(
            transition.action, of: assignment, by: check, checkID, from: origin, in: transaction)
        switch notice {
        case nil: break
        case .began(let turns):
            if let alert = change?.alertID {
                try transaction.execute("select driftwatch.tell_flapping(\(alert), \(turns))")
            }
        case .ended:
            try transaction.execute(noting)
            try transaction.execute("select driftwatch.tell_settled(\(origin.serverID), \(check.packName))")
        }
        return change
    }

    /// The items that an alert is about to name; nil if none opens.
    private static func newNames(in check: Check, after action: Transition.Action) -> [String]? {
        guard case .open(_, let added) = action else { return nil }
        return firstItems(of: check, added).map(\.item)
    }

    private static func changeAlert(
        _ action: Transition.Action, of assignment: Assignment, by check: Check, _ checkID: Int64, from origin: Origin,
        in transaction: borrowing Transaction
    ) throws -> AlertChange? {
        switch (action, assignment.alertID) {
        case (.none, _): return nil
        case (.open(let count, let added), _):
            let alert = try transaction.one(
                """
                select driftwatch.open_alert(
                    \(origin.serverID), \(check.packName), \(checkID), \(count), \(JSON(firstItems(of: check, added))),
                    \(itemCount(added)), \(check.changeKey(of: added)))
                """, as: Int64.self)
            return AlertChange(event: .opened, alertID: alert, checkID: checkID, pack: check.packName)
        case (.update(let count, _, let added), let alert?):
            _ = try transaction.execute(
                """
                select driftwatch.update_alert(
                    \(alert), \(checkID), \(count), \(JSON(firstItems(of: check, added))),
                    \(itemCount(added)), \(check.changeKey(of: added)))
                """)
            return AlertChange(event: .updated, alertID: alert, checkID: checkID, pack: check.packName)
        case (.recount(let count), let alert?):
            _ = try transaction.execute("select driftwatch.recount_alert(\(alert), \(checkID), \(count))")
            return nil
        case (.resolve(let ending), let alert?):
            _ = try transaction.execute(
                "select driftwatch.close_alert(\(alert), \(ending.rawValue), 'driftwatch')")
            return AlertChange(event: .resolved, alertID: alert, checkID: checkID, pack: check.packName)
        case (.update, nil), (.recount, nil), (.resolve, nil):
            preconditionFailure("a transition without a live alert neither updates nor resolves one")
        }
    }

    /// Writes the check and what is known after it, in one statement, and returns the check's id.
    private static func remember(
        _ state: DriftState, seeing check: Check, from origin: Origin, in transaction: borrowing Transaction
    ) throws -> Int64 {
        let seen = Dictionary(check.mismatches.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let remembered = state.mismatches.sorted().map { mismatch in
            StoredMismatch(
                key: mismatch.key, type: mismatch.type, item: seen[mismatch]?.item, expected: seen[mismatch]?.expected,
                actual: seen[mismatch]?.actual, cause: seen[mismatch]?.cause)
        }
        let unreadable = check.outcomes.compactMap { outcome in
            outcome.unseen.map { reason in
                StoredUnreadable(
                    key: outcome.key, item: outcome.item, reason: reason, wasReadable: state.dark.contains(outcome.key))
            }
        }
        return try transaction.one(
            """
            select written.id
            from \(try recording(check, from: origin, counts: true)) as written (id)
            cross join lateral driftwatch.remember(
                \(origin.serverID), \(check.packName), written.id, \(state.status),
                \(state.unverified.sorted().map(\.rawValue)), \(state.unverifiedContents.sorted().map(\.rawValue)),
                \(JSON(remembered)), \(JSON(TypesByItem(state.neverCompliant))), \(JSON(unreadable)),
                \(origin.startedAt))
            """, as: Int64.self)
    }

    /// What a message names: the first ten new items, each with all its new mismatches.
    private static func firstItems(of check: Check, _ added: Set<MismatchID>) -> [NotificationFacts.Item] {
        let mismatches = check.mismatches.filter { added.contains($0.id) }
        let descriptions = check.outcomes.reduce(into: [:]) { $0[$1.key] = $1.description }
        var keys: Set<ItemKey> = []
        return mismatches.prefix { keys.insert($0.key).inserted ? keys.count <= 10 : true }
            .map { NotificationFacts.Item($0, description: descriptions[$0.key]) }
    }

    private static func itemCount(_ mismatches: Set<MismatchID>) -> Int { Set(mismatches.map(\.key)).count }
}

/// A remembered mismatch on its way to and from the database; what a check did not see has no details.
private struct StoredMismatch: Codable, Sendable {
    var key: ItemKey
    var type: MismatchType
    var item: String?
    var expected: [String: String]?
    var actual: [String: String]?
    var cause: Cause?
}

/// `drift_states.never_compliant`: the types of an item's mismatches, by its key.
private typealias TypesByItem = [String: [MismatchType]]

extension TypesByItem {
    fileprivate init(_ mismatches: Set<MismatchID>) {
        let byItem = [String: [MismatchID]](grouping: mismatches.sorted(), by: \.key.rawValue)
        self = byItem.mapValues { $0.map(\.type) }
    }
}

extension Set<MismatchID> {
    fileprivate init(_ types: TypesByItem) {
        self.init(types.flatMap { key, types in types.map { MismatchID(key: ItemKey(rawValue: key), type: $0) } })
    }
}

/// What a check could not judge, on its way to the database.
private struct StoredUnreadable: Codable, Sendable {
    var key: ItemKey
    var item: String
    var reason: UnreadableReason
    var wasReadable: Bool

    enum CodingKeys: String, CodingKey {
        case key, item, reason
        case wasReadable = "was_readable"
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int {
        Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
